/**
 * @file Numbers as printable ASCII inside a JavaScript file. Base64 hides from gzip what frequent bytes are; here a
 * frequent number is one character, so that gzip makes of the text within a few per cent what it makes of the bytes.
 */

/** 92 characters that stand for themselves in a string literal and cannot end a script element. */
const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  .filter((character) => !'"\\<'.includes(character))
  .join('');

/** Places of characters in the alphabet. */
const PLACES = new Uint8Array(128);
for (let i = 0; i < ALPHABET.length; i++) PLACES[ALPHABET.charCodeAt(i)] = i;

function characterOf(place: number): string {
  return ALPHABET[place] as string;
}

/**
 * Of bytes, 90 near 0 are one character (0, 1, -1, 2, -2 …, 45), those above and below two: a sign and how far it is.
 */
const [SINGLES, BELOW, ABOVE] = [90, 90, 91] as const;
const LAST_SINGLE = 45;

export function bytesToText(bytes: Int8Array): string {
  const parts: string[] = [];
  for (const value of bytes) {
    if (value > LAST_SINGLE) parts.push(characterOf(ABOVE), characterOf(value - LAST_SINGLE - 1));
    else if (value <= -LAST_SINGLE) parts.push(characterOf(BELOW), characterOf(-value - LAST_SINGLE));
    else parts.push(characterOf(value > 0 ? 2 * value - 1 : -2 * value));
  }
  return parts.join('');
}

/** @param length how many there are */
export function textToBytes(text: Uint8Array, length: number): Int8Array<ArrayBuffer> {
  const bytes = new Int8Array(length);
  decode(text, 0, bytes, 0, length);
  return bytes;
}

/** One flat loop without calls, since most of it runs before any engine has compiled it. @returns the place behind the text */
function decode(text: Uint8Array, from: number, bytes: Int8Array, start: number, end: number): number {
  const places = PLACES;
  let at = from;
  for (let i = start; i < end; i++) {
    const place = places[text[at++] as number] as number;
    if (place < SINGLES) bytes[i] = place & 1 ? (place + 1) >> 1 : -(place >> 1);
    else {
      const further = places[text[at++] as number] as number;
      bytes[i] = place === ABOVE ? further + LAST_SINGLE + 1 : -further - LAST_SINGLE;
    }
  }
  return at;
}

/** Whole numbers of a list as digits of one length, all first digits, all second digits and so on: first ones resemble each other. */
export function placesToText(places: readonly number[]): string {
  const most = places.reduce((a, b) => Math.max(a, b), 0);
  const planes: string[] = [];
  for (let unit = 1; unit <= most || unit === 1; unit *= ALPHABET.length) {
    planes.push(places.map((place) => characterOf(Math.floor(place / unit) % ALPHABET.length)).join(''));
  }
  return planes.reverse().join('');
}

/** Numbers that are read one by one, when they are asked for: whoever answers one text needs a few hundred of thousands. */
export class Places {
  readonly #text: Uint8Array;
  readonly #length: number;

  /** @param length how many there are */
  constructor(text: Uint8Array, length: number) {
    this.#text = text;
    this.#length = length;
  }

