/** @file Rows of any number as windows of answers, each in the order of its rows. */
import { batchesByLength } from '../data/length-order.js';
import { OptionError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { EngineError } from '../runtime/engine-error.js';
import type { EncodedRow } from '../tokenizers/tokenizer.js';
import { PackedRows } from './packed-rows.js';

export type CallOptions = {
  /** Looked at between two inference calls; what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
};

export type PredictOptions = CallOptions & {
  /**
   * What becomes of a row that cannot be answered: no text, two texts where the model reads one, scores that are not
   * finite. `report`: it has its error in place of an answer, and all others are answered. `stop`: the call throws it.
   * Default: `report`.
   */
  readonly badRows?: 'report' | 'stop' | undefined;
  /** The number that messages give the first row, for whoever batches rows of a longer list. Default: 1. */
  readonly firstRow?: number | undefined;
};

export type StreamOptions = PredictOptions & {
  /**
   * Texts that are read before the first of them is answered: rows of near lengths among them run together. 1 answers
   * each text before the next is read. Default: 4,096, or fewer long ones.
   */
  readonly window?: number | undefined;
};

export type Row = { readonly first: EncodedRow; readonly second?: EncodedRow };

/** What is done with each input. */
export type RowWork<I, R extends Row, T> = {
  /** @throws RetortError for one that cannot be read. */
  encode(input: I, where: string): R;
  /** Rows as one batch. */
  run(rows: readonly R[]): Promise<(row: number, where: string) => T>;
  /** Whether more can be run at all. */
  isReleased(): boolean;
};

/** Of 20,000 sentences of SST-2 sorting so many leaves 4 % of padding, 256 leave 55 %, all of them 1 %. */
export const WINDOW = 4096;
/** Ids that a window holds at most, whatever the lengths of its texts. */
const TOKENS_PER_WINDOW = 2 ** 18;

export type Failed = { readonly error: RetortError };

/**
 * Answers by windows.
 * @throws the first failure where bad rows stop the call; what `signal` was aborted with.
 */
export async function* rowWindows<I, R extends Row, T>(
  inputs: Iterable<I> | AsyncIterable<I>,
  work: RowWork<I, R, T>,
  { signal, badRows = 'report', window = WINDOW, firstRow = 1 }: StreamOptions,
): AsyncGenerator<(T | Failed)[], void> {
  if (!(Number.isInteger(window) && window >= 1)) {
    throw new OptionError({ where: 'window', wanted: 'an integer ≥ 1', got: String(window) });
  }
  if (badRows !== 'report' && badRows !== 'stop') {
    throw new OptionError({ where: 'badRows', wanted: 'report, stop', got: String(badRows) });
  }
  const failed = (error: unknown): Failed => {
    if (badRows === 'report' && error instanceof RetortError && !work.isReleased()) return { error };
    throw error;
  };
  const rows = new PackedRows<R>();
  /** Of each row its number in the window, and how wide it is. */
  let places: number[] = [];
  let widths: number[] = [];
  let answers: (T | Failed)[] = [];
  let before = firstRow - 1;
  let size = 0;
  let tokens = 0;
  const answered = async (): Promise<(T | Failed)[]> => {
    for (const batch of batchesByLength(Uint32Array.from(widths), { maxRows: size })) {
      signal?.throwIfAborted();
      await answerBatch(Array.from(batch));
    }
    const all = answers;
    before += size;
    rows.clear();
    [places, widths, answers, size, tokens] = [[], [], [], 0, 0];
    return all;
  };
  const answerBatch = async (batch: readonly number[]): Promise<void> => {
    const placeOf = (row: number) => places[row] as number;
    let read: (row: number, where: string) => T;
    try {
      read = await work.run(batch.map((row) => rows.at(row)));
    } catch (error) {
      if (!(error instanceof EngineError) || work.isReleased()) throw error;
      const [first = 0] = batch;
      if (batch.length === 1) answers[placeOf(first)] = failed(named(error, before + placeOf(first)));
      // One of them is at fault: alone it harms no other.
      else for (const row of batch) await answerBatch([row]);
      return;
    }
    for (const [i, row] of batch.entries()) {
      const place = placeOf(row);
      try {
        answers[place] = read(i, nameOf(before + place));
      } catch (error) {
        answers[place] = failed(error);
      }
    }
  };
  for await (const input of inputs) {
    signal?.throwIfAborted();
    try {
      const row = work.encode(input, nameOf(before + size));
      const width = widthOf(row);
      rows.push(row);
      places.push(size);
      widths.push(width);
      tokens += width;
    } catch (error) {
      answers[size] = failed(error);
    }
    size += 1;
    if (size >= window || tokens >= TOKENS_PER_WINDOW) yield await answered();
  }
  signal?.throwIfAborted();
  if (size > 0) yield await answered();
}

function widthOf({ first, second }: Row): number {
  return Math.max(first.ids.length, second?.ids.length ?? 0);
}

function nameOf(row: number): string {
  return `text ${row + 1}`;
}

function named(error: EngineError, row: number): EngineError {
  const { wanted, got } = error;
  return new EngineError({ where: nameOf(row), wanted, got, fix: 'use the tokenizer of this model', cause: error });
}
