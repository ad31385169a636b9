/**
 * @file A text as numbers by the n-grams that it has: TF-IDF as scikit-learn's `TfidfVectorizer` computes it, of words and
 * of characters within words, each normalised by itself (a `FeatureUnion` of two).
 *   tf = 1 + ln(occurrences)          `sublinear_tf`
 *   idf = ln((1 + N) / (1 + df)) + 1  `smooth_idf`; N texts, df of them with the n-gram
 *   value = tf · idf, over the L2 norm of its block
 * Departures: texts are lower-cased; words are runs of letters, marks, digits and underscores of any length, and every
 * other mark is a word of its own; where a most is asked for, n-grams are kept by df and not by occurrences. Of two texts
 * each has blocks of its own, so that a word of the first and of the second are two features; what they have in common is
 * told by shares (`GramOverlap`), for words of each n and for characters.
 */
import { OptionError, ShapeError } from '../errors/failures.js';
import type { SparseRows } from '../tensor/sparse-rows.js';
import { GramOverlap, OVERLAPS } from './gram-overlap.js';
import { countWords, firstWords, type GramKind, GramScanner } from './gram-scanner.js';
import { GramTable } from './gram-table.js';
import type { TruncationOptions } from './tokenizer.js';
import { keptLengths } from './truncation.js';

/** The least and the most n. */
export type NgramRange = readonly [least: number, most: number];

export type NgramOptions = {
  /** Of words; null for none. 1 and 2 unless given. */
  readonly words?: NgramRange | null | undefined;
  /** Of characters; null for none. 3 to 5 unless given. */
  readonly chars?: NgramRange | null | undefined;
  /** In how many texts an n-gram has to occur. 1 unless given. */
  readonly minTexts?: number | undefined;
  /** The most features: those that the most texts have, of each block in proportion to its size. Default: all. */
  readonly most?: number | undefined;
  /** Hash n-grams to so many numbers in place of a list: for texts without end. */
  readonly buckets?: number | undefined;
};

export const ngramDefaults = { words: [1, 2], chars: [3, 5], minTexts: 1 } as const satisfies NgramOptions;

/** From so many texts on. */
const MANY_TEXTS = 5000;

/**
 * In how many texts an n-gram has to occur where nobody says so or bounds the features: of many texts in two. Half of the
 * features are in one row alone, and leaving them out costs nothing there (BANKING77 91.7 %, 91.9 with them; TREC 91.2, 89.8).
 * On 500 rows of SST-2 it costs 1.3 points.
 */
export function usualMinTexts(texts: number): number {
  return texts < MANY_TEXTS ? 1 : 2;
}

/** N-grams of one kind in one of the texts of a row, or `both`: the shares of them that the two texts have in common. */
export type NgramBlock = {
  readonly text: 'first' | 'second' | 'both';
  readonly kind: GramKind;
  readonly range: NgramRange;
  /** In the order of their numbers; absent of hashed ones, and of shares. */
  readonly grams?: readonly string[] | undefined;
  /** How many of the texts have each n-gram, or each bucket; of shares, one each, all of them. */
  readonly df: ArrayLike<number>;
};

/** What features are made of, from which they can be made again. */
export type NgramParts = {
  /** N: texts that the n-grams were counted in. */
  readonly texts: number;
  readonly blocks: readonly NgramBlock[];
};

/** The features of one row: numbers in ascending order, none twice. They hold until the next row. */
export type NgramRow = {
  readonly ids: Uint32Array;
  readonly values: Float32Array;
  /** Whether words were left out. */
  readonly isTruncated: boolean;
};

