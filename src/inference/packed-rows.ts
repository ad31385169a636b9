/**
 * @file Rows of a window, their ids in arrays that the next window fills again. As objects they would outlive collections of
 * young garbage, and over many texts make the heap grow by rows that nobody reads any more.
 */
import { GrowingNumbers } from '../data/growing-numbers.js';
import type { EncodedRow } from '../tokenizers/tokenizer.js';

/** Of T what has `first` and nothing else is packed; all else is kept as it is. */
export class PackedRows<T extends object> {
  readonly #ids = new GrowingNumbers((length) => new Uint32Array(length));
  readonly #types = new GrowingNumbers((length) => new Uint8Array(length));
  /** As many as ids, of features; else none. */
  readonly #values = new GrowingNumbers((length) => new Float32Array(length));
  /** Where the ids of a row end. */
  #ends: number[] = [];
  #kept: (T | undefined)[] = [];

  get size(): number {
    return this.#ends.length;
  }

  push(row: T): void {
    const { first, ...more }: { readonly first?: EncodedRow } = row;
    const isPacked = first !== undefined && Object.keys(more).length === 0;
    if (isPacked) {
      for (const [s, id] of first.ids.entries()) {
        this.#ids.push(id);
        this.#types.push(first.typeIds[s] as number);
        // The graph reads them as float32.
        if (first.values !== undefined) this.#values.push(first.values[s] as number);
      }
    }
    this.#kept.push(isPacked ? undefined : row);
    this.#ends.push(this.#ids.numbers().length);
  }

  /** What was not packed. */
  kept(row: number): T | undefined {
    return this.#kept[row];
  }

  /** Ids of a row that was. */
  lengthOf(row: number): number {
    return (this.#ends[row] as number) - (this.#ends[row - 1] ?? 0);
  }

  /** Valid until the next one is pushed. */
  at(row: number): T {
    const kept = this.#kept[row];
    if (kept !== undefined) return kept;
    const [start, end] = [this.#ends[row - 1] ?? 0, this.#ends[row]];
    const [ids, typeIds, values] = [this.#ids, this.#types, this.#values].map((all) =>
      all.numbers().subarray(start, end),
    );
    const first = {
      ids: Array.from(ids ?? []),
      typeIds: Array.from(typeIds ?? []),
      ...(values?.length === ids?.length && { values }),
    };
    return { first } as unknown as T; // a row of that alone was packed
  }

  clear(): void {
    for (const all of [this.#ids, this.#types, this.#values]) all.clear();
    this.#ends = [];
    this.#kept = [];
  }
}
