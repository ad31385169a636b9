/** @file A numbered set of n-grams: a hash table in typed arrays, several times as fast as a `Map` of strings. */
import type { Grams } from './gram-scanner.js';

export class GramTable {
  /** Two places a slot: the hash of an n-gram, and its number and 1, or 0 for a free slot. At most half are taken. */
  #slots = new Uint32Array(2 * 1024);
  #mask = 1023;
  /** The n-grams' code units behind each other, and where each begins; the last is their length. */
  #units = new Uint16Array(4096);
  #starts = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of an n-gram, or −1. */
  find(grams: Grams, i: number): number {
    return (this.#slots[2 * this.#slotOf(grams, i) + 1] as number) - 1;
  }

  /** The number of an n-gram, which it gets if it has none yet: the number of those before it. */
  add(grams: Grams, i: number): number {
    const slot = this.#slotOf(grams, i);
    const known = this.#slots[2 * slot + 1] as number;
    if (known > 0) return known - 1;
    const number = this.#size++;
    const start = grams.starts[i] as number;
    const end = grams.ends[i] as number;
    const at = this.#starts[number] as number;
    const to = at + end - start;
    if (to > this.#units.length) this.#units = copied(this.#units, new Uint16Array(2 * to));
    if (number + 2 > this.#starts.length) this.#starts = copied(this.#starts, new Uint32Array(2 * this.#starts.length));
    for (let k = start; k < end; k++) this.#units[at + k - start] = grams.units[k] as number;
    this.#starts[number + 1] = to;
    this.#slots[2 * slot] = grams.hashes[i] as number;
    this.#slots[2 * slot + 1] = number + 1;
    if (2 * this.#size > this.#mask) this.#grow();
    return number;
  }

  textOf(number: number): string {
    return String.fromCharCode(...this.#units.subarray(this.#starts[number], this.#starts[number + 1]));
  }

  /** The slot of an n-gram, or the free one where it would stand. */
  #slotOf(grams: Grams, i: number): number {
    const hash = grams.hashes[i] as number;
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (;;) {
      const known = slots[2 * slot + 1] as number;
      if (known === 0 || (slots[2 * slot] === hash && this.#isSame(known - 1, grams, i))) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #isSame(number: number, { units, starts, ends }: Grams, i: number): boolean {
    const start = starts[i] as number;
    const length = (ends[i] as number) - start;
    const at = this.#starts[number] as number;
    if ((this.#starts[number + 1] as number) - at !== length) return false;
    for (let k = 0; k < length; k++) if (this.#units[at + k] !== units[start + k]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = 2 * this.#mask + 1;
    this.#slots = new Uint32Array(2 * old.length);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from] as number) & this.#mask;
      while (this.#slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[2 * slot] = old[from] as number;
      this.#slots[2 * slot + 1] = old[from + 1] as number;
    }
  }
}

function copied<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
