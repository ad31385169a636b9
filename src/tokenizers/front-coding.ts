/**
 * @file A sorted list of n-grams as little text: of each what it does not share with the one before. Blocks begin without
 * sharing, so that a reader finds the block of an n-gram and reads no other: a text has a few hundred n-grams of a list of a
 * hundred thousand, and a process that answers one text need not wait for all of them.
 */
import { type Grams, gramHash } from './gram-scanner.js';
import { GramTable } from './gram-table.js';

export type FrontCoded = {
  /** How many n-grams it has. */
  readonly size: number;
  /** What ends an n-gram, none of which an n-gram has: the first where the next one shares no units with it, and so on. */
  readonly ends: string;
  /** What each n-gram does not share, and its end. */
  readonly rests: string;
  /** Where in the rests each block begins. */
  readonly starts: readonly number[];
};

/** N-grams of a block. */
const BLOCK = 16;
/** Ends of a list: at most as many, of ASCII; if there are less than the least, others as well. */
const [LEAST_ENDS, MOST_ENDS] = [16, 32];
const [SPACE, DELETE, PRIVATE] = [0x20, 0x7f, 0xe000];
/** These take an escape where they are written down. */
const ESCAPED = '"\\<';

/** How many blocks a list of so many n-grams has. */
export function frontCodedBlocks(entries: number): number {
  return Math.ceil(entries / BLOCK);
}

/** @param list in the order of code units, none twice */
export function frontCoded(list: readonly string[]): FrontCoded {
  const ends = endsFor(list);
  const rests: string[] = [];
  const starts: number[] = [];
  let size = 0;
  let shared = 0;
  for (const [place, entry] of list.entries()) {
    if (place % BLOCK === 0) starts.push(size);
    const next = (place + 1) % BLOCK === 0 ? '' : (list[place + 1] ?? '');
    const rest = entry.slice(shared);
    shared = 0;
    while (shared < ends.length - 1 && shared < entry.length && entry[shared] === next[shared]) shared++;
    rests.push(rest, ends[shared] as string);
    size += rest.length + 1;
  }
  return { size: list.length, ends, rests: rests.join(''), starts };
}

/** Code units that no n-gram has. */
function endsFor(list: readonly string[]): string {
  const used = new Uint8Array(2 ** 16);
  for (const unit of ESCAPED) used[unit.charCodeAt(0)] = 1;
  for (const entry of list) for (let at = 0; at < entry.length; at++) used[entry.charCodeAt(at)] = 1;
  let ends = '';
  for (let unit = SPACE; unit < DELETE && ends.length < MOST_ENDS; unit++) {
    if (used[unit] === 0) ends += String.fromCharCode(unit);
  }
  for (let unit = PRIVATE; unit < 2 ** 16 && ends.length < LEAST_ENDS; unit++) {
    if (used[unit] === 0) ends += String.fromCharCode(unit);
  }
  return ends;
}

/** Such a list as it is read: where blocks begin is told when it is asked for. */
export type FrontCodedText = Omit<FrontCoded, 'starts'> & {
  readonly starts: { readonly at: (block: number) => number | undefined };
};

/** Numbers the n-grams of such a list, as `GramTable` those that were added to it in their order. */
export class FrontCodedTable {
  readonly #text: FrontCodedText;
  readonly #blocks: number;
  /** By code unit: one more than what the n-gram behind this end shares; 0 of what ends none. */
  readonly #afterEnd = new Uint8Array(2 ** 16);
  /** The most that is told of what is shared. */
  readonly #most: number;
  /** Blocks before this one are in the table. */
  #read = 0;
  readonly #table = new GramTable();
  /** The block that was looked for last: n-grams of a text have beginnings in common. */
  #last = 0;
  /** The n-gram under way, also as the only one of a text. */
  #units = new Uint16Array(256);
  readonly #one = {
    ...{ count: 1, units: this.#units },
    ...{ starts: new Uint32Array(1), ends: new Uint32Array(1), hashes: new Uint32Array(1) },
  };

