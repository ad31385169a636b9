/** @file Numbers for keys, in the order in which they come, without keeping the keys: hashes of questions are many. */
import { createHash } from 'node:crypto';

/** Of a key, 32-bit words that are kept: by chance, two of 10⁹ keys are alike in 128 bits once in 10²⁰ times. */
const WORDS = 4;
const DIGITS = 8;
/** A hash as it is written. Other keys are hashed. */
const HASH = new RegExp(`^[0-9a-f]{${WORDS * DIGITS},}$`, 'u');
const NONE = -1;
const LEAST_PLACES = 2 ** 10;

/** 24 to 32 bytes a key, where a Map of the strings takes some two hundred. */
export class KeyNumbers {
  #size = 0;
  /** Words of each key, by its number. */
  #words = new Uint32Array((WORDS * LEAST_PLACES) / 2);
  /** Open addressing with linear probing: numbers of keys, or `NONE`. */
  #places = new Int32Array(LEAST_PLACES).fill(NONE);
  readonly #key = new Uint32Array(WORDS);

  get size(): number {
    return this.#size;
  }

  /** The number of a key, from 0. One that is new gets the next. */
  of(key: string): number {
    this.#read(key);
    const place = this.#placeOf();
    const known = this.#places[place] as number;
    if (known !== NONE) return known;
    const number = this.#size;
    this.#words.set(this.#key, WORDS * number);
    this.#places[place] = number;
    this.#size += 1;
    if (WORDS * this.#size === this.#words.length) this.#grow();
    return number;
  }

  /** The number of a key, if it has one. */
  find(key: string): number | undefined {
    this.#read(key);
    const known = this.#places[this.#placeOf()] as number;
    return known === NONE ? undefined : known;
  }

  #read(key: string): void {
    const digits = HASH.test(key) ? key : createHash('sha256').update(key).digest('hex');
    for (let i = 0; i < WORDS; i++) {
      this.#key[i] = Number.parseInt(digits.slice(DIGITS * i, DIGITS * (i + 1)), 16);
    }
  }

  /** Where the key that was read is, or would be. */
  #placeOf(): number {
    const last = this.#places.length - 1;
    for (let place = (this.#key[0] as number) & last; ; place = (place + 1) & last) {
      const number = this.#places[place] as number;
      if (number === NONE || this.#key.every((word, i) => this.#words[WORDS * number + i] === word)) return place;
    }
  }

  #grow(): void {
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#places = new Int32Array(2 * this.#places.length).fill(NONE);
    const last = this.#places.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let place = (words[WORDS * number] as number) & last;
      while (this.#places[place] !== NONE) place = (place + 1) & last;
      this.#places[place] = number;
    }
  }
}
