/** @file The linear baseline on one seed: fitted to the labelled rows, scored on the rows that students are scored on. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import { makeFolder } from '../../files/make-folder.js';
import type { JudgedMetric } from '../../metrics/table.js';
import { saveModel } from '../../models/saved-model.js';
import type { TextModel } from '../../models/text-model.js';
import { sizeOf } from '../../tensor/shape.js';
import { STRENGTHS } from '../../training/linear/fit-linear.js';
import { fitLinearModel } from '../../training/linear/linear-model.js';
import { LAST } from '../../training/run/run-files.js';
import type { TimedResult } from '../arm-run.js';
import type { DistillationArm } from './arms.js';
import { type ArmOptions, resultOf } from './train-arm.js';

export type BaselineOptions = {
  readonly train: TextTable;
  readonly evaluation: TextTable;
  /** What is measured; the first is the score. */
  readonly metrics: readonly [JudgedMetric, ...JudgedMetric[]];
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the search for the strength is done, 0 … 1. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
};

/**
 * The linear baseline of an experiment on one seed: the model, and the result that its arm has.
 * @throws as `fitLinearModel` does.
 */
export async function fitBaseline(
  options: BaselineOptions,
): Promise<{ readonly fitted: TextModel; readonly result: TimedResult }> {
  const { train, evaluation, metrics, seed, threads, signal, onFraction } = options;
  const begun = performance.now();
  let tried = 0;
  const { fit, ...fitted } = await fitLinearModel(train, {
    ...{ seed, signal },
    onStrength: () => onFraction?.(++tried / (STRENGTHS.length + 1)),
  });
  const { model, weights, tokenizer } = fitted;
  const data = { evaluation: textDataset(evaluation, tokenizer, { model }) };
  const scored = await resultOf(model, weights, { data, metrics, threads });
  const { loss, strength, C, innerScore = null, temperature } = fit;
  const parameters = Object.values(weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const details = { loss, strength, C, innerScore, temperature };
  return { fitted, result: { ...scored, seconds: (performance.now() - begun) / 1000, parameters, details } };
}

/**
 * The arm of the baseline. Its folder then holds a model as that of a run does. It takes seconds, so that a fit that was
 * killed is begun again.
 * @throws as `fitBaseline` does; OptionError for rows that are no texts.
 */
export async function baselineArm(
  _arm: DistillationArm,
  options: ArmOptions & Pick<BaselineOptions, 'onFraction'>,
): Promise<TimedResult> {
  const { data, outputDir, isKept } = options;
  const { fitted, result } = await fitBaseline({
    ...options,
    train: textsOf(data.train),
    evaluation: textsOf(data.evaluation),
  });
  await rm(join(outputDir, LAST), { recursive: true, force: true });
  await makeFolder(outputDir);
  if (isKept) await saveModel(join(outputDir, LAST), fitted);
  return result;
}

/** Features of a letter, and what one feature of a row takes in a whole search, and for each class beside. */
const COST = { features: 2.5, microseconds: 2, microsecondsPerClass: 0.065 } as const;

/**
 * About how many seconds a fit takes, from what it took on three sets (TREC, BANKING77, SST-2, of 0.7 to 8 million features in
 * their rows; AMD EPYC, Zen 5): too little beside students to be timed.
 */
export function secondsToFit(texts: readonly string[], classes: number): number {
  const letters = texts.reduce((total, text) => total + text.length, 0);
  return (COST.features * letters * (COST.microseconds + COST.microsecondsPerClass * classes)) / 1e6;
}

function textsOf({ name, text }: Dataset): TextTable {
  if (text !== undefined) return text.table;
  throw new OptionError({ where: name, wanted: 'texts, of which n-grams can be counted', got: 'other rows' });
}
