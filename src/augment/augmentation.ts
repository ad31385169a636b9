/** @file What makes new texts of old ones, row by row: the contract of every augmentation. */
import { createHash } from 'node:crypto';
import type { TextTable } from '../data/text-table.js';
import { OptionError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';

/** A text, or a pair of them. */
export type SourceText = { readonly text: string; readonly pair?: string };

/** A text without a label, for a teacher to label. */
export type AugmentedRow = SourceText & {
  /** `FROM/N`, N the number of the copy from 1; 0 is the row itself. */
  readonly id: string;
  /** The id of the row that it was made of. */
  readonly from: string;
};

export type Augmentation = {
  readonly name: string;
  /** What its texts depend on besides the row and the seed: options, hashes of files and models. Plain JSON. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** New texts, in their order; some may be equal. A function of the text and of what the stream gives. */
  copies(source: SourceText, random: RandomStream): readonly SourceText[] | Promise<readonly SourceText[]>;
  release?(): Promise<void>;
};

export type AugmentOptions = {
  /** What a row's texts are drawn from, together with its id. Default: 42. */
  readonly seed?: number;
  /** Whether each row itself comes before its copies. Default: false, as a pool that joins its rows needs none. */
  readonly hasOriginals?: boolean;
};

export const AUGMENT_SEED = 42;

/** @throws OptionError unless it is an integer ≥ 1. */
export function expectCopies(copies: number): void {
  if (Number.isInteger(copies) && copies >= 1) return;
  throw new OptionError({ where: 'copies', wanted: 'an integer ≥ 1', got: String(copies) });
}

/** Which texts of a pair the copies change, in turn. */
const TURNS: readonly (readonly [first: boolean, second: boolean])[] = [
  [true, false],
  [false, true],
  [true, true],
];

/** So many copies of a text or pair by a rule for one text; of a pair the first, the second, and both, in turn. */
export function changedCopies(
  { text, pair }: SourceText,
  count: number,
  change: (text: string) => string,
): readonly SourceText[] {
  return Array.from({ length: count }, (_, i): SourceText => {
    if (pair === undefined) return { text: change(text) };
    const [first, second] = TURNS[i % TURNS.length] ?? [true, true];
    return { text: first ? change(text) : text, pair: second ? change(pair) : pair };
  });
}

/** The row of a table as a text. */
export function sourceTextOf({ texts, pairs }: TextTable, row: number): SourceText {
  const pair = pairs?.[row];
  return { text: texts[row] as string, ...(pair !== undefined && { pair }) };
}

/**
 * The new texts of one row: without those that are equal to the row or to another of its copies. A function of the row
 * with its id, the augmentation and the seed, wherever in a table the row stands.
 */
export async function copiesOfRow(
  { id, ...source }: SourceText & { readonly id: string },
  augmentation: Augmentation,
  { seed = AUGMENT_SEED, hasOriginals = false }: AugmentOptions = {},
): Promise<readonly AugmentedRow[]> {
  const made = await augmentation.copies(source, new RandomStream(seed, `augment/${id}`));
  const seen = new Set([keyOf(source)]);
  const rows: AugmentedRow[] = hasOriginals ? [{ id: `${id}/0`, from: id, ...source }] : [];
  for (const [i, copy] of made.entries()) {
    const key = keyOf(copy);
    if (seen.has(key) || copy.text.trim() === '') continue;
    seen.add(key);
    rows.push({ id: `${id}/${i + 1}`, from: id, ...copy });
  }
  return rows;
}

/** Texts that differ in spaces alone are equal. */
function keyOf({ text, pair }: SourceText): string {
  const plain = (words: string) => words.trim().replace(/\s+/gu, ' ');
  return JSON.stringify([plain(text), ...(pair === undefined ? [] : [plain(pair)])]);
}

/** The new texts of a table, row by row in its order: nothing is held but the row under way. */
export async function* augmentedRows(
  table: TextTable,
  augmentation: Augmentation,
  options: AugmentOptions = {},
): AsyncGenerator<AugmentedRow, void> {
  for (let row = 0; row < table.size; row++) {
    yield* await copiesOfRow({ id: table.ids[row] as string, ...sourceTextOf(table, row) }, augmentation, options);
  }
}

/** SHA-256 over ids and texts of a table. */
export function textsHash(table: TextTable): string {
  const hash = createHash('sha256');
  for (let row = 0; row < table.size; row++) {
    // JSON tells where one text ends and the next begins.
    const { text, pair } = sourceTextOf(table, row);
    hash.update(JSON.stringify([table.ids[row], text, pair]));
  }
  return hash.digest('hex');
}
