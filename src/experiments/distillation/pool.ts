/** @file The texts that only a teacher labels: those of a file, and copies of the training rows with words left out. */
import { augmentedRows, type SourceText, sourceTextOf } from '../../augment/augmentation.js';
import { deletion } from '../../augment/deletion.js';
import { type OpenedTask, openPool } from '../../data/open-task.js';
import { joinTables, type TextTable, textTable, withoutLabels } from '../../data/text-table.js';
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

async function copiesOf(train: TextTable, copies: number): Promise<TextTable> {
  const known = new Set(Array.from({ length: train.size }, (_, row) => keyOf(sourceTextOf(train, row))));
  const rows: SourceText[] = [];
  for await (const { text, pair } of augmentedRows(train, deletion({ copies }))) {
    const row = { text, ...(pair !== undefined && { pair }) };
    const key = keyOf(row);
    if (known.has(key)) continue;
    known.add(key);
    rows.push(row);
  }
  return textTable(`${train.name} with words left out`, {
    texts: rows.map(({ text }) => text),
    ...(train.pairs && { pairs: rows.map(({ pair = '' }) => pair) }),
  });
}

/** Texts that differ in case and blanks alone are one. */
function keyOf({ text, pair = '' }: SourceText): string {
  return [text, pair].map((one) => one.trim().replaceAll(/\s+/gu, ' ').toLowerCase()).join('\n');
}
