/** @file A run without steps: the weights of a linear model are fitted to the targets of its rows by a convex solver. */
import { join } from 'node:path';
import { saveModel } from '../../models/saved-model.js';
import { expectNoWarning } from '../checks/strict.js';
import { findWarnings, type Warning } from '../checks/table.js';
import { openEvaluator } from '../evaluation/evaluate.js';
import type { LinearFit } from '../linear/fit-linear.js';
import { fitWeights } from './fitted-weights.js';
import { answerWarnings } from './live-run.js';
import type { PreparedRun } from './prepare-run.js';
import { recordHead } from './record-head.js';
import { LAST, LOG, METRICS_FILE } from './run-files.js';
import { openRunLog } from './run-log.js';
import type { RunResult } from './run-options.js';
import { type FitRecord, type RunRecord, writeRunRecord } from './run-record.js';
import { teacherAnswers } from './run-step.js';
import { testScore } from './test-score.js';

/** Fits in a folder that has been claimed. It takes seconds, so that a fit that was interrupted is begun again. */
export async function fitInto(run: PreparedRun): Promise<RunResult> {
  const { options, evaluation, trained, saveLast, saveTopK, parameters } = run;
  const { data, strict = false, outputDir, onEvent: emit = () => {} } = options;
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const warnings: Warning[] = [];
  const log = openRunLog(join(outputDir, LOG));
  const tell = (found: readonly Warning[]): void => {
    for (const warning of found) {
      if (warnings.some(({ text }) => text === warning.text)) continue;
      warnings.push(warning);
      log.write({ type: 'warning', ...warning, seconds: seconds() });
      emit({ type: 'warning', ...warning });
    }
    if (strict) expectNoWarning(found);
  };
  const answers = await teacherAnswers(options);
  const start = { totalSteps: 0, epochs: 0, trainRows: data.train.size, parameters };
  emit({ type: 'start', ...start });
  log.write({ type: 'start', ...start, seconds: 0 });
  if (saveTopK < 0 || saveTopK > 1) {
    emit({ type: 'notice', text: 'one model is fitted, and it is the best: save_top_k keeps no others' });
  }
  tell(run.warnings ?? []);
  tell(answerWarnings(run, answers));
  const { fit, weights } = await fitWeights(run, answers, (event) => {
    log.write({ ...event, seconds: seconds() });
    emit(event);
  });
  const { converged, epochs, gap } = fit;
  tell(findWarnings({ fit: { converged, epochs, gap } }));
  const evaluated = await evaluatedWith(run, weights);
  if (evaluated !== undefined && evaluation !== undefined) {
    const { metrics, answered, rows } = evaluated;
    const { name: split, labelNames } = evaluation.data;
    const event = { type: 'evaluation', step: 0, epoch: 0, split, metrics } as const;
    log.write({ ...event, seconds: seconds() });
    emit(event);
    const at = { data: split, labelNames };
    tell(
      findWarnings({
        ...(answered && { epoch: { ...answered, ...at } }),
        end: { ...at, counts: answered, metrics: [metrics], rows },
      }),
    );
  }
  const lastPath = join(outputDir, LAST);
  if (saveLast) {
    await saveModel(lastPath, { ...trained, weights });
    emit({ type: 'checkpoint', path: lastPath, kind: 'last' });
  }
  const test = await testScore({ ...run, log, seconds, emit }, { kept: [], weights });
  log.write({ type: 'end', steps: 0, stoppedEarly: false, seconds: seconds() });
  const record: RunRecord = {
    ...(await recordHead(run)),
    steps: 0,
    seconds: seconds(),
    stoppedEarly: false,
    metrics: evaluated?.metrics ?? {},
    epochs: [],
    ...(test && { test }),
    fit: fitRecord(fit),
    warnings,
    kept: [],
    ...(saveLast && { last: LAST }),
  };
  await writeRunRecord(join(outputDir, METRICS_FILE), record);
  emit({ type: 'end', steps: 0, seconds: record.seconds });
  return { status: 'finished', record, weights, ...(saveLast && { lastPath }), keptPaths: [] };
}

async function evaluatedWith({ options, evaluation }: PreparedRun, weights: NonNullable<RunResult['weights']>) {
  if (evaluation === undefined) return undefined;
  const evaluator = await (options.openEvaluator ?? openEvaluator)({ ...options, ...evaluation });
  try {
    return await evaluator.evaluate(weights);
  } finally {
    await evaluator.release();
  }
}

/** What of a linear fit is no weight, for records. */
export function fitRecord({
  loss,
  strength,
  C,
  innerScore,
  temperature,
  epochs,
  gap,
}: Omit<LinearFit, 'weights' | 'bias'>): FitRecord {
  return { loss, strength, C, innerLoss: innerScore ?? null, temperature, epochs, gap };
}
