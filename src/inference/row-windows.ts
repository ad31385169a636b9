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
  const rows = new PackedRows<R | Failed>();
  let before = firstRow - 1;
  let tokens = 0;
  const answered = async (): Promise<(T | Failed)[]> => {
    const answers: (T | Failed)[] = [];
    const places: number[] = [];
    const widths: number[] = [];
    for (let i = 0; i < rows.size; i++) {
      const kept = rows.kept(i);
      if (isFailed(kept)) answers[i] = kept;
      else {
        places.push(i);
        widths.push(kept === undefined ? rows.lengthOf(i) : widthOf(kept));
      }
    }
    for (const batch of batchesByLength(Uint32Array.from(widths), { maxRows: rows.size })) {
      signal?.throwIfAborted();
      const here = Array.from(batch, (k) => places[k] as number);
      await answerBatch(here, answers);
    }
    return answers;
  };
  const answerBatch = async (places: readonly number[], answers: (T | Failed)[]): Promise<void> => {
    let read: (row: number, where: string) => T;
    try {
      read = await work.run(places.map((i) => rows.at(i) as R));
    } catch (error) {
      if (!(error instanceof EngineError) || work.isReleased()) throw error;
      if (places.length === 1) answers[places[0] as number] = failed(named(error, before + (places[0] as number)));
      // One of them is at fault: alone it harms no other.
      else for (const place of places) await answerBatch([place], answers);
      return;
    }
    for (const [i, place] of places.entries()) {
      try {
        answers[place] = read(i, nameOf(before + place));
      } catch (error) {
        answers[place] = failed(error);
      }
    }
  };
  for await (const input of inputs) {
    signal?.throwIfAborted();
    let row: R | Failed;
    try {
      row = work.encode(input, nameOf(before + rows.size));
      tokens += widthOf(row);
    } catch (error) {
      row = failed(error);
    }
    rows.push(row);
    if (rows.size < window && tokens < TOKENS_PER_WINDOW) continue;
    yield await answered();
    before += rows.size;
    rows.clear();
    tokens = 0;
  }
  signal?.throwIfAborted();
  if (rows.size > 0) yield await answered();
}

function isFailed(row: Row | Failed | undefined): row is Failed {
  return row !== undefined && 'error' in row;
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
