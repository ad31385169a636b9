/**
 * @file A sorted list of n-grams as little text: of each what it does not share with the one before. Blocks begin without
 * sharing, so that a reader finds the block of an n-gram and reads no other: a text has a few hundred n-grams of a list of a
 * hundred thousand, and a process that answers one text need not wait for all of them.
 */
import { type Grams, gramHash } from './gram-scanner.js';
import { GramTable } from './gram-table.js';

export type FrontCoded = {
  /** A character for each n-gram: `FIRST` and so many code units more are shared. */
  readonly shared: string;
  /** What follows, a line each, since no n-gram has a line break: words and pieces end at one. */
  readonly rests: string;
  /** Code units of the rests of each block. */
  readonly lengths: ArrayLike<number>;
};

/** N-grams of a block. */
const BLOCK = 16;
const BREAK = '\n';
const END = BREAK.charCodeAt(0);
/** No shared units, and the most that are told: up to `}`. */
const [FIRST, MOST] = [35, 90];
/** What is known of a block: nothing, that it was searched once, all of it. */
const [UNSEEN, SEARCHED, READ] = [0, 1, 2] as const;

/** How many blocks a list of so many n-grams has. */
export function frontCodedBlocks(entries: number): number {
  return Math.ceil(entries / BLOCK);
}

/** @param list in the order of code units, none twice */
export function frontCoded(list: readonly string[]): FrontCoded {
  const shared: string[] = [];
  const blocks: string[] = [];
  for (let from = 0; from < list.length; from += BLOCK) {
    let before = '';
    let rests = '';
    for (const entry of list.slice(from, from + BLOCK)) {
      let units = 0;
      while (units < MOST && units < before.length && before[units] === entry[units]) units++;
      shared.push(String.fromCharCode(FIRST + units));
      rests += entry.slice(units) + BREAK;
      before = entry;
    }
    blocks.push(rests);
  }
  return { shared: shared.join(''), rests: blocks.join(''), lengths: blocks.map(({ length }) => length) };
}

/** Numbers the n-grams of such a list, as `GramTable` those that were added to it in their order. */
export class FrontCodedTable {
  readonly #shared: string;
  readonly #rests: string;
  /** Where each block begins in the rests. */
  readonly #starts: Uint32Array;
  readonly #known: Uint8Array;
  #unread: number;
  /** No block before it is unread. */
  #next = 0;
  /** Of the blocks that were read. */
  readonly #table = new GramTable();
  /** Places in the list by number in the table. */
  readonly #places: Uint32Array;
  /** The n-gram under way, also as the only one of a text. */
  #units = new Uint16Array(256);
  readonly #one = {
    ...{ count: 1, units: this.#units },
    ...{ starts: new Uint32Array(1), ends: new Uint32Array(1), hashes: new Uint32Array(1) },
  };

  constructor({ shared, rests, lengths }: FrontCoded) {
    this.#shared = shared;
    this.#rests = rests;
    this.#unread = lengths.length;
    this.#starts = new Uint32Array(lengths.length);
    this.#known = new Uint8Array(lengths.length);
    this.#places = new Uint32Array(shared.length);
    for (let block = 1; block < lengths.length; block++) {
      this.#starts[block] = (this.#starts[block - 1] as number) + (lengths[block - 1] as number);
    }
  }

  /**
   * The number of an n-gram, or −1. A block is searched where it stands when it is first asked for, since most of what a process
   * asks first it asks once, and read when it is asked for again.
   */
  find(grams: Grams, i: number): number {
    let found = this.#table.find(grams, i);
    if (found < 0 && this.#unread > 0) {
      const block = this.#blockOf(grams, i);
      if (this.#known[block] === READ) return -1;
      if (this.#known[block] === UNSEEN) {
        this.#known[block] = SEARCHED;
        return this.#search(block, grams, i);
      }
      this.#read(block);
      found = this.#table.find(grams, i);
    }
    return found < 0 ? -1 : (this.#places[found] as number);
  }

  /** Reads so many more blocks, if there are any: once all are, nothing is looked for in two places. */
  readMore(blocks: number): void {
    for (let left = blocks; left > 0 && this.#unread > 0; left--) {
      while (this.#known[this.#next] === READ) this.#next++;
      this.#read(this.#next);
    }
  }

  /** The last block that does not begin behind the n-gram; the first for what stands before all. */
  #blockOf(grams: Grams, i: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#isBehind(this.#starts[middle] as number, grams, i)) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  /** Whether the n-gram that is written at a place comes after another one. */
  #isBehind(place: number, { units, starts, ends }: Grams, i: number): boolean {
    const rests = this.#rests;
    const end = ends[i] as number;
    let at = place;
    for (let k = starts[i] as number; k < end; k++, at++) {
      const unit = rests.charCodeAt(at);
      if (unit === END) return false;
      if (unit !== units[k]) return unit > (units[k] as number);
    }
    return rests.charCodeAt(at) !== END;
  }

  /** The place of an n-gram in a block that was not read, or −1. */
  #search(block: number, { units, starts, ends }: Grams, i: number): number {
    const [shared, rests] = [this.#shared, this.#rests];
    const start = starts[i] as number;
    const length = (ends[i] as number) - start;
    const last = Math.min(shared.length, (block + 1) * BLOCK);
    let at = this.#starts[block] as number;
    /** Units that the n-gram shares with the entry before, which comes before it. */
    let same = 0;
    for (let entry = block * BLOCK; entry < last; entry++) {
      const size = shared.charCodeAt(entry) - FIRST;
      // It leaves the entry before where that and the n-gram are still equal, so it stands behind the n-gram.
      if (size < same && size < MOST) return -1;
      if (size < same) same = size;
      if (size === same) {
        let unit = rests.charCodeAt(at);
        while (same < length && unit === units[start + same]) {
          same++;
          unit = rests.charCodeAt(++at);
        }
        if (unit === END && same === length) return entry;
        if (unit !== END && (same === length || unit > (units[start + same] as number))) return -1;
      }
      at = rests.indexOf(BREAK, at) + 1;
    }
    return -1;
  }

  #read(block: number): void {
    const [shared, rests] = [this.#shared, this.#rests];
    let at = this.#starts[block] as number;
    const last = Math.min(shared.length, (block + 1) * BLOCK);
    for (let entry = block * BLOCK; entry < last; entry++) {
      let size = shared.charCodeAt(entry) - FIRST;
      for (; rests.charCodeAt(at) !== END; at++) {
        if (size === this.#units.length) this.#grow();
        this.#units[size++] = rests.charCodeAt(at);
      }
      at++;
      this.#one.units = this.#units;
      this.#one.ends[0] = size;
      this.#one.hashes[0] = gramHash(this.#units, 0, size);
      this.#places[this.#table.add(this.#one, 0)] = entry;
    }
    this.#known[block] = READ;
    this.#unread--;
  }

  #grow(): void {
    const units = new Uint16Array(2 * this.#units.length);
    units.set(this.#units);
    this.#units = units;
  }
}
