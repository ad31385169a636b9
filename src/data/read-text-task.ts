import { basename, extname } from 'node:path';
import { FileError, OptionError } from '../errors/failures.js';
import { defaultMetrics } from '../metrics/table.js';
import { NO_LABEL } from '../tensor/no-label.js';
import type { ColumnName } from './formats/table-rows.js';
import { unknownLabel } from './label-column.js';
import { readSplitRows, readTextTable } from './read-text-table.js';
import type { ReadTextTableOptions, SplitRows } from './table-of-rows.js';
import { labelCounts, selectRows, type TextTable } from './text-table.js';
import { SPLITS, type SplitName, type TaskMetric, type TextTask } from './text-task.js';

export type ReadTextTaskOptions = Omit<ReadTextTableOptions, 'name'> & {
  readonly train: string;
  readonly dev?: string;
  readonly test?: string;
  /**
   * The column of the training file that says which split a row is of: train, dev (or validation, valid, val) or test, in
   * any case. Default: `split` where there is one; null reads none.
   */
  readonly split?: ColumnName | null;
  /** Default: the training file's name without its extension. */
  readonly name?: string;
  /** Default: accuracy; for scores Pearson and Spearman. */
  readonly metrics?: readonly TaskMetric[];
};

/**
 * A task from files of one's own with the same columns, or from one with a column of splits. Label names that are not given
 * are those of the training rows, and no other split may have more; a dev split that is not given can be cut from the
 * training rows with `withDev`.
 * @throws As `readTextTable`; OptionError for a split that is both a file and in the column.
 */
export async function readTextTask(options: ReadTextTaskOptions): Promise<TextTask> {
  const {
    train: trainPath,
    dev,
    test,
    split,
    metrics,
    name = basename(trainPath, extname(trainPath)),
    ...columns
  } = options;
  const rows = await readSplitRows(trainPath, { ...columns, split, name: `${name} train` });
  const splits = splitsOf(rows, { path: trainPath, name, onBadRow: columns.onBadRow });
  expectOnce(trainPath, splits, { dev, test });
  const { train } = splits;
  const isRegression = train.scores !== undefined;
  return {
    name,
    ...splits,
    ...(await readOtherSplits({ name, labelNames: train.labelNames }, { dev, test }, columns)),
    labelNames: train.labelNames,
    metrics: metrics ?? defaultMetrics(isRegression ? 1 : 2),
    isPair: train.pairs !== undefined,
    isRegression,
  };
}

type Splits = Pick<TextTask, 'dev' | 'test'> & { readonly train: TextTable };
type BadRowTold = { readonly path: string; readonly onBadRow?: ((failure: FileError) => void) | undefined };

/** The rows of each split that there is. @throws FileError for none of training, and for a label that only others have. */
function splitsOf(
  { table, splits, hasFoundNames }: SplitRows,
  { path, name, onBadRow }: BadRowTold & { readonly name: string },
): Splits {
  if (splits === undefined) return { train: table };
  const tables = SPLITS.flatMap((split, place) => {
    const rows = [...splits.keys()].filter((row) => splits[row] === place);
    return rows.length === 0 ? [] : [[split, selectRows(table, rows, `${name} ${split}`)] as const];
  });
  const { train, ...others }: Partial<Record<SplitName, TextTable>> = Object.fromEntries(tables);
  if (train === undefined) {
    const got = `${Object.keys(others).join(' and ')} alone`;
    const fix =
      'add rows of the split train, or say that the column is none: --split_column none (split: null in code)';
    throw new FileError({ where: path, wanted: 'training rows in the column of splits', got, fix });
  }
  const counts = labelCounts(train);
  const names = train.labelNames.filter((_, label) => (counts[label] ?? 0) > 0);
  // What nobody learns is no class, but of training rows without any label the others may know the classes.
  const isKept = !hasFoundNames || names.length === 0 || names.length === train.labelNames.length;
  const named = (one: TextTable | undefined) => one && (isKept ? one : withLabelNames(one, names, { path, onBadRow }));
  const { dev, test } = { dev: named(others.dev), test: named(others.test) };
  return { train: named(train) ?? train, ...(dev && { dev }), ...(test && { test }) };
}

/**
 * The rows with their labels as numbers into other names; rows with a label that is none of them are bad rows.
 * @throws FileError for the first of these, unless somebody is told of them.
 */
export function withLabelNames(
  table: TextTable,
  labelNames: readonly string[],
  { path, onBadRow }: BadRowTold,
): TextTable {
  const { labels, labelNames: before } = table;
  if (labels === undefined) return { ...table, labelNames };
  const numberOf = before.map((name) => labelNames.indexOf(name));
  const renumbered = labels.map((label) => (label === NO_LABEL ? NO_LABEL : (numberOf[label] ?? -1)));
  const rows = [...renumbered.keys()].filter((row) => {
    if (renumbered[row] !== -1) return true;
    const where = `${path}, row ${table.ids[row]} (${table.name})`;
    const failure = unknownLabel(before[labels[row] as number] ?? '', labelNames, where, 'labelNames');
    if (onBadRow === undefined) throw failure;
    onBadRow(failure);
    return false;
  });
  const kept = rows.length === table.size ? table : selectRows(table, rows);
  return { ...kept, labels: Int32Array.from(rows, (row) => renumbered[row] as number), labelNames };
}

/** @throws OptionError for a split that is both a file and in the column. */
export function expectOnce(
  path: string,
  inColumn: Pick<TextTask, 'dev' | 'test'>,
  files: { readonly dev?: string | null | undefined; readonly test?: string | null | undefined },
): void {
  const where = (['dev', 'test'] as const).find((name) => inColumn[name] !== undefined && files[name] != null);
  if (where === undefined) return;
  throw new OptionError({
    where,
    wanted: `no file: the column of splits of ${path} has these rows`,
    got: files[where] ?? '',
    fix: 'leave it out, or say that the column is none: --split_column none (split: null in code)',
  });
}

/**
 * The splits beside the training rows, whose label names they have. Names that were found take the place of the map that
 * led to them only where there is none.
 * @throws As `readTextTable`.
 */
export async function readOtherSplits(
  { name, labelNames }: Pick<TextTask, 'name' | 'labelNames'>,
  { dev, test }: { readonly dev?: string | undefined; readonly test?: string | undefined },
  columns: Omit<ReadTextTableOptions, 'name'>,
): Promise<Pick<TextTask, 'dev' | 'test'>> {
  const shared = labelNames.length > 0 && columns.labelMap === undefined ? { ...columns, labelNames } : columns;
  return {
    ...(dev !== undefined && { dev: await readTextTable(dev, { ...shared, name: `${name} dev` }) }),
    ...(test !== undefined && { test: await readTextTable(test, { ...shared, name: `${name} test` }) }),
  };
}
