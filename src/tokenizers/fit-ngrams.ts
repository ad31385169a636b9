/** @file The n-grams of texts, counted: which of them are features, and in how many texts each is. */
import { OptionError } from '../errors/failures.js';
import { OVERLAPS } from './gram-overlap.js';
import { GramScanner, type Grams } from './gram-scanner.js';
import { GramTable } from './gram-table.js';
import {
  expectAsMany,
  hasPieces,
  type NgramBlock,
  NgramFeatures,
  type NgramRange,
  type PieceTokenizer,
  spelling,
} from './ngram-features.js';

export type NgramOptions = {
  /** Of words, or pieces; null for none. 1 and 2 unless given. */
  readonly words?: NgramRange | null | undefined;
  /** Of characters; null for none. 3 to 5 unless given. */
  readonly chars?: NgramRange | null | undefined;
  /** Its pieces take the place of words. Default: words. */
  readonly tokenizer?: PieceTokenizer | undefined;
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

/**
 * Counts the n-grams of texts, or of pairs, and gives those that are kept numbers: blocks one behind the other (words,
 * characters; first text, second text), within them in the order of their code units. The order of the texts does not
 * matter.
 * @throws OptionError for options that leave no n-grams, and a tokenizer without pieces; ShapeError for not as many pairs as
 *   texts.
 */
export function fitNgrams(
  texts: readonly string[],
  pairs?: readonly string[],
  options: NgramOptions = {},
): NgramFeatures {
  expectAsMany(texts, pairs);
  const { minTexts = ngramDefaults.minTexts, most = Number.POSITIVE_INFINITY, buckets, tokenizer } = options;
  for (const [where, value] of Object.entries({ minTexts, most, buckets: buckets ?? 1 })) {
    if (value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(value) });
  }
  const wanted = wantedBlocks(pairs !== undefined, options);
  const counted = wanted.map(({ text, kind, range }) => {
    const scans = scansOf(text === 'first' ? texts : (pairs ?? []), { kind, range }, tokenizer);
    if (buckets === undefined) return { text, kind, range, ...listed(scans, minTexts) };
    return { text, kind, range, df: hashed(scans, Math.max(1, Math.floor(buckets / wanted.length))) };
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
  return new NgramFeatures({ texts: texts.length, blocks, ...(blocks.some(hasPieces) && { tokenizer }) });
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
  const { words = ngramDefaults.words, chars = ngramDefaults.chars, tokenizer } = options;
  const kind = tokenizer === undefined ? 'words' : 'pieces';
  const blocks = (['first', ...(isPair ? (['second'] as const) : [])] as const).flatMap((text) => [
    ...(words === null ? [] : [{ text, kind, range: checkedRange('words', words) } as const]),
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

/** The n-grams of each text; they hold until the next. */
function* scansOf(
  texts: readonly string[],
  { kind, range }: Pick<NgramBlock, 'kind' | 'range'>,
  tokenizer: PieceTokenizer | undefined,
): Generator<Grams> {
  const scanner = new GramScanner(kind, range);
  const spell = spelling(kind, tokenizer);
  for (const text of texts) yield scanner.scan(spell(text));
}

/** N-grams that enough texts have, in the order of their code units. */
function listed(scans: Iterable<Grams>, minTexts: number) {
  const table = new GramTable();
  let df = new Uint32Array(1024);
  let last = new Int32Array(1024).fill(-1);
  let row = -1;
  for (const grams of scans) {
    row++;
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
function hashed(scans: Iterable<Grams>, buckets: number): number[] {
  const df = new Uint32Array(buckets);
  const last = new Int32Array(buckets).fill(-1);
  let row = -1;
  for (const grams of scans) {
    row++;
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
