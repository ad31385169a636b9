/**
 * @file A text as numbers by the n-grams that it has: TF-IDF as scikit-learn's `TfidfVectorizer` computes it, of words and
 * of characters within words, each normalised by itself (a `FeatureUnion` of two).
 *   tf = 1 + ln(occurrences)          `sublinear_tf`
 *   idf = ln((1 + N) / (1 + df)) + 1  `smooth_idf`; N texts, df of them with the n-gram
 *   value = tf · idf, over the L2 norm of its block
 * Departures: texts are lower-cased; words are runs of letters, marks, digits and underscores of any length, and every
 * other mark is a word of its own; where a most is asked for, n-grams are kept by df and not by occurrences. Of two texts
 * each has blocks of its own, so that a word of the first and of the second are two features; what they have in common is
 * told by shares (`GramOverlap`), for words of each n and for characters. Pieces of a tokenizer may stand in the place of
 * words: as the vocabulary spells them, of the text as it is, since the tokenizer itself says what case is worth.
 */
import { OptionError, ShapeError } from '../errors/failures.js';
import type { SparseRows } from '../tensor/sparse-rows.js';
import { GramOverlap, OVERLAPS } from './gram-overlap.js';
import { countWords, firstWords, type GramKind, GramScanner } from './gram-scanner.js';
import { GramTable } from './gram-table.js';
import type { Tokenizer, TruncationOptions } from './tokenizer.js';
import { keptLengths } from './truncation.js';

/** The least and the most n. */
export type NgramRange = readonly [least: number, most: number];

/** A tokenizer that cuts texts into pieces, and the files to make it of again. */
export type PieceTokenizer = Pick<Tokenizer, 'pieces' | 'files'>;

/** N-grams of one kind in one of the texts of a row, or `both`: the shares of them that the two texts have in common. */
export type NgramBlock = {
  readonly text: 'first' | 'second' | 'both';
  readonly kind: GramKind;
  readonly range: NgramRange;
  /** In the order of their numbers; absent of hashed ones, and of shares. */
  readonly grams?: readonly string[] | undefined;
  /** What numbers them, for who has no list of strings. */
  readonly table?: Pick<GramTable, 'find'> | undefined;
  /** How many of the texts have each n-gram, or each bucket; of shares, one each, all of them. */
  readonly df: ArrayLike<number>;
  /** What gives one of them, for who has no list of numbers: `df` is then its length alone. */
  readonly dfOf?: ((place: number) => number) | undefined;
};

/** What features are made of, from which they can be made again. */
export type NgramParts = {
  /** N: texts that the n-grams were counted in. */
  readonly texts: number;
  readonly blocks: readonly NgramBlock[];
  /** Of n-grams of pieces alone. */
  readonly tokenizer?: PieceTokenizer | undefined;
};

/** The features of one row: numbers in ascending order, none twice. They hold until the next row. */
export type NgramRow = {
  readonly ids: Uint32Array;
  readonly values: Float32Array;
  /** Whether words were left out. */
  readonly isTruncated: boolean;
};

type Block = Omit<NgramBlock, 'table'> & {
  readonly scanner: GramScanner;
  /** Absent of hashed n-grams. */
  readonly table: Pick<GramTable, 'find'> | undefined;
  /** Of shares alone. */
  readonly overlap: GramOverlap | undefined;
  /** The number of its first feature. */
  readonly from: number;
};

export class NgramFeatures {
  readonly parts: NgramParts;
  /** F: how many there are. */
  readonly size: number;
  readonly readsPairs: boolean;
  readonly #blocks: readonly Block[];
  /** Absent where there are no n-grams of pieces. */
  readonly #inPieces: ((text: string) => string) | undefined;
  /** [F]: of the features that were met so far; 0 of the others, which no idf is: df is not above N. */
  readonly #idf: Float64Array;
  /** [F]: occurrences in the row under way; zero between rows. */
  readonly #counts: Uint32Array;
  #ids = new Uint32Array(256);
  #values = new Float32Array(256);

