/** @file What a model says of a text, from its logits, and what it has to be asked. */
import { FileError, OptionError } from '../errors/failures.js';
import type { RetortError } from '../errors/retort-error.js';
import { argmax, softmax } from '../tensor/logits.js';

/** A text, or two. */
export type TextInput = string | readonly [text: string, pair: string];

export type Answer = {
  /** The most probable class; of a regression the name of what is scored. */
  readonly label: string;
  /** The probability of `label`; of a regression the value itself. */
  readonly score: number;
  /** In the order of `labels`; empty for a regression. */
  readonly probabilities: readonly number[];
};

/** A row that has no answer, and why; the error names it by its number from 1. */
export type Unanswered = {
  readonly error: RetortError;
  readonly label?: undefined;
  readonly score?: undefined;
  readonly probabilities?: undefined;
};

/** What comes of a row that may be bad: `error` tells which. */
export type Prediction = (Answer & { readonly error?: undefined }) | Unanswered;

/** A task of a model of several. */
export type Task = {
  readonly name: string;
  /** In the order of the classes. */
  readonly labels: readonly string[];
  /** Whether it was trained on two texts a row; absent where nothing is said. */
  readonly readsPairs?: boolean;
};

/** A task, how many classes it has, and the output with its logits [B, C]. */
export type OpenTask = Task & { readonly classes: number; readonly output: string };

/** What each task says of a text by its name, of those that read as many texts; or why there is nothing. */
export type TaskAnswers =
  | { readonly answers: Readonly<Record<string, Answer>>; readonly error?: undefined }
  | { readonly error: RetortError; readonly answers?: undefined };

/** What a word is tagged with. */
export type Tag = {
  readonly word: string;
  /** The most probable class of the word's first token; undefined of a word without tokens, or cut off. */
  readonly label: string | undefined;
  /** Its probability, 0 without a label. */
  readonly score: number;
};

/** The words of a text with their tags, or why there are none. */
export type Tagging = { readonly tags: readonly Tag[]; readonly error?: undefined } | { readonly error: RetortError };

/** Softmax of a row's logits, and the first of the largest; one logit is a regression's value. */
export function answerOf(logits: ArrayLike<number>, labels: readonly string[]): Answer {
  if (logits.length === 1) return { label: labels[0] ?? 'score', score: logits[0] as number, probabilities: [] };
  const probabilities = softmax(logits);
  const best = argmax(logits);
  return { label: labels[best] ?? String(best), score: probabilities[best] ?? NaN, probabilities };
}

/** Whether the model was trained on two texts a row; undefined where nothing is said, as of a model of another tool's. */
export function readsPairsFrom(metadata: ReadonlyMap<string, string>): boolean | undefined {
  const stored = metadata.get('retort.reads_pairs');
  return stored === undefined ? undefined : stored === 'true';
}

/** @throws OptionError for a single text where the model was trained on pairs, or the other way round. */
export function expectAsTrained(pair: string | undefined, readsPairs: boolean | undefined, where = 'predict'): void {
  if (readsPairs === true && pair === undefined) {
    throw new OptionError({
      where,
      wanted: 'a pair of texts, since the model reads pairs',
      got: 'a single text',
      fix: 'give [text, pair]; on the command line --pair TEXT, or --pair_column NAME of a file',
    });
  }
  if (readsPairs === false && pair !== undefined) {
    throw new OptionError({
      where,
      wanted: 'a single text, as in training',
      got: 'a pair',
      fix: 'leave the second text out, or use a model trained on pairs',
    });
  }
}

/** @throws FileError for another number of labels than classes, unless there are none. */
export function labelled(found: readonly string[], classes: number, where: string): readonly string[] {
  if (found.length === classes) return found;
  if (found.length === 0) {
    return classes === 1 ? ['score'] : Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  }
  throw new FileError({
    where,
    wanted: `${classes} labels, one for each class`,
    got: `${found.length}`,
    fix: 'export the model again',
  });
}
