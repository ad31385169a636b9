import { basename, extname } from 'node:path';
import { defaultMetrics } from '../metrics/table.js';
import { type ReadTextTableOptions, readTextTable } from './read-text-table.js';
import type { TaskMetric, TextTask } from './text-task.js';

export type ReadTextTaskOptions = Omit<ReadTextTableOptions, 'name'> & {
  readonly train: string;
  readonly dev?: string;
  readonly test?: string;
  /** Default: the training file's name without its extension. */
  readonly name?: string;
  /** Default: accuracy; for scores Pearson and Spearman. */
  readonly metrics?: readonly TaskMetric[];
};

/**
 * A task from files of one's own with the same columns. Label names that are not given are those of the training file,
 * and no other file may have more; a dev split that is not given can be cut from it with `withDev`.
 * @throws As `readTextTable`.
 */
export async function readTextTask(options: ReadTextTaskOptions): Promise<TextTask> {
  const { train: trainPath, dev, test, metrics, name = basename(trainPath, extname(trainPath)), ...columns } = options;
  const train = await readTextTable(trainPath, { ...columns, name: `${name} train` });
  const isRegression = train.scores !== undefined;
  return {
    name,
    train,
    ...(await readOtherSplits({ name, labelNames: train.labelNames }, { dev, test }, columns)),
    labelNames: train.labelNames,
    metrics: metrics ?? defaultMetrics(isRegression ? 1 : 2),
    isPair: train.pairs !== undefined,
    isRegression,
  };
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
