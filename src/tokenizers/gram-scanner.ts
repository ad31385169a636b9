/** @file The n-grams of a text, of words, characters or pieces, as slices of its code units with a hash each. */
import { lowbias32 } from '../tensor/random.js';
import { latePattern } from './late-pattern.js';

/**
 * What n-grams are made of. `words`: runs of letters, marks, digits and underscores, and every other mark by itself, n of
 * them with single spaces between. `chars`: n characters within a word between spaces, which has a space on either side; a
 * word that is shorter is one n-gram as a whole (scikit-learn's `char_wb`). `pieces`: what stands between spaces, n of them
 * with single spaces between.
 */
export type GramKind = 'words' | 'chars' | 'pieces';

/** The n-grams of one text, each as often as it occurs. They hold until the next text is scanned. */
export type Grams = {
  readonly count: number;
  /** UTF-16 code units of the text as far as n-grams are made of it. */
  readonly units: Uint16Array;
  /** Where in `units` each n-gram begins, and the place behind its end. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Of its code units: FNV-1a, mixed by `lowbias32`. */
  readonly hashes: Uint32Array;
};

const SPACE = 0x20;
const [FNV_BASIS, FNV_PRIME] = [0x811c9dc5, 0x01000193];

/** What a character is to the scanner; 0 where nobody has looked yet. */
const [OF_WORD, MARK, BLANK] = [1, 2, 3] as const;
const KINDS = new Uint8Array(2 ** 16);
// Those of ASCII without the expressions below, which take a process longer to compile than to use.
KINDS.fill(MARK, 0, 128)
  .fill(BLANK, 9, 14)
  .fill(BLANK, SPACE, SPACE + 1);
for (const [first, last] of ['09', 'AZ', '__', 'az']) KINDS.fill(OF_WORD, charCode(first), charCode(last) + 1);

function charCode(character = ''): number {
  return character.charCodeAt(0);
}

const LETTER = latePattern(String.raw`[\p{L}\p{M}\p{N}_]`, 'u');

function kindOf(code: number): number {
  const known = code < 2 ** 16 ? (KINDS[code] as number) : 0;
  if (known !== 0) return known;
  const text = String.fromCodePoint(code);
  const kind = LETTER().test(text) ? OF_WORD : /\s/u.test(text) ? BLANK : MARK;
  if (code < 2 ** 16) KINDS[code] = kind;
  return kind;
}

function hashOfUnits(units: Uint16Array, start: number, end: number): number {
  let hash = FNV_BASIS;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (units[at] as number), FNV_PRIME);
  return hash;
}

/** The hash that a scanner gives an n-gram of these units. */
export function gramHash(units: Uint16Array, start: number, end: number): number {
  return lowbias32(hashOfUnits(units, start, end));
}

/** The place behind the word that begins at one: a run of word characters, or one mark. */
function endOfWord(text: string, start: number): number {
  let code = text.codePointAt(start) as number;
  let at = start + (code > 0xffff ? 2 : 1);
  if (kindOf(code) === MARK) return at;
  while (at < text.length) {
    code = text.codePointAt(at) as number;
    if (kindOf(code) !== OF_WORD) break;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

function endOfPiece(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && !isBlank(text, at)) at++;
  return at;
}

function isBlank(text: string, at: number): boolean {
  return kindOf(text.charCodeAt(at)) === BLANK;
}

/** Words and marks of a text. */
export function countWords(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; ) {
    if (isBlank(text, at)) at++;
    else {
      at = endOfWord(text, at);
      count++;
    }
  }
  return count;
}

/** The text as far as its first so many words and marks. */
export function firstWords(text: string, most: number): string {
  let count = 0;
  for (let at = 0; at < text.length; ) {
    if (isBlank(text, at)) at++;
    else if (count++ === most) return text.slice(0, at);
    else at = endOfWord(text, at);
  }
  return text;
}

/** Makes the n-grams of text after text in the same memory. */
export class GramScanner {
  readonly #kind: GramKind;
  readonly #least: number;
  readonly #most: number;
  #units = new Uint16Array(256);
  /** Where words, or the characters of a word, begin in the units; one more for the end. */
  #bounds = new Uint32Array(256);
  #starts = new Uint32Array(256);
  #ends = new Uint32Array(256);
  #hashes = new Uint32Array(256);
  #count = 0;