type Block = NgramBlock & {
  readonly scanner: GramScanner;
  /** Absent of hashed n-grams. */
  readonly table: GramTable | undefined;
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
  /** [F] */
  readonly #idf: Float64Array;
  /** [F]: occurrences in the row under way; zero between rows. */
  readonly #counts: Uint32Array;
  #ids = new Uint32Array(256);
  #values = new Float32Array(256);

  constructor(parts: NgramParts) {
    this.parts = parts;
    let from = 0;
    this.#blocks = parts.blocks.map((block) => {
      const { text, kind, range, grams, df } = block;
      const overlap = text === 'both' ? new GramOverlap(kind, range) : undefined;
      const made = { ...block, scanner: new GramScanner(kind, range), table: grams && tableOf(grams), overlap, from };
      from += df.length;
      return made;
    });
    this.size = from;
    this.readsPairs = parts.blocks.some(({ text }) => text === 'second');
    this.#counts = new Uint32Array(from);
    this.#idf = Float64Array.from(
      parts.blocks.flatMap(({ df }) => Array.from(df, (texts) => Math.log((1 + parts.texts) / (1 + texts)) + 1)),
    );
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
   * @param options.maxLength words of the row at most, punctuation marks included; all unless given.
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
    let first = text.toLowerCase();
    let second = pair?.toLowerCase() ?? '';
    let isTruncated = false;
    const { maxLength, truncation = 'longest_first' } = options;
    // A word has one code unit at least.
    if (maxLength !== undefined && first.length + second.length > maxLength) {
      const words = [countWords(first), countWords(second)] as const;
      const kept = keptLengths(words[0], pair === undefined ? undefined : words[1], maxLength, truncation);
      isTruncated = kept[0] < words[0] || kept[1] < words[1];
      if (isTruncated) [first, second] = [firstWords(first, kept[0]), firstWords(second, kept[1])];
    }
    let end = 0;
    for (const block of this.#blocks) {
      if (block.overlap === undefined) end = this.#addBlock(block, block.text === 'first' ? first : second, end);
      else end = this.#addShares(block.from, block.overlap.shares(first, second), end);
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
  #addBlock({ scanner, table, from, df }: Block, text: string, start: number): number {
    const grams = scanner.scan(text);
    const counts = this.#counts;
    if (start + grams.count > this.#ids.length) this.#grow(start + grams.count);
    const ids = this.#ids;
    const values = this.#values;
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
      const value = (count === 1 ? 1 : 1 + Math.log(count)) * (this.#idf[id] as number);
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

/**
 * Counts the n-grams of texts, or of pairs, and gives those that are kept numbers: blocks one behind the other (words,
 * characters; first text, second text), within them in the order of their code units. The order of the texts does not
 * matter.
 * @throws OptionError for options that leave no n-grams; ShapeError for not as many pairs as texts.
 */
export function fitNgrams(
  texts: readonly string[],
  pairs?: readonly string[],
  options: NgramOptions = {},
): NgramFeatures {
  expectAsMany(texts, pairs);
  const { minTexts = ngramDefaults.minTexts, most = Number.POSITIVE_INFINITY, buckets } = options;
  for (const [where, value] of Object.entries({ minTexts, most, buckets: buckets ?? 1 })) {
    if (value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(value) });
  }
  const wanted = wantedBlocks(pairs !== undefined, options);
  const counted = wanted.map(({ text, kind, range }) => {
    const read = text === 'first' ? texts : (pairs ?? []);
    if (buckets === undefined) return { text, kind, range, ...listed(read, kind, range, minTexts) };
    return { text, kind, range, df: hashed(read, kind, range, Math.max(1, Math.floor(buckets / wanted.length))) };
  });
  const total = counted.reduce((sum, { df }) => sum + df.length, 0);
  const share = Math.min(1, most / total);
  const blocks: NgramBlock[] = counted.map((block) =>
    share < 1 ? keptOf(block, Math.floor(block.df.length * share)) : block,
  );
  if (blocks.every(({ df }) => df.length === 0)) {
    throw new OptionError({
      where: 'n-grams',
      wanted: `texts with n-grams that ${minTexts} of them have`,
      got: `none in ${texts.length} texts`,
    });
  }
  if (pairs !== undefined) blocks.push(...overlapBlocks(wanted, texts.length));
  return new NgramFeatures({ texts: texts.length, blocks });
}

/** Of words those of each n by itself: texts of the same words in another order share fewer of two. */
function overlapBlocks(wanted: readonly Pick<NgramBlock, 'text' | 'kind' | 'range'>[], texts: number): NgramBlock[] {
  return wanted
    .filter(({ text }) => text === 'first')
    .flatMap(({ kind, range: [least, most] }) => {
      const ranges: readonly NgramRange[] =
        kind === 'chars' ? [[least, most]] : Array.from({ length: most - least + 1 }, (_, i) => [least + i, least + i]);
      return ranges.map((range) => ({ text: 'both', kind, range, df: OVERLAPS.map(() => texts) }) as const);
    });
}

function wantedBlocks(isPair: boolean, options: NgramOptions): Pick<NgramBlock, 'text' | 'kind' | 'range'>[] {
  const { words = ngramDefaults.words, chars = ngramDefaults.chars } = options;
  const blocks = (['first', ...(isPair ? (['second'] as const) : [])] as const).flatMap((text) => [
    ...(words === null ? [] : [{ text, kind: 'words', range: checkedRange('words', words) } as const]),
    ...(chars === null ? [] : [{ text, kind: 'chars', range: checkedRange('chars', chars) } as const]),
  ]);
  if (blocks.length > 0) return blocks;
  throw new OptionError({ where: 'n-grams', wanted: 'n-grams of words, of characters, or of both', got: 'neither' });
}

function checkedRange(where: string, range: NgramRange): NgramRange {
  const [least, most] = range;
  if (range.length === 2 && Number.isInteger(least) && Number.isInteger(most) && least >= 1 && least <= most) {
    return [least, most];
  }
  throw new OptionError({ where, wanted: 'the least and the most n, from 1', got: JSON.stringify(range) });
}

/** N-grams that enough texts have, in the order of their code units. */
function listed(texts: readonly string[], kind: GramKind, range: NgramRange, minTexts: number) {
  const table = new GramTable();
  const scanner = new GramScanner(kind, range);
  let df = new Uint32Array(1024);
  let last = new Int32Array(1024).fill(-1);
  for (const [row, text] of texts.entries()) {
    const grams = scanner.scan(text.toLowerCase());
    for (let i = 0; i < grams.count; i++) {
      const number = table.add(grams, i);
      if (number === df.length) {
        const [oldDf, oldLast] = [df, last];
        df = new Uint32Array(2 * number);
        last = new Int32Array(2 * number).fill(-1);
        df.set(oldDf);
        last.set(oldLast);
      }
      if (last[number] === row) continue;
      last[number] = row;
      df[number] = (df[number] as number) + 1;
    }
  }
  const kept: { gram: string; df: number }[] = [];
  for (let number = 0; number < table.size; number++) {
    const count = df[number] as number;
    if (count >= minTexts) kept.push({ gram: table.textOf(number), df: count });
  }
  kept.sort((a, b) => (a.gram < b.gram ? -1 : 1));
  return { grams: kept.map(({ gram }) => gram), df: kept.map((one) => one.df) };
}

/** How many texts have an n-gram of each bucket. */
function hashed(texts: readonly string[], kind: GramKind, range: NgramRange, buckets: number): number[] {
  const scanner = new GramScanner(kind, range);
  const df = new Uint32Array(buckets);
  const last = new Int32Array(buckets).fill(-1);
  for (const [row, text] of texts.entries()) {
    const grams = scanner.scan(text.toLowerCase());
    for (let i = 0; i < grams.count; i++) {
      const bucket = (grams.hashes[i] as number) % buckets;
      if (last[bucket] === row) continue;
      last[bucket] = row;
      df[bucket] = (df[bucket] as number) + 1;
    }
  }
  return Array.from(df);
}

/** The n-grams that the most texts have; of those with as many the first in the order of their code units. */
function keptOf<T extends NgramBlock>(block: T, most: number): T {
  const { grams, df } = block;
  if (grams === undefined) return block;
  const order = Array.from(grams.keys()).sort((a, b) => (df[b] as number) - (df[a] as number) || a - b);
  const kept = order.slice(0, most).sort((a, b) => a - b);
  return { ...block, grams: kept.map((i) => grams[i] as string), df: kept.map((i) => df[i] as number) };
}

function expectAsMany(texts: readonly string[], pairs: readonly string[] | undefined): void {
  if (pairs === undefined || pairs.length === texts.length) return;
  throw new ShapeError({ where: 'n-grams', wanted: `${texts.length} second texts`, got: String(pairs.length) });
}
