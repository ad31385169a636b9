/** @file What every student in one file has in common: how it is opened, and how it is asked. */
import { FileError, OptionError } from '../errors/failures.js';
import { type Answer, answerOf, expectAsTrained, type TextInput } from '../inference/answer.js';
import type { Question } from '../options/question.js';
import { type TruncationOptions, tokenizerFrom } from '../tokenizers/tokenizer.js';
import { checkedBytes } from './checksum.js';
import { textToBytes } from './text-coding.js';
import { type PieceFacts, pieceEncoder } from './word-pieces.js';

/** What is said of a student beside its numbers; JSON. */
export type StudentFacts = {
  readonly labels: readonly string[];
  readonly readsPairs: boolean;
  /** Tokens, or of n-grams words, of a row at most. */
  readonly maxLength: number;
  /** What its teacher was asked; for whoever certifies the file. */
  readonly question?: Question;
  /** What its logits were divided by, in the weights. */
  readonly temperature?: number;
};

export type Student = {
  /** In the order of the classes; of a regression the name of what is scored. */
  readonly labels: readonly string[];
  /**
   * One answer for a text, or for a pair of a model that reads pairs; one for each of a list.
   * @throws OptionError for a pair where the model reads single texts, or the other way round, and for what is no text.
   */
  readonly predict: (input: TextInput | readonly TextInput[]) => Answer | Answer[];
};

/** What a student was packed into: facts in JSON, then sections of text in the order in which its reader wants them. */
export type Packed = {
  readonly facts: string;
  readonly sections: readonly string[];
  readonly checksum: number;
  /** The WebAssembly module that computes it: its length in bytes, the bytes as text, and the checksum of text and length. */
  readonly checker: readonly [bytes: number, text: string, checksum: number];
};

/** One section after the other, as it is or in ASCII bytes. */
export type Sections = { readonly text: () => string; readonly bytes: () => Uint8Array };

/**
 * @throws FileError where facts and sections are not those that the checksum was made of
 */
export function unpacked<F extends StudentFacts>({ facts, sections, checksum, checker }: Packed): [F, Sections] {
  const [length, text, ofText] = checker;
  const read = checkedBytes([`${text}`, `${length}`]);
  // Nothing that was changed is run.
  const module = read.checksum === ofText ? textToBytes(read.bytes[0] as Uint8Array, length) : undefined;
  // Whatever stands in the place of a text is another one.
  const { bytes, checksum: got } = checkedBytes([facts, ...sections].map(String), module);
  if (got !== checksum) {
    throw new FileError({
      where: 'student',
      wanted: `weights and tokenizer of the checksum ${checksum}`,
      got: `${got}: the file was changed or is incomplete`,
      fix: 'copy it again, or export it again: retort export MODEL --to js --output_dir DIR',
    });
  }
  let at = 0;
  const next: Sections = {
    text: () => sections[at++] ?? '',
    bytes: () => bytes[++at] ?? new Uint8Array(),
  };
  return [JSON.parse(facts) as F, next];
}

/** @param logits of a text, or of two; what it gives holds until the next text */
export function studentOf(
  { labels, readsPairs }: StudentFacts,
  logits: (text: string, pair?: string) => ArrayLike<number>,
): Student {
  const one = (input: TextInput, row?: number): Answer => {
    const [text, pair] = typeof input === 'string' ? [input] : Array.isArray(input) ? input : [];
    if (typeof text !== 'string' || (typeof input !== 'string' && typeof pair !== 'string')) {
      const where = row === undefined ? 'predict' : `predict, text ${row}`;
      throw new OptionError({ where, wanted: readsPairs ? 'two texts' : 'a text', got: nameOf(input) });
    }
    expectAsTrained(pair, readsPairs);
    return answerOf(logits(text, pair), labels);
  };
  const isOne = (input: TextInput | readonly TextInput[]): input is TextInput =>
    !Array.isArray(input) || (readsPairs && typeof input[0] === 'string');
  return { labels, predict: (input) => (isOne(input) ? one(input) : input.map((text, i) => one(text, i + 1))) };
}

function nameOf(input: unknown): string {
  return input === null ? 'null' : Array.isArray(input) ? `a list of ${input.length}` : typeof input;
}

/** From a text, or two in one row, to its ids. */
export type TokenIds = (text: string, pair?: string) => readonly number[];

/** @param vocabulary pieces by id, a line each */
export function tokenIds(facts: PieceFacts, vocabulary: string, options: TruncationOptions): TokenIds {
  const pieces = vocabulary.split('\n');
  const { encodeRow } = tokenizerFrom({
    vocabularySize: pieces.length,
    firstFrom: () => undefined,
    padId: facts.padId,
    modelMaxLength: undefined,
    files: new Map(),
    templates: facts.templates,
    encoded: pieceEncoder(facts, pieces),
  });
  return (text, pair) => encodeRow(text, pair, options).ids;
}