  constructor(text: FrontCodedText) {
    this.#text = text;
    this.#blocks = frontCodedBlocks(text.size);
    this.#most = text.ends.length - 1;
    for (let shared = 0; shared <= this.#most; shared++) this.#afterEnd[text.ends.charCodeAt(shared)] = shared + 1;
  }

  /**
   * The number of an n-gram, or −1. What is not in the table yet is searched where it stands, since most of what a process asks
   * first it asks once.
   */
  find(grams: Grams, i: number): number {
    // Numbers of the table are places in the list, since it was read from the first block on.
    const found = this.#read > 0 ? this.#table.find(grams, i) : -1;
    if (found >= 0 || this.#read === this.#blocks) return found;
    const block = this.#blockOf(grams, i);
    return block < this.#read ? -1 : this.#search(block, grams, i);
  }

  /** Reads so many more blocks, if there are any: once all are, nothing is looked for in two places. */
  readMore(blocks: number): void {
    const end = Math.min(this.#blocks, this.#read + blocks);
    for (; this.#read < end; this.#read++) this.#readBlock(this.#read);
  }

  #startOf(block: number): number {
    return this.#text.starts.at(block) as number; // there are as many as blocks
  }

  /** The last block that does not begin behind the n-gram; the first for what stands before all. */
  #blockOf(grams: Grams, i: number): number {
    let [low, high] = [0, this.#blocks - 1];
    const last = this.#last;
    if (this.#isBehind(last, grams, i)) high = Math.max(0, last - 1);
    else if (last === high || this.#isBehind(last + 1, grams, i)) return last;
    else low = last + 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#isBehind(middle, grams, i)) high = middle - 1;
      else low = middle;
    }
    this.#last = low;
    return low;
  }

  /** Whether the first n-gram of a block comes after another one. */
  #isBehind(block: number, { units, starts, ends }: Grams, i: number): boolean {
    const { rests } = this.#text;
    const end = ends[i] as number;
    let at = this.#startOf(block);
    for (let k = starts[i] as number; k < end; k++, at++) {
      const unit = rests.charCodeAt(at);
      // No n-gram has what ends another.
      if (unit !== units[k]) return this.#afterEnd[unit] === 0 && unit > (units[k] as number);
    }
    return this.#afterEnd[rests.charCodeAt(at)] === 0;
  }

  /** The place of an n-gram in a block that was not read, or −1. */
  #search(block: number, { units, starts, ends }: Grams, i: number): number {
    const { rests, size } = this.#text;
    const afterEnd = this.#afterEnd;
    const start = starts[i] as number;
    const length = (ends[i] as number) - start;
    const last = Math.min(size, (block + 1) * BLOCK);
    let at = this.#startOf(block);
    /** Units that an entry shares with the one before, and the n-gram with that one, which comes before it. */
    let [shared, same] = [0, 0];
    for (let entry = block * BLOCK; entry < last; entry++) {
      // It leaves the entry before where that and the n-gram are still equal, so it stands behind the n-gram.
      if (shared < same && shared < this.#most) return -1;
      if (shared < same) same = shared;
      let unit = rests.charCodeAt(at);
      if (shared === same) {
        while (same < length && unit === units[start + same]) {
          same++;
          unit = rests.charCodeAt(++at);
        }
        const isEnd = (afterEnd[unit] as number) > 0;
        if (isEnd && same === length) return entry;
        if (!isEnd && (same === length || unit > (units[start + same] as number))) return -1;
      }
      while (afterEnd[unit] === 0) unit = rests.charCodeAt(++at);
      shared = (afterEnd[unit] as number) - 1;
      at++;
    }
    return -1;
  }

  #readBlock(block: number): void {
    const { rests, size } = this.#text;
    let at = this.#startOf(block);
    const last = Math.min(size, (block + 1) * BLOCK);
    let length = 0;
    for (let entry = block * BLOCK; entry < last; entry++) {
      let unit = rests.charCodeAt(at++);
      for (; this.#afterEnd[unit] === 0; unit = rests.charCodeAt(at++)) {
        if (length === this.#units.length) this.#grow();
        this.#units[length++] = unit;
      }
      this.#one.units = this.#units;
      this.#one.ends[0] = length;
      this.#one.hashes[0] = gramHash(this.#units, 0, length);
      this.#table.add(this.#one, 0);
      length = (this.#afterEnd[unit] as number) - 1;
    }
  }

  #grow(): void {
    const units = new Uint16Array(2 * this.#units.length);
    units.set(this.#units);
    this.#units = units;
  }
}
