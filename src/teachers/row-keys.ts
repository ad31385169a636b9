/** @file What a row is known by: a hash of its contents, never its place. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.js';
import { SignalError } from '../errors/failures.js';
import type { RowPart } from './teacher.js';

/** 32-bit words of a key: 128 bits, of which two are not met alike among any number of rows that fit on a disk. */
export const KEY_WORDS = 4;

const ROWS_PER_TURN = 4096;

/**
 * The keys of all rows, [size, KEY_WORDS].
 * @param parts What of a row counts: its texts, the model's inputs, or both.
 * @throws SignalError for texts of data that has none.
 */
export async function keysOfRows(data: Dataset, parts: readonly RowPart[], where: string): Promise<Uint32Array> {
  const table = data.text?.table;
  if (parts.includes('texts') && table === undefined) {
    throw new SignalError({ where, wanted: 'rows of text', got: `${data.name}, which has none` });
  }
  const keys = new Uint32Array(data.size * KEY_WORDS);
  for (let row = 0; row < data.size; row++) {
    const hash = createHash('sha256');
    // JSON tells where one text ends and the next begins.
    if (parts.includes('texts')) hash.update(JSON.stringify([table?.texts[row], table?.pairs?.[row]]));
    if (parts.includes('inputs')) {
      for (const [name, { dtype, shape, data: values }] of Object.entries(data.batch([row]).inputs)) {
        hash.update(JSON.stringify([name, dtype, shape]));
        hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    }
    const digest = hash.digest();
    for (let word = 0; word < KEY_WORDS; word++) keys[row * KEY_WORDS + word] = digest.readUInt32LE(4 * word);
    // A million rows take seconds: timers and signals get their turn.
    if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await new Promise((done) => setImmediate(done));
  }
  return keys;
}

/** Finds rows by their keys: a hash table in two typed arrays, since a Map of a million keys takes 100 MB. */
export class KeyIndex {
  readonly #keys: Uint32Array;
  readonly #mask: number;
  /** Row + 1; 0 is an empty slot. */
  readonly #slots: Uint32Array;
  /** For each row the first with the same key. */
  readonly firsts: Uint32Array;

  constructor(keys: Uint32Array) {
    const size = keys.length / KEY_WORDS;
    this.#keys = keys;
    this.#mask = 2 ** Math.ceil(Math.log2(2 * size + 2)) - 1;
    this.#slots = new Uint32Array(this.#mask + 1);
    this.firsts = new Uint32Array(size);
    for (let row = 0; row < size; row++) {
      const slot = this.#slotOf(keys, row);
      if (this.#slots[slot] === 0) this.#slots[slot] = row + 1;
      this.firsts[row] = (this.#slots[slot] as number) - 1;
    }
  }

  /** The first row with the key that stands at a place of `keys`; undefined if there is none. */
  rowOf(keys: Uint32Array, place: number): number | undefined {
    const found = this.#slots[this.#slotOf(keys, place)] as number;
    return found === 0 ? undefined : found - 1;
  }

  /** The slot that holds the key, or the empty one where it would go. */
  #slotOf(keys: Uint32Array, place: number): number {
    // The key is a hash already.
    let slot = (keys[place * KEY_WORDS] as number) & this.#mask;
    for (;;) {
      const held = this.#slots[slot] as number;
      if (held === 0 || this.#isSame(held - 1, keys, place)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #isSame(row: number, keys: Uint32Array, place: number): boolean {
    for (let word = 0; word < KEY_WORDS; word++) {
      if (this.#keys[row * KEY_WORDS + word] !== keys[place * KEY_WORDS + word]) return false;
    }
    return true;
  }
}
