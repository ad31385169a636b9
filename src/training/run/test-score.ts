/** @file The test split of a run: the model that a run ends with is scored on it, once, when nothing is left to choose. */
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import type { Weights } from '../../models/model.js';
import { loadModel } from '../../models/saved-model.js';
import { defined } from '../../options/given.js';
import { type Evaluator, openEvaluator } from '../evaluation/evaluate.js';
import type { TrainingEvent } from './events.js';
import { bestKept, type KeptModel, type Monitor } from './kept-models.js';
import type { RunLog } from './run-log.js';
import type { RunOptions } from './run-options.js';
import type { TestRecord } from './run-record.js';

export type TestSplit = {
  readonly data: Pick<Dataset, 'name'>;
  /** That have a label or score. */
  readonly scored: number;
  readonly open: () => Promise<Pick<Evaluator, 'evaluate' | 'release'>>;
};

/** The test split of a run of one task. */
export function testSplit(
  data: Dataset,
  scored: number,
  { model, metrics, threads, device, openEvaluator: open = openEvaluator }: RunOptions,
): TestSplit {
  return { data, scored, open: () => open({ model, data, metrics, threads, device }) };
}

export type EndOfRun = {
  readonly kept: readonly KeptModel[];
  /** Of the last model; absent of one that was fitted at once. */
  readonly epoch?: number | undefined;
  readonly weights: Weights;
};

type Tested = {
  readonly options: Pick<RunOptions, 'outputDir'>;
  readonly monitor: Monitor;
  readonly test?: TestSplit | undefined;
  readonly log: RunLog;
  readonly seconds: () => number;
  readonly emit: (event: TrainingEvent) => void;
};

/**
 * What the model to use scores on the test split: the kept one that ranks first on the validation split, or where none is
 * kept the last. Undefined without a test split.
 */
export async function testScore(
  { options, monitor, test, log, seconds, emit }: Tested,
  { kept, epoch, weights }: EndOfRun,
): Promise<TestRecord | undefined> {
  if (test === undefined) return undefined;
  const best = bestKept(kept, monitor);
  const isLast = best === undefined || best.epoch === epoch;
  const chosen = isLast ? weights : (await loadModel(join(options.outputDir, best.name))).weights;
  const evaluator = await test.open();
  try {
    const { metrics } = await evaluator.evaluate(chosen);
    const after = defined({ epoch: isLast ? epoch : best.epoch });
    const { name } = test.data;
    const event = { type: 'test', ...after, split: name, metrics } as const;
    log.write({ ...event, seconds: seconds() });
    emit(event);
    return { name, rows: test.scored, ...after, metrics };
  } finally {
    await evaluator.release();
  }
}
