import { FileError } from '../errors/failures.js';
import type { JudgedMetric } from '../metrics/table.js';
import type { TextTable } from './text-table.js';

/** How a task is scored; the first of a task's metrics is the one to choose models by. */
export type TaskMetric = JudgedMetric;

/** A data set and how it is scored. A split that its source does not have, or that is not in the folder, is absent. */
export type TextTask = {
  readonly name: string;
  readonly train?: TextTable;
  readonly dev?: TextTable;
  readonly test?: TextTable;
  /** In the order of the label numbers; empty for regression. */
  readonly labelNames: readonly string[];
  readonly metrics: readonly TaskMetric[];
  readonly isPair: boolean;
  readonly isRegression: boolean;
  /** What to do about a split that is absent, by its name. */
  readonly advice?: Readonly<Partial<Record<SplitName, string>>>;
};

export const SPLITS = ['train', 'dev', 'test'] as const;
export type SplitName = (typeof SPLITS)[number];

/**
 * A split of a task.
 * @throws FileError for one that is absent, with what to do about it.
 */
export function splitOf(task: TextTask, split: SplitName): TextTable {
  const table = task[split];
  if (table !== undefined) return table;
  const present = SPLITS.filter((name) => task[name] !== undefined);
  throw new FileError({
    where: task.name,
    wanted: `a split '${split}'`,
    got: `${present.length === 0 ? 'none' : present.join(' and ')} only`,
    fix: task.advice?.[split] ?? (split === 'dev' ? 'cut one from train with withDev' : 'add its file'),
  });
}
