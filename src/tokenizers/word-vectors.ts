/**
 * @file Word vectors from text files: GloVe's, a word and its numbers a line, and word2vec's, which begin with a line of
 * two counts. It stands here, below models, because a BiLSTM starts from it.
 */
import { FileError, OptionError } from '../errors/failures.js';
import { type Tensor, tensor } from '../tensor/tensor.js';

export type WordVectors = {
  /** N different words, in the order of the file. */
  readonly words: readonly string[];
  /** [N, D] */
  readonly vectors: Tensor<'float32'>;
};

export type WordVectorsOptions = {
  /** The most words; the files begin with the most frequent, and the rest is not read. 200,000 unless given. */
  readonly maxWords?: number;
  /** Whether a word is wanted. Of others only the word itself and the number of fields are looked at. */
  readonly isWanted?: (word: string) => boolean;
};

/** A word and 10,000 numbers fit. */
const MAX_LINE_BYTES = 2 ** 18;
export const CHUNK_BYTES = 2 ** 18;
const DEFAULT_MAX_WORDS = 200_000;
const [NEWLINE, RETURN, SPACE] = [0x0a, 0x0d, 0x20];

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Of digits; faster than UTF-8. */
const LATIN1 = new TextDecoder('latin1');

const UNPACK = 'use the text format, unpacked, in UTF-8';

/** Where word vectors come from. */
export type VectorSource = {
  /** For messages: the path of a file. */
  readonly name: string;
  /** Its bytes, in parts. */
  chunks(): AsyncIterable<Uint8Array>;
};

/** Vectors that lie in memory, such as those of a file that a page was given. */
export function vectorsIn(name: string, bytes: Uint8Array): VectorSource {
  return {
    name,
    chunks: async function* () {
      for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
    },
  };
}

/**
 * Reads word vectors as a stream. A word may have spaces in it, as some of glove.840B have: the last D fields
 * are its numbers. D is what the first line has.
 * @throws FileError naming file and line for what is no such file: binary, not UTF-8, torn, with rows of different
 *   lengths, numbers that are not finite or a wanted word twice; OptionError for `maxWords`.
 */
export async function wordVectorsOf(source: VectorSource, options: WordVectorsOptions = {}): Promise<WordVectors> {
  const path = source.name;
  const { maxWords = DEFAULT_MAX_WORDS, isWanted = () => true } = options;
  if (!Number.isInteger(maxWords) || maxWords < 1) {
    throw new OptionError({ where: 'maxWords', wanted: 'an integer ≥ 1', got: String(maxWords) });
  }
  const lineOfWord = new Map<string, number>();
  let header: Header | undefined;
  let size: number | undefined;
  let data = new Float32Array(0);
  let lines = 0;
  read: for await (const chunk of linesOf(source.chunks(), path)) {
    for (const line of chunk) {
      lines++;
      const where = `${path}:${lines}`;
      if (lines === 1) {
        header = headerOf(line, where);
        size = header?.size;
        if (header !== undefined) continue;
      }
      if (header !== undefined && lines - 1 > header.words) throw wrongCount(path, header, lines - 1);
      size ??= sizeOfFirst(line, where);
      const place = splitPlace(line, size, where);
      const word = wordOf(line.subarray(0, place), size, where);
      if (!isWanted(word)) continue;
      const before = lineOfWord.get(word);
      if (before !== undefined) {
        const fix = 'delete one of the lines';
        throw new FileError({ where, wanted: 'each word once', got: `'${shown(word)}', as in line ${before}`, fix });
      }
      const start = lineOfWord.size * size;
      if (start + size > data.length) data = grown(data, Math.min(2 * start, maxWords * size), start + size);
      readNumbers(LATIN1.decode(line.subarray(place + 1)), data.subarray(start, start + size), where);
      lineOfWord.set(word, lines);
      if (lineOfWord.size === maxWords) break read;
    }
  }
  if (size === undefined || (header !== undefined && lines === 1)) {
    const wanted = 'a word and its numbers on each line';
    throw new FileError({ where: path, wanted, got: header === undefined ? 'an empty file' : 'a header alone' });
  }
  if (header !== undefined && lineOfWord.size < maxWords && lines - 1 < header.words) {
    throw wrongCount(path, header, lines - 1);
  }
  const count = lineOfWord.size;
  return { words: [...lineOfWord.keys()], vectors: tensor('float32', [count, size], data.slice(0, count * size)) };
}

type Header = { readonly words: number; readonly size: number };

