/** @file The linear baseline on one seed: fitted to the labelled rows, scored on the rows that students are scored on. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { textDataset } from '../../data/text-dataset.js';
import type { TextTable } from '../../data/text-table.js';
import { OptionError } from '../../errors/failures.js';
import { makeFolder } from '../../files/make-folder.js';
import type { JudgedMetric } from '../../metrics/table.js';
import type { Model } from '../../models/model.js';
import { saveModel } from '../../models/saved-model.js';
import type { TextModel } from '../../models/text-model.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Tokenizer } from '../../tokenizers/tokenizer.js';
import { expectNoWarning } from '../../training/checks/strict.js';
import { findWarnings, type Warning } from '../../training/checks/table.js';
import { STRENGTHS } from '../../training/linear/fit-linear.js';
import { fitLinearModel } from '../../training/linear/linear-model.js';
import { fitRecord } from '../../training/run/fitted-run.js';
import { LAST } from '../../training/run/run-files.js';
import type { TimedResult } from '../arm-run.js';
import type { DistillationArm } from './arms.js';
import { type ArmOptions, resultOf } from './train-arm.js';

export type BaselineOptions = {
  readonly train: TextTable;
  readonly evaluation: TextTable;
  readonly test?: TextTable | undefined;
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
): Promise<{ readonly fitted: TextModel; readonly result: TimedResult & { readonly warnings?: readonly Warning[] } }> {
  const { train, evaluation, test, metrics, seed, threads, signal, onFraction } = options;
  const begun = performance.now();
  let tried = 0;
  const { fit, ...fitted } = await fitLinearModel(train, {
    ...{ seed, signal },
    onStrength: () => onFraction?.(++tried / (STRENGTHS.length + 1)),
  });
  const { model, weights, tokenizer } = fitted;
  const data = {
    evaluation: readBy(tokenizer, evaluation, model),
    ...(test && { test: readBy(tokenizer, test, model) }),
  };
  const scored = await resultOf(model, weights, { data, metrics, threads });
  const parameters = Object.values(weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const warnings = findWarnings({ fit });
  return {
    fitted,
    result: {
      ...scored,
      ...{ seconds: (performance.now() - begun) / 1000, parameters, details: fitRecord(fit) },
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

/** Seeds have the same features, and the same rows to be scored on. */
const READ = new WeakMap<Tokenizer, WeakMap<TextTable, Dataset>>();

export function readBy(tokenizer: Tokenizer, table: TextTable, model: Model): Dataset {
  const known = READ.get(tokenizer) ?? new WeakMap<TextTable, Dataset>();
  READ.set(tokenizer, known);
  const data = known.get(table) ?? textDataset(table, tokenizer, { model });
  known.set(table, data);
  return data;
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
  const { data, outputDir, isKept, strict = false, onEvent } = options;
  const { fitted, result } = await fitBaseline({
    ...options,
    train: textsOf(data.train),
    evaluation: textsOf(data.evaluation),
    test: data.test && textsOf(data.test),
  });
  const { warnings = [] } = result;
  for (const warning of warnings) onEvent({ type: 'warning', ...warning });
  if (strict) expectNoWarning(warnings);
  await rm(join(outputDir, LAST), { recursive: true, force: true });
  await makeFolder(outputDir);
  if (isKept) await saveModel(join(outputDir, LAST), fitted);
  return result;
}

export function textsOf({ name, text }: Dataset): TextTable {
  if (text !== undefined) return text.table;
  throw new OptionError({ where: name, wanted: 'texts, of which n-grams can be counted', got: 'other rows' });
}
