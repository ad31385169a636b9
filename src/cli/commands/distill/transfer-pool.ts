/** @file `--transfer`: texts that only the teacher answers. */
import { basename, extname } from 'node:path';
import { readTextTable } from '../../../data/read-text-table.js';
import { type TextTable, withoutLabels } from '../../../data/text-table.js';
import type { CommandIo } from '../../command.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { TrainingTask } from '../train/training-task.js';
import type { distillUsage } from './usage.js';

type Options = OptionValues<typeof distillUsage.options>;

/**
 * The texts of the file, in the columns of the data; those of a data set by name are `text` and `pair`.
 * @throws FileError for rows that cannot be read, unless they are to be skipped, and as `readTextTable` does.
 */
export async function readPool(
  path: string,
  { textColumn, pairColumn, badRows }: Options,
  { isPair }: TrainingTask,
  { notice }: CommandIo,
): Promise<TextTable> {
  let skipped = 0;
  const isPlain = extname(path).toLowerCase() === '.txt';
  const table = await readTextTable(path, {
    ...(!isPlain && textColumn !== undefined && { text: textColumn }),
    ...(isPair && { pair: pairColumn ?? 'pair' }),
    ...(!isPlain && { label: null }),
    name: basename(path),
    ...(badRows === 'skip' && { onBadRow: () => (skipped += 1) }),
  });
  if (skipped > 0) notice(`left out ${formatCount(skipped)} rows of ${path} that cannot be read`);
  return withoutLabels(table);
}