  at(i: number): number {
    let place = 0;
    for (let at = i; at < this.#text.length; at += this.#length) {
      place = place * ALPHABET.length + (PLACES[this.#text[at] as number] as number);
    }
    return place;
  }
}

/** Rows of a table, or counts of a list, that are decoded together. */
const ROWS = 32;

/** Texts behind each other, and where each begins. */
function joined(blocks: readonly string[]): [text: string, starts: string] {
  let size = 0;
  const starts = blocks.map(({ length }) => {
    size += length;
    return size - length;
  });
  return [blocks.join(''), placesToText(starts)];
}

/** The text of a table [rows, width], and where each block of rows begins in it. */
export function tableToText(bytes: Int8Array, width: number): [text: string, starts: string] {
  const blocks: string[] = [];
  const block = ROWS * width;
  for (let at = 0; at < bytes.length; at += block) blocks.push(bytesToText(bytes.subarray(at, at + block)));
  return joined(blocks);
}

/** A table whose rows are decoded when they are first asked for: an answer needs a few hundred of a hundred thousand. */
export class Int8Table {
  /** [rows, width]; 0 where nobody has asked yet. */
  readonly values: Int8Array;
  readonly #text: Uint8Array;
  readonly #width: number;
  readonly #starts: Places;
  /** Of each block, whether it is decoded. */
  readonly #isDecoded: Uint8Array;

  constructor(text: Uint8Array, starts: Uint8Array, rows: number, width: number) {
    const blocks = Math.ceil(rows / ROWS);
    this.values = new Int8Array(rows * width);
    this.#text = text;
    this.#width = width;
    this.#starts = new Places(starts, blocks);
    this.#isDecoded = new Uint8Array(blocks);
  }

  /** Where a row begins in `values`, from where on it can be read. */
  row(row: number): number {
    const block = row >> 5;
    if (this.#isDecoded[block] === 0) {
      const [from, to] = [block * ROWS * this.#width, (block + 1) * ROWS * this.#width];
      decode(this.#text, this.#starts.at(block), this.values, from, Math.min(to, this.values.length));
      this.#isDecoded[block] = 1;
    }
    return row * this.#width;
  }
}

/** Little-endian bytes of float32 numbers, all first bytes, all second bytes and so on: exponents resemble each other. */
export function floatsToText(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4));
  const planes = new Int8Array(4 * values.length);
  for (const [i, value] of values.entries()) {
    view.setFloat32(0, value, true);
    for (let byte = 0; byte < 4; byte++) planes[byte * values.length + i] = view.getInt8(byte);
  }
  return bytesToText(planes);
}

export function textToFloats(text: Uint8Array, length: number): Float32Array<ArrayBuffer> {
  const planes = textToBytes(text, 4 * length);
  const bytes = new Int8Array(4 * length);
  for (let byte = 0; byte < 4; byte++) {
    for (let i = 0, from = byte * length; i < length; i++) bytes[4 * i + byte] = planes[from + i] as number;
  }
  return new Float32Array(bytes.buffer);
}

/** Whole numbers from 0, five bits a character, low ones first; all but the last of a number are from the upper half of 64. */
export function countsToText(counts: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let i = 0; i < counts.length; i++) {
    let rest = counts[i] as number;
    for (; rest > 31; rest = Math.floor(rest / 32)) parts.push(characterOf(32 + (rest % 32)));
    parts.push(characterOf(rest));
  }
  return parts.join('');
}

function decodeCounts(text: Uint8Array, from: number, counts: Uint32Array): void {
  const places = PLACES;
  let at = from;
  for (let i = 0; i < counts.length; i++) {
    let place = places[text[at++] as number] as number;
    let value = 0;
    let scale = 1;
    for (; place > 31; place = places[text[at++] as number] as number) {
      value += (place - 32) * scale;
      scale *= 32;
    }
    counts[i] = value + place * scale;
  }
}

/** The text of a list of counts, and where each block of it begins. */
export function countListToText(counts: ArrayLike<number>): [text: string, starts: string] {
  const blocks: string[] = [];
  for (let from = 0; from < counts.length; from += ROWS) {
    blocks.push(
      countsToText(Array.from({ length: Math.min(ROWS, counts.length - from) }, (_, i) => counts[from + i] as number)),
    );
  }
  return joined(blocks);
}

/** Counts that are decoded when they are asked for, each time: whoever wants one again keeps it. */
export class CountList {
  readonly length: number;
  readonly #text: Uint8Array;
  readonly #starts: Places;
  readonly #block = new Uint32Array(ROWS);

  constructor(text: Uint8Array, starts: Uint8Array, length: number) {
    this.length = length;
    this.#text = text;
    this.#starts = new Places(starts, Math.ceil(length / ROWS));
  }

  at(i: number): number {
    const within = i % ROWS;
    decodeCounts(this.#text, this.#starts.at((i - within) / ROWS), this.#block.subarray(0, within + 1));
    return this.#block[within] as number;
  }
}