  constructor(parts: NgramParts) {
    this.parts = parts;
    let from = 0;
    this.#blocks = parts.blocks.map((block) => {
      const { text, kind, range, grams, table = grams && tableOf(grams), df } = block;
      const overlap = text === 'both' ? new GramOverlap(kind, range) : undefined;
      const made = { ...block, scanner: new GramScanner(kind, range), table, overlap, from };
      from += df.length;
      return made;
    });
    this.size = from;
    this.#inPieces = parts.blocks.some(hasPieces) ? spelling('pieces', parts.tokenizer) : undefined;
    this.readsPairs = parts.blocks.some(({ text }) => text === 'second');
    this.#counts = new Uint32Array(from);
    this.#idf = new Float64Array(from);
  }

  /** A feature in words: `the movie`, `chars of`, `second text: the`; a bucket by its number. */
  nameOf(id: number): string {
    const block = this.#blocks.findLast(({ from }) => from <= id) as Block;
    if (block.overlap !== undefined) {
      const [n, most] = block.range;
      return `${OVERLAPS[id - block.from]} ${block.kind} of ${n === most ? n : `${n} to ${most}`}`;
    }
    const gram = block.grams?.[id - block.from] ?? `#${id - block.from}`;
    return `${block.text === 'second' ? 'second text: ' : ''}${block.kind === 'chars' ? 'chars ' : ''}${gram}`;
  }

  /**
   * The features of a text, or of two.
   * @param options.maxLength words of the row at most, punctuation marks included, of pieces too; all unless given.
   * @throws OptionError for a pair where single texts were fitted, or the other way round.
   */
  row(text: string, pair?: string, options: TruncationOptions = {}): NgramRow {
    if ((pair !== undefined) !== this.readsPairs) {
      throw new OptionError({
        where: 'n-grams',
        wanted: this.readsPairs ? 'two texts a row, as they were fitted on' : 'one text a row, as they were fitted on',
        got: this.readsPairs ? 'one' : 'two',
      });
    }
    let [first, second] = [text, pair ?? ''];
    let lowered = [first.toLowerCase(), second.toLowerCase()] as const;
    let isTruncated = false;
    const { maxLength, truncation = 'longest_first' } = options;
    // A word has one code unit at least.
    if (maxLength !== undefined && lowered[0].length + lowered[1].length > maxLength) {
      const words = [countWords(lowered[0]), countWords(lowered[1])] as const;
      const kept = keptLengths(words[0], pair === undefined ? undefined : words[1], maxLength, truncation);
      isTruncated = kept[0] < words[0] || kept[1] < words[1];
      if (isTruncated) {
        lowered = [firstWords(lowered[0], kept[0]), firstWords(lowered[1], kept[1])];
        [first, second] = [firstWords(first, kept[0]), firstWords(second, kept[1])];
      }
    }
    const inPieces = this.#inPieces && ([this.#inPieces(first), this.#inPieces(second)] as const);
    let end = 0;
    for (const block of this.#blocks) {
      const [one, other] = (hasPieces(block) && inPieces) || lowered;
      if (block.overlap === undefined) end = this.#addBlock(block, block.text === 'first' ? one : other, end);
      else end = this.#addShares(block.from, block.overlap.shares(one, other), end);
    }
    return { ids: this.#ids.subarray(0, end), values: this.#values.subarray(0, end), isTruncated };
  }

  /** The features of texts, or of pairs. @throws OptionError as `row` does; ShapeError for not as many pairs as texts. */
  rows(texts: readonly string[], pairs?: readonly string[], options: TruncationOptions = {}): SparseRows {
    expectAsMany(texts, pairs);
    const starts = new Uint32Array(texts.length + 1);
    let ids = new Uint32Array(256 * texts.length);
    let values = new Float32Array(256 * texts.length);
    let end = 0;
    for (const [i, text] of texts.entries()) {
      const row = this.row(text, pairs?.[i], options);
      if (end + row.ids.length > ids.length) {
        const [oldIds, oldValues, length] = [ids, values, 2 * (end + row.ids.length)];
        ids = new Uint32Array(length);
        values = new Float32Array(length);
        ids.set(oldIds);
        values.set(oldValues);
      }
      ids.set(row.ids, end);
      values.set(row.values, end);
      end += row.ids.length;
      starts[i + 1] = end;
    }
    return { width: this.size, starts, ids: ids.slice(0, end), values: values.slice(0, end) };
  }

  /** Appends the features of a block. @returns the place behind them. */
  #addBlock({ scanner, table, from, df, dfOf }: Block, text: string, start: number): number {
    const grams = scanner.scan(text);
    const counts = this.#counts;
    if (start + grams.count > this.#ids.length) this.#grow(start + grams.count);
    const ids = this.#ids;
    const values = this.#values;
    const idfs = this.#idf;
    let end = start;
    for (let i = 0; i < grams.count; i++) {
      const found = table === undefined ? (grams.hashes[i] as number) % df.length : table.find(grams, i);
      if (found < 0) continue;
      const id = from + found;
      const before = counts[id] as number;
      if (before === 0) ids[end++] = id;
      counts[id] = before + 1;
    }
    ids.subarray(start, end).sort();
    let squares = 0;
    for (let at = start; at < end; at++) {
      const id = ids[at] as number;
      const count = counts[id] as number;
      let idf = idfs[id] as number;
      if (idf === 0) {
        const texts = dfOf === undefined ? (df[id - from] as number) : dfOf(id - from);
        idf = Math.log((1 + this.parts.texts) / (1 + texts)) + 1;
        idfs[id] = idf;
      }
      const value = (count === 1 ? 1 : 1 + Math.log(count)) * idf;
      counts[id] = 0;
      squares += value * value;
      values[at] = value;
    }
    const norm = Math.sqrt(squares);
    for (let at = start; at < end; at++) values[at] = (values[at] as number) / norm;
    return end;
  }

  /** Appends the shares of two texts that are not 0. @returns the place behind them. */
  #addShares(from: number, shares: readonly number[], start: number): number {
    if (start + shares.length > this.#ids.length) this.#grow(start + shares.length);
    let end = start;
    for (const [i, share] of shares.entries()) {
      if (share === 0) continue;
      this.#ids[end] = from + i;
      this.#values[end++] = share;
    }
    return end;
  }

  #grow(least: number): void {
    const [ids, values] = [this.#ids, this.#values];
    this.#ids = new Uint32Array(2 * least);
    this.#values = new Float32Array(2 * least);
    this.#ids.set(ids);
    this.#values.set(values);
  }
}

