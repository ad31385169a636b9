/** @file The texts that only a teacher labels: those of a file, and copies of the training rows with words left out. */
import { augmentedRows, type SourceText } from '../../augment/augmentation.js';
import { deletion } from '../../augment/deletion.js';
import { type OpenedTask, openPool } from '../../data/open-task.js';
import { rowsByText } from '../../data/rows-by-text.js';
import { joinTables, selectRows, type TextTable, textTable, withoutLabels } from '../../data/text-table.js';
import type { DistillTextsOptions } from './distill-texts-options.js';

/**
 * The pool of an experiment; undefined where there is none. Copies are made of the rows that are trained on, after the
 * validation split has been cut: of a file of copies nobody knows which are of its rows.
 * @throws as `openPool` and `deletion` do.
 */
export async function poolOf(
  options: DistillTextsOptions,
  task: OpenedTask,
  onNotice: (text: string) => void,
): Promise<TextTable | undefined> {
  const { transfer, transferCopies: copies } = options;
  const given = typeof transfer === 'string' ? await openPool(transfer, options, task, onNotice) : transfer;
  const pool = given && withoutLabels(given);
  if (copies === undefined) return pool;
  const copied = await copiesOf(task.train, copies);
  return pool === undefined ? copied : joinTables(`${pool.name} and ${copied.name}`, { pool, copies: copied });
}

/** No text twice, and none that the training rows have, but for case and blanks. */
async function copiesOf(train: TextTable, copies: number): Promise<TextTable> {
  const rows: SourceText[] = [];
  for await (const { text, pair } of augmentedRows(train, deletion({ copies }))) {
    rows.push({ text, ...(pair !== undefined && { pair }) });
  }
  const all = textTable(`${train.name} with words left out`, {
    texts: rows.map(({ text }) => text),
    ...(train.pairs && { pairs: rows.map(({ pair = '' }) => pair) }),
  });
  const [known, own] = [rowsByText(train), rowsByText(all)];
  const isNew = (row: number) => known.firstLike(all, row) === undefined && own.firstLike(all, row) === row;
  return selectRows(
    all,
    Array.from({ length: all.size }, (_, row) => row).filter((row) => isNew(row)),
  );
}
