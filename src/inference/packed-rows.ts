/**
 * @file Rows of a window, their ids in an array that the next window fills again. As objects they would outlive collections of
 * young garbage, and over many texts make the heap grow by rows that nobody reads any more.
 */
import type { EncodedRow } from '../tokenizers/tokenizer.js';

/** Tokens of one text are packed, and nothing else: 2 id + type each. All other rows are kept as they are. */
export class PackedRows<T extends object> {
  #tokens = new Uint32Array(256);
  /** Where the tokens of a row end. */
  #ends: number[] = [];
  #kept: (T | undefined)[] = [];

  push(row: T): void {
    const start = this.#ends.at(-1) ?? 0;
    const { first, ...more }: { readonly first?: EncodedRow } = row;
    const isPacked =
      first && !first.values && Object.keys(more).length === 0 && first.typeIds.every((type) => type < 2);
    const end = start + (isPacked ? first.ids.length : 0);
    if (end > this.#tokens.length) {
      const longer = new Uint32Array(2 * end);
      longer.set(this.#tokens);
      this.#tokens = longer;
    }
    for (let i = start; i < end; i++) {
      const { ids, typeIds } = first as EncodedRow;
      this.#tokens[i] = 2 * (ids[i - start] as number) + (typeIds[i - start] as number);
    }
    this.#ends.push(end);
    this.#kept.push(isPacked ? undefined : row);
  }

  at(row: number): T {
    const tokens = this.#tokens.subarray(this.#ends[row - 1] ?? 0, this.#ends[row]);
    const first = {
      ids: Array.from(tokens, (token) => token >>> 1),
      typeIds: Array.from(tokens, (token) => token & 1),
    };
    return this.#kept[row] ?? ({ first } as unknown as T); // a row of that alone was packed
  }

  clear(): void {
    this.#ends = [];
    this.#kept = [];
  }
}