/** Numbers n-grams as a list has them; those of a list are taken as they are, so they are one slice each. */
function tableOf(grams: readonly string[]): GramTable {
  const table = new GramTable();
  const scanner = new GramScanner('words', [1, 1]);
  for (const gram of grams) table.add(scanner.whole(gram), 0);
  return table;
}

export function hasPieces({ kind }: Pick<NgramBlock, 'kind'>): boolean {
  return kind === 'pieces';
}

/** What n-grams of a kind are found in: a text in lower case, or its pieces with spaces between. */
export function spelling(kind: GramKind, tokenizer?: PieceTokenizer): (text: string) => string {
  if (kind !== 'pieces') return (text) => text.toLowerCase();
  const { pieces } = tokenizer ?? {};
  if (pieces !== undefined) return (text) => pieces(text).join(' ');
  throw new OptionError({
    where: 'n-grams',
    wanted: 'a tokenizer that cuts texts into pieces',
    got: 'one of features',
  });
}

/** @throws ShapeError for not as many pairs as texts. */
export function expectAsMany(texts: readonly string[], pairs: readonly string[] | undefined): void {
  if (pairs === undefined || pairs.length === texts.length) return;
  throw new ShapeError({ where: 'n-grams', wanted: `${texts.length} second texts`, got: String(pairs.length) });
}
