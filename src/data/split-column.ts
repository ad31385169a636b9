/** @file A column that says which split each row of a file is of. */
import { FileError } from '../errors/failures.js';
import { BAD_ROW_FIX, quoted } from './formats/table-rows.js';
import { SPLITS, type SplitName } from './text-task.js';

/** In the place of a column of splits, or of a test split. */
export const NO_SPLIT = 'none';

/** What cells hold, in lower case. */
const NAMES: Readonly<Record<string, SplitName>> = {
  train: 'train',
  dev: 'dev',
  validation: 'dev',
  valid: 'dev',
  val: 'dev',
  test: 'test',
};

/** Whether a column of such cells says which split rows are of. */
export function isSplitName(cell: string): boolean {
  return Object.hasOwn(NAMES, cell.trim().toLowerCase());
}

/**
 * The place of a cell's split among `SPLITS`, or what is wrong with the cell.
 * @param isByName Nobody has said that the column is one of splits but its name.
 */
export function readSplit(cell: string | undefined, where: string, isByName: boolean): number | FileError {
  const written = cell?.trim() ?? '';
  const split = isSplitName(written) ? NAMES[written.toLowerCase()] : undefined;
  if (split !== undefined) return SPLITS.indexOf(split);
  return new FileError({
    where,
    wanted: 'train, dev (or validation, valid, val) or test in the column of splits',
    got: written === '' ? 'an empty cell' : quoted(written),
    fix: isByName
      ? `${BAD_ROW_FIX}; if this column is no split, give --split_column none (split: null in code)`
      : BAD_ROW_FIX,
  });
}
