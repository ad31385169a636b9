/** @file Rows of all requests in one line: what waits while a batch runs is the next batch, with no timer in between. */
import type { Answer, TextInput } from '../inference/answer.js';
import type { Row, RowWork } from '../inference/row-windows.js';
import { EngineError } from '../runtime/engine-error.js';

/** More rows at once make none of them faster. */
export const MOST_ROWS = 32;
const MOST_RUNNING = 2;

/** No room for more rows: the caller may come again. */
export class BusyError extends Error {}

/** Whoever waits for an answer. */
export type Caller = { readonly isGone: boolean };

export class CallerGone extends Error {}

/** A row that is encoded: whatever is wrong with a text is known before it waits beside others. */
export type ReadyRow = Row & { readonly tokens: number };

type Waiting = {
  readonly row: ReadyRow;
  readonly caller: Caller | undefined;
  readonly done: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
};

export class Batches {
  readonly #work: RowWork<TextInput, Row, Answer>;
  readonly #most: number;
  #queue: Waiting[] = [];
  #running = 0;
  /** Inference calls so far, and the rows in them. */
  calls = 0;
  rows = 0;

  /** @param most rows that may wait */
  constructor(work: RowWork<TextInput, Row, Answer>, most: number) {
    this.#work = work;
    this.#most = most;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** @throws OptionError for what is no text, or no pair where the model reads pairs. */
  encode(input: TextInput): ReadyRow {
    const row = this.#work.encode(input, 'the text');
    return { ...row, tokens: row.first.ids.length + (row.second?.ids.length ?? 0) };
  }

  /** @throws BusyError before any of the rows is taken. */
  expectRoom(rows: number): void {
    if (this.#queue.length + rows > this.#most) throw new BusyError();
  }

  /**
   * @param caller gone: the row leaves the line, if its turn has not come
   * @throws CallerGone then; EngineError or FileError for a row whose scores are not finite, or that the graph does not take.
   */
  answer(row: ReadyRow, caller?: Caller): Promise<Answer> {
    return new Promise((done, fail) => {
      this.expectRoom(1);
      this.#queue.push({ row, caller, done, fail });
      this.#start();
    });
  }

  /** A full batch is sent on while another runs, so that the thread need not wait for this one between the two. */
  #start(): void {
    while (this.#queue.length >= (this.#running === 0 ? 1 : MOST_ROWS) && this.#running < MOST_RUNNING) {
      const batch = this.#taken();
      if (batch.length === 0) continue;
      this.#running += 1;
      void this.#answerAll(batch).finally(() => {
        this.#running -= 1;
        this.#start();
      });
    }
  }

  #taken(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let taken = 0;
    for (const one of this.#queue) {
      if (batch.length === MOST_ROWS) break;
      taken += 1;
      if (one.caller?.isGone) one.fail(new CallerGone());
      else batch.push(one);
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }

  async #answerAll(batch: readonly Waiting[]): Promise<void> {
    let read: (row: number, where: string) => Answer;
    try {
      this.calls += 1;
      this.rows += batch.length;
      read = await this.#work.run(batch.map(({ row }) => row));
    } catch (error) {
      if (batch.length === 1 || !(error instanceof EngineError)) for (const { fail } of batch) fail(error);
      // One of them is at fault: alone it harms no other.
      else for (const one of batch) await this.#answerAll([one]);
      return;
    }
    for (const [i, { done, fail }] of batch.entries()) {
      try {
        done(read(i, 'the text'));
      } catch (error) {
        fail(error);
      }
    }
  }
}
