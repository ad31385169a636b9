/** @file Texts for a teacher that makes ids of them in its own way, whatever the student's tokenizer is. */
import type { Dataset } from '../data/dataset.js';
import { type TextReader, textDataset } from '../data/text-dataset.js';
import { selectRows, type TextTable } from '../data/text-table.js';
import { OptionError, SignalError } from '../errors/failures.js';
import type { FrozenForward } from '../models/forward.js';
import { type Tokenizer, type TruncationOptions, usualLength } from '../tokenizers/tokenizer.js';
import { runForward } from './model-teacher.js';
import type { RowValues } from './teacher.js';

/** Rows of text, with or without a tokenizer. */
export type TextSource = Pick<Dataset, 'name' | 'size'> & { readonly text?: { readonly table: TextTable } };

/**
 * The texts of rows, in their order.
 * @throws SignalError for data that is no text.
 */
export function textsOf(data: TextSource, rows: ArrayLike<number>, where: string): TextTable {
  if (data.text !== undefined) return selectRows(data.text.table, rows);
  throw new SignalError({
    where,
    wanted: 'rows of text',
    got: `${data.name}, which has none`,
    fix: 'use a teacher of its kind',
  });
}

export type OwnReader = { readonly tokenizer: Tokenizer; readonly model: TextReader; readonly cut: TruncationOptions };

/** Runs a model on the texts of rows, with its own tokenizer. */
export async function runOnTexts(
  forward: Pick<FrozenForward, 'signals' | 'run'>,
  { tokenizer, model, cut }: OwnReader,
  data: Dataset,
  rows: Uint32Array,
  where: string,
): Promise<RowValues> {
  const own = textDataset(textsOf(data, rows, where), tokenizer, { model, ...cut });
  return runForward(forward, own, Uint32Array.from(rows.keys()), where);
}

/**
 * How a teacher cuts its texts: as told, else to its tokenizer's usual length or what it has positions for.
 * @throws OptionError for more tokens than that.
 */
export function ownCut(
  { maxLength, truncation }: TruncationOptions,
  tokenizer: Tokenizer,
  positions: number | undefined,
  where: string,
): TruncationOptions & { readonly maxLength: number } {
  const most = positions ?? Infinity;
  if (maxLength !== undefined && maxLength > most) {
    throw new OptionError({
      where: `${where}, maxLength`,
      wanted: `at most ${most}, its maximum`,
      got: String(maxLength),
    });
  }
  return { maxLength: maxLength ?? Math.min(usualLength(tokenizer), most), ...(truncation && { truncation }) };
}