/** word2vec's first line: the number of words, and of numbers a word. */
function headerOf(line: Uint8Array, where: string): Header | undefined {
  // glove.6B and others are offered as a ZIP.
  if (line[0] === 0x50 && line[1] === 0x4b && line[2] === 3 && line[3] === 4) {
    throw new FileError({ where, wanted: 'word vectors as text', got: 'a ZIP archive', fix: 'unpack it' });
  }
  const [, words, size] = /^(\d{1,12}) (\d{1,12})$/.exec(LATIN1.decode(line)) ?? [];
  if (words === undefined || size === undefined) return undefined;
  if (Number(size) >= 1) return { words: Number(words), size: Number(size) };
  throw new FileError({ where, wanted: 'vectors of at least one number', got: size });
}

function wrongCount(path: string, { words }: Header, got: number): FileError {
  const came = got > words ? 'more' : String(got);
  const fix = 'the file is truncated: copy or download it again';
  return new FileError({ where: `${path}:${got + 1}`, wanted: `${words} words, as line 1 says`, got: came, fix });
}

/** Spaces of a line whose word has none. */
function sizeOfFirst(line: Uint8Array, where: string): number {
  let spaces = 0;
  for (const byte of line) if (byte === SPACE) spaces++;
  if (spaces > 0 && !line.includes(0)) return spaces;
  throw new FileError({
    where,
    wanted: 'a word and its numbers, with single spaces between',
    got: line.length === 0 ? 'an empty line' : line.includes(0) ? 'a NUL byte' : 'one field',
    fix: UNPACK,
  });
}

/** Where the space before the last `size` fields is. */
function splitPlace(line: Uint8Array, size: number, where: string): number {
  if (line.includes(0)) throw new FileError({ where, wanted: 'text', got: 'a NUL byte', fix: UNPACK });
  let fields = 0;
  for (let place = line.length - 1; place >= 0; place--) {
    if (line[place] === SPACE && ++fields === size) return place;
  }
  throw wrongFields(where, size, line.length === 0 ? 'an empty line' : `${fields}`);
}

function wrongFields(where: string, size: number, got: string): FileError {
  const wanted = `a word and ${size} numbers, as the first line has`;
  return new FileError({ where, wanted, got, fix: 'copy or download the file again' });
}

function wordOf(bytes: Uint8Array, size: number, where: string): string {
  let word: string;
  try {
    word = UTF8.decode(bytes);
  } catch (cause) {
    throw new FileError({ where, wanted: 'text in UTF-8', got: 'bytes that are not valid UTF-8', fix: UNPACK, cause });
  }
  if (word === '') throw new FileError({ where, wanted: 'a word before its numbers', got: 'none' });
  // A row with numbers to spare would else be a word that ends in numbers.
  const extra = / [-+]?\d*\.\d+(e[-+]?\d+)?$/i.exec(word);
  if (extra !== null) throw wrongFields(where, size, `more (${extra[0].trim()} before them)`);
  return word;
}

function readNumbers(text: string, into: Float32Array, where: string): void {
  const fields = text.split(' ');
  for (const [i, field] of fields.entries()) {
    into[i] = field === '' ? Number.NaN : Number(field);
    if (Number.isFinite(into[i])) continue;
    throw new FileError({
      where,
      wanted: 'finite numbers after the word',
      got: field === '' ? 'two spaces in a row' : `'${shown(field)}'`,
      fix: 'correct or delete that line',
    });
  }
}

function grown(data: Float32Array, wanted: number, least: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(Math.max(wanted, least));
  larger.set(data);
  return larger;
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Bytes as lines, without their ends and the spaces before these, as many at once as a chunk has. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<readonly Uint8Array[]> {
  let rest = new Uint8Array();
  let count = 0;
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(trimmed(bytes.subarray(start, end), count + lines.length));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (lines.length > 0) yield lines;
    count += lines.length;
    if (rest.length <= MAX_LINE_BYTES) continue;
    const wanted = `lines of at most ${MAX_LINE_BYTES} bytes`;
    throw new FileError({ where: `${where}:${count + 1}`, wanted, got: 'more', fix: UNPACK });
  }
  if (rest.length > 0) yield [trimmed(rest, count)];
}

/** word2vec ends its lines with a space, Windows with a return; Windows begins files with a byte order mark. */
function trimmed(line: Uint8Array, before: number): Uint8Array {
  let [start, end] = [0, line.length];
  if (before === 0 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) start = 3;
  if (end > start && line[end - 1] === RETURN) end--;
  while (end > start && line[end - 1] === SPACE) end--;
  return line.subarray(start, end);
}
