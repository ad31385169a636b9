/** @file A file of recorded outputs: what an outside teacher said of each text, with where that comes from. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../files/atomic-write.js';
import { outputFailure } from '../../files/file-failure.js';
import { temporaryName } from '../../files/temporary.js';
import type { Question } from '../../options/question.js';
import type { AnswerKind, OutsideAnswer } from '../../outside/asking/outside.js';
import { predicted } from './self-agreement.js';

type Row = { readonly text: string; readonly pair?: string | undefined; readonly id?: string | undefined };

/** Of each kind, what `recordedTeacher` reads: the same target again. */
const SAID: Readonly<Record<AnswerKind, (answer: OutsideAnswer, labelNames: readonly string[]) => object>> = {
  probabilities: ({ target, decimals }, labelNames) => {
    // A zero that was rounded is one again: how little it was is not known.
    const least = decimals === undefined ? 0 : (10 ** -decimals / 2) * (1 + 1e-9);
    const probabilities = target.logits.map((value) => (Math.exp(value) <= least ? 0 : Math.exp(value)));
    return { probabilities: byLabel(labelNames, (c) => probabilities[c]), ...(decimals !== undefined && { decimals }) };
  },
  logprobs: ({ target: { logits, remainder }, outside = 0, named }, labelNames) => ({
    // The mass outside is taken off when they are read.
    logprobs: byLabel(labelNames, (c) =>
      remainder?.[c] === 1 ? undefined : (logits[c] as number) + Math.log(Math.max(1 - outside, Number.EPSILON)),
    ),
    outside,
    ...(named !== undefined && { said: labelNames[named] }),
  }),
  samples: ({ counts = [] }, labelNames) => ({ samples: byLabel(labelNames, (c) => counts[c] || undefined) }),
  label: ({ target }, labelNames) => ({ label: labelNames[predicted(target.logits)] }),
  refused: () => ({ refused: true }),
  malformed: () => ({ malformed: true }),
};

function byLabel(labelNames: readonly string[], value: (label: number) => number | undefined) {
  return Object.fromEntries(
    labelNames.flatMap((label, c) => {
      const own = value(c);
      return own === undefined ? [] : [[label, own]];
    }),
  );
}

/** A line of the file. @param question of one line at least, for who reads them: what was asked. */
export function recordOf(
  row: Row,
  answer: OutsideAnswer,
  labelNames: readonly string[],
  question?: Question | undefined,
): object {
  const { kind, model, source, requestId, tokens, cost, why, target } = answer;
  // A mean of orders of which none names a label.
  const isUnknown = kind === 'logprobs' && (target.remainder?.every((value) => value === 1) ?? false);
  return {
    text: row.text,
    ...(row.pair !== undefined && { pair: row.pair }),
    ...SAID[isUnknown ? 'malformed' : kind](answer, labelNames),
    from: {
      source,
      model,
      ...(requestId !== undefined && { requestId }),
      tokens,
      ...(cost !== undefined && { cost }),
      why,
    },
    ...(question && { question }),
  };
}

const BUFFERED = 2 ** 16;

/** Written beside its place and put there whole. */
export class AnswerFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  #lines = '';

  /** @throws OutputError if it cannot be written. */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = join(dirname(path), temporaryName());
    try {
      this.#file = openSync(this.#temporary, 'wx');
    } catch (error) {
      throw outputFailure(error, path);
    }
  }

  add(record: object): void {
    this.#lines += `${JSON.stringify(record)}\n`;
    if (this.#lines.length >= BUFFERED) this.#flush();
  }

  async finish(): Promise<void> {
    try {
      this.#flush();
      fsyncSync(this.#file);
      closeSync(this.#file);
      renameSync(this.#temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
  }

  /** Leaves what was there. */
  discard(): void {
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    try {
      for (let bytes = Buffer.from(this.#lines); bytes.length > 0; ) {
        bytes = bytes.subarray(writeSync(this.#file, bytes));
      }
    } catch (error) {
      throw outputFailure(error, this.#path);
    }
    this.#lines = '';
  }
}
