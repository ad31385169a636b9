/** @file Where a text stands among many, without a second copy of them. */

const NONE = -1;
const LEAST_PLACES = 2 ** 10;

/**
 * The rows of texts by what they say: a hash table of row numbers, 12 to 24 bytes for each, where a Map of the texts
 * takes some two hundred. Rows come in order, from 0; texts that are equal are told from those that merely have one hash
 * by `textOf`, which gives the text of a row that was added.
 */
export class TextIndex {
  readonly #textOf: (row: number) => string;
  #size = 0;
  /** By row. */
  #hashes = new Int32Array(LEAST_PLACES / 2);
  /** Open addressing with linear probing: the first row of a text, or `NONE`. */
  #places = new Int32Array(LEAST_PLACES).fill(NONE);

  constructor(textOf: (row: number) => string) {
    this.#textOf = textOf;
  }

  /** Adds the next row. Returns the first row of the same text, if one came before. */
  add(text: string): number | undefined {
    const row = this.#size;
    if (row === this.#hashes.length) this.#grow();
    const hash = hashOf(text);
    this.#hashes[row] = hash;
    this.#size += 1;
    const place = this.#placeOf(text, hash);
    const first = this.#places[place] as number;
    if (first !== NONE) return first;
    this.#places[place] = row;
    return undefined;
  }

  /** The first row of this text, if it is there. */
  firstOf(text: string): number | undefined {
    const first = this.#places[this.#placeOf(text, hashOf(text))] as number;
    return first === NONE ? undefined : first;
  }

  /** Where the text is, or would be. */
  #placeOf(text: string, hash: number): number {
    const last = this.#places.length - 1;
    for (let place = hash & last; ; place = (place + 1) & last) {
      const row = this.#places[place] as number;
      if (row === NONE || (this.#hashes[row] === hash && this.#textOf(row) === text)) return place;
    }
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const places = new Int32Array(2 * hashes.length).fill(NONE);
    const last = places.length - 1;
    for (const row of this.#places) {
      if (row === NONE) continue;
      let place = (hashes[row] as number) & last;
      while (places[place] !== NONE) place = (place + 1) & last;
      places[place] = row;
    }
    this.#places = places;
  }
}

/** FNV-1a over UTF-16 units, its upper bits mixed into the lower ones, which alone choose a place. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