  /** @param range the least and the most words or characters of an n-gram */
  constructor(kind: GramKind, [least, most]: readonly [number, number]) {
    this.#kind = kind;
    this.#least = least;
    this.#most = most;
  }

  /** The n-grams of a text, which is taken as it is: to be lower-cased or cut into pieces before. */
  scan(text: string): Grams {
    this.#begin(text.length);
    if (this.#kind === 'chars') this.#scanCharacters(text);
    else this.#scanRuns(text, this.#kind === 'words' ? endOfWord : endOfPiece);
    return this.#found();
  }

  /** A text as one n-gram, as a list of them has it. */
  whole(gram: string): Grams {
    this.#begin(gram.length);
    for (let at = 0; at < gram.length; at++) this.#units[at] = gram.charCodeAt(at);
    this.#addSlice(0, gram.length);
    return this.#found();
  }

  #begin(length: number): void {
    this.#count = 0;
    // Of marks without spaces between, each is a word and gets one; one before and one behind.
    if (this.#units.length >= 2 * length + 2) return;
    this.#units = new Uint16Array(4 * length + 2);
    this.#bounds = new Uint32Array(4 * length + 2);
  }

  #found(): Grams {
    return {
      count: this.#count,
      units: this.#units,
      starts: this.#starts,
      ends: this.#ends,
      hashes: this.#hashes,
    };
  }

  #scanRuns(text: string, endOf: (text: string, start: number) => number): void {
    const units = this.#units;
    const bounds = this.#bounds;
    let size = 0;
    let words = 0;
    for (let at = 0; at < text.length; ) {
      if (isBlank(text, at)) {
        at++;
        continue;
      }
      const end = endOf(text, at);
      bounds[words++] = size;
      for (; at < end; at++) units[size++] = text.charCodeAt(at);
      units[size++] = SPACE;
    }
    bounds[words] = size;
    // Without the space behind the last word.
    for (let first = 0; first + this.#least <= words; first++) this.#addFrom(first, words, 1);
  }

  #scanCharacters(text: string): void {
    const units = this.#units;
    const bounds = this.#bounds;
    let size = 0;
    units[size++] = SPACE;
    for (let at = 0; at < text.length; ) {
      if (isBlank(text, at)) {
        at++;
        continue;
      }
      let characters = 0;
      bounds[characters++] = size - 1;
      while (at < text.length && !isBlank(text, at)) {
        bounds[characters++] = size;
        const isPair = (text.codePointAt(at) as number) > 0xffff;
        units[size++] = text.charCodeAt(at++);
        if (isPair) units[size++] = text.charCodeAt(at++);
      }
      bounds[characters++] = size;
      units[size++] = SPACE;
      bounds[characters] = size;
      if (characters <= this.#least) this.#addSlice(bounds[0] as number, size);
      else for (let first = 0; first + this.#least <= characters; first++) this.#addFrom(first, characters, 0);
    }
  }

  /** The n-grams that begin with a word or character: their hashes are those of their beginnings, continued. */
  #addFrom(first: number, total: number, gap: number): void {
    const units = this.#units;
    const bounds = this.#bounds;
    const start = bounds[first] as number;
    const most = Math.min(this.#most, total - first);
    let hash = FNV_BASIS;
    let at = start;
    for (let n = 1; n <= most; n++) {
      const end = (bounds[first + n] as number) - gap;
      for (; at < end; at++) hash = Math.imul(hash ^ (units[at] as number), FNV_PRIME);
      if (n >= this.#least) this.#add(start, end, hash);
    }
  }

  #addSlice(start: number, end: number): void {
    this.#add(start, end, hashOfUnits(this.#units, start, end));
  }

  /** @param hash FNV-1a of its units, not mixed yet */
  #add(start: number, end: number, hash: number): void {
    if (this.#count === this.#hashes.length) this.#grow();
    const i = this.#count++;
    this.#starts[i] = start;
    this.#ends[i] = end;
    this.#hashes[i] = lowbias32(hash);
  }

  #grow(): void {
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const made = new Uint32Array(2 * old.length);
      made.set(old);
      return made;
    };
    this.#starts = grown(this.#starts);
    this.#ends = grown(this.#ends);
    this.#hashes = grown(this.#hashes);
  }
}
