import { ShapeError } from '../errors/failures.js';
import type { Kernels, RuleKernel } from './kernel.js';

/** Row numbers, as a batch has them. */
export type RowIds = ArrayLike<number> | BigInt64Array;

const FLOAT_BYTES = 4;

/** Addresses, in bytes, of what a table keeps in the optimiser's memory. */
export type TableAddresses = {
  readonly parameter: number;
  readonly slots: readonly number[];
  /** A full table; only the rows a step touches are ever written. */
  readonly gradient: number;
  /** One row for each id of a run: the rows read, and their gradients as they come back. */
  readonly gathered: number;
  readonly tokenGradients: number;
  /** One row. */
  readonly scratch: number;
};

export type TableOptions = {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  /** The most ids of one run. */
  readonly maxIds: number;
  readonly addresses: TableAddresses;
  readonly heap: Float32Array;
  readonly kernels: Kernels;
  readonly rule: RuleKernel;
  /** Address of the coefficient row of step i of those that can be replayed. */
  readonly coefficientsAt: (step: number) => number;
};

/**
 * A table whose gradient comes as rows, such as word embeddings. Rows that a step does not touch are left behind, and
 * the steps they missed are replayed, with the coefficients of those steps, when they are next read. "Steps" count
 * from the last `settle`.
 */
export class SparseTable {
  readonly #of: TableOptions;
  /** Steps each row has seen. */
  readonly #seen: Uint32Array;
  /** Rows whose slots may be other than zero. */
  readonly #isWarm: Uint8Array;
  readonly #isTouched: Uint8Array;
  readonly #touched: number[] = [];
  /** Positions in a batch that hold the same row, as linked lists; −1 ends one. */
  readonly #firstPosition: Int32Array;
  readonly #nextPosition: Int32Array;

  constructor(options: TableOptions) {
    this.#of = options;
    const { rows, maxIds } = options;
    this.#seen = new Uint32Array(rows);
    this.#isWarm = new Uint8Array(rows);
    this.#isTouched = new Uint8Array(rows);
    this.#firstPosition = new Int32Array(rows).fill(-1);
    this.#nextPosition = new Int32Array(maxIds);
  }

  /** Copies the rows of a batch, brought up to date, to where the graph reads them. */
  gather(ids: RowIds, steps: number): void {
    const { heap, width, addresses } = this.#of;
    this.#check(ids);
    for (let i = 0; i < ids.length; i++) {
      const row = Number(ids[i]);
      this.#catchUp(row, steps);
      const from = addresses.parameter / FLOAT_BYTES + row * width;
      heap.copyWithin(addresses.gathered / FLOAT_BYTES + i * width, from, from + width);
    }
  }

  /**
   * Sums the gradients of a batch by row, in the order of the batch, and adds the sums to those of earlier batches
   * of this step: the order in which dense gradients of micro-batches are added.
   */
  scatter(ids: RowIds): void {
    const { heap, width, addresses, kernels } = this.#of;
    this.#check(ids);
    const first = this.#firstPosition;
    const next = this.#nextPosition;
    for (let i = ids.length - 1; i >= 0; i--) {
      const row = Number(ids[i]);
      next[i] = first[row] as number;
      first[row] = i;
    }
    const bytes = width * FLOAT_BYTES;
    for (let i = 0; i < ids.length; i++) {
      const row = Number(ids[i]);
      if (first[row] !== i) continue;
      first[row] = -1;
      const rowGradient = addresses.gradient + row * bytes;
      const isFirst = this.#isTouched[row] === 0;
      const sum = isFirst ? rowGradient : addresses.scratch;
      const from = addresses.tokenGradients / FLOAT_BYTES + i * width;
      heap.copyWithin(sum / FLOAT_BYTES, from, from + width);
      for (let j = next[i] as number; j >= 0; j = next[j] as number) {
        kernels.add(width, sum, addresses.tokenGradients + j * bytes);
      }
      if (isFirst) {
        this.#isTouched[row] = 1;
        this.#touched.push(row);
      } else kernels.add(width, rowGradient, sum);
    }
  }

  /** Of the gradient. Rows in ascending order, so that the sum is that of the dense table. */
  sumOfSquares(): number {
    const { width, addresses, kernels } = this.#of;
    this.#touched.sort((a, b) => a - b);
    let sum = 0;
    for (const row of this.#touched) {
      sum += kernels.sumOfSquares(1, width, addresses.gradient + row * width * FLOAT_BYTES);
    }
    return sum;
  }

  /** Step number `step`, for the rows with a gradient. */
  update(step: number): void {
    const { width, addresses, rule, coefficientsAt } = this.#of;
    for (const row of this.#touched) {
      this.#catchUp(row, step);
      const offset = row * width * FLOAT_BYTES;
      const slots = addresses.slots.map((slot) => slot + offset);
      rule.update(width, coefficientsAt(step), addresses.parameter + offset, slots, addresses.gradient + offset);
      this.#seen[row] = step + 1;
      this.#isWarm[row] = 1;
    }
    this.dropGradient();
  }

  dropGradient(): void {
    for (const row of this.#touched) this.#isTouched[row] = 0;
    this.#touched.length = 0;
  }

  /** Brings all rows up to date; steps count from 0 again. */
  settle(steps: number): void {
    if (steps > 0) for (let row = 0; row < this.#of.rows; row++) this.#catchUp(row, steps);
    this.#seen.fill(0);
  }

  /** To be called when slots were written from outside. */
  findWarmRows(): void {
    const { heap, rows, width, addresses } = this.#of;
    const bits = new Uint32Array(heap.buffer);
    this.#isWarm.fill(0);
    for (const slot of addresses.slots) {
      for (let row = 0; row < rows; row++) {
        const start = slot / FLOAT_BYTES + row * width;
        for (let i = start; i < start + width && this.#isWarm[row] === 0; i++) {
          if (bits[i] !== 0) this.#isWarm[row] = 1;
        }
      }
    }
  }

  #catchUp(row: number, steps: number): void {
    const seen = this.#seen[row] as number;
    if (seen >= steps) return;
    const { width, addresses, rule, coefficientsAt } = this.#of;
    const offset = row * width * FLOAT_BYTES;
    const slots = addresses.slots.map((slot) => slot + offset);
    const isCold = this.#isWarm[row] === 0;
    rule.replay(width, coefficientsAt(seen), coefficientsAt(steps), addresses.parameter + offset, slots, isCold);
    this.#seen[row] = steps;
  }

  #check(ids: RowIds): void {
    const { name, rows, maxIds } = this.#of;
    if (ids.length > maxIds) {
      throw new ShapeError({
        where: name,
        wanted: `at most ${maxIds} ids per micro-batch`,
        got: String(ids.length),
        fix: 'split the batch, or raise maxIds of this parameter',
      });
    }
    for (let i = 0; i < ids.length; i++) {
      const row = Number(ids[i]);
      if (Number.isInteger(row) && row >= 0 && row < rows) continue;
      throw new ShapeError({
        where: name,
        wanted: `ids from 0 to ${rows - 1}`,
        got: `${row} at position ${i}`,
        fix: 'use the vocabulary the table was made for',
      });
    }
  }
}
