/** @file A run that keeps all in memory, as one in a browser does: no folder, no log, nothing to resume. */
import { gainOver } from '../../metrics/metric.js';
import type { Weights } from '../../models/model.js';
import { parameterCount } from '../../nn/parameter-count.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { expectKnownTokens } from '../checks/known-tokens.js';
import { openEvaluator, withEvaluator } from '../evaluation/evaluate.js';
import { meansOf } from '../step/loss-means.js';
import { splitWeights } from '../step/method-parameters.js';
import type { TrainingStep } from '../step/step.js';
import { type CheckedRun, checkedRun, type LearningOptions, learningRates } from './checked-run.js';
import { FRESH, waitFor } from './early-stopping.js';
import type { TrainingEvent } from './events.js';
import type { EpochRecord } from './run-record.js';
import { openStep, teacherAnswers, teacherFeed } from './run-step.js';
import { stepWatcher, textNotice } from './told-steps.js';
import { epochsToRun, type Position, train } from './train.js';

export type MemoryRunOptions = Omit<LearningOptions, 'fastDevRun' | 'startsAtRandom'> & {
  readonly data: Omit<LearningOptions['data'], 'test'>;
};

export type MemoryRunResult = {
  /** After the last epoch, or with `restoreBest` after the best; those that a solver found. */
  readonly weights: Weights;
  readonly steps: number;
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  /** Of these weights on the validation rows; none where there are none. */
  readonly metrics: Readonly<Record<string, number>>;
  /** None of a solver. */
  readonly epochs: readonly EpochRecord[];
};

/**
 * Trains as `runTraining` does, to the same bits on the same machine and build of ONNX Runtime, and writes nothing. It
 * runs in browsers as well.
 * @throws OptionError, SignalError before any work; InterruptedError once `signal` is aborted; DivergedError.
 */
export async function trainInMemory(options: MemoryRunOptions): Promise<MemoryRunResult> {
  const run = checkedRun(options);
  const { train: rows } = options.data;
  expectKnownTokens(rows, options.model);
  const begun = performance.now();
  const answers = await teacherAnswers(run.options);
  if (options.fit !== undefined) return fitLive(run, answers, () => (performance.now() - begun) / 1000);
  let step: TrainingStep | undefined;
  let evaluator: Live['evaluator'];
  try {
    step = await openStep(run, answers);
    evaluator =
      run.evaluation && (await (options.openEvaluator ?? openEvaluator)({ ...run.options, ...run.evaluation }));
    const emit = options.onEvent ?? (() => {});
    const live: Live = { ...run, step, evaluator, emit, seconds: () => (performance.now() - begun) / 1000 };
    return await trainLive(live, teacherFeed(run.options, answers));
  } finally {
    await evaluator?.release();
    await step?.release();
  }
}

type Live = CheckedRun<LearningOptions> & {
  readonly step: TrainingStep;
  readonly evaluator: Pick<Awaited<ReturnType<typeof openEvaluator>>, 'evaluate' | 'release'> | undefined;
  readonly emit: (event: TrainingEvent) => void;
  readonly seconds: () => number;
};

type Best = { readonly value: number; readonly record: EpochRecord; readonly weights: Weights };

async function trainLive(live: Live, teacher: ReturnType<typeof teacherFeed>): Promise<MemoryRunResult> {
  const { options, plan, step, emit, seconds } = live;
  const { data, perturbation, method, seed, signal, model, restoreBest = false } = options;
  const learningRate = learningRates(options, plan);
  emit({
    type: 'start',
    totalSteps: plan.totalSteps,
    epochs: epochsToRun(plan),
    trainRows: data.train.size,
    parameters: parameterCount(model),
  });
  const padding = textNotice(live);
  if (padding !== undefined) emit({ type: 'notice', text: padding });
  const watch = stepWatcher({ plan, emit, learningRate });
  const weightsNow = () => splitWeights(step.parameters()).model;
  const records: EpochRecord[] = [];
  let patience = FRESH;
  let stoppedEarly = false as boolean;
  let best: Best | undefined;

  const closeEpoch = async (at: Position): Promise<boolean> => {
    const epoch = at.cursor.epoch + 1;
    const weights = live.evaluator && weightsNow();
    const metrics = weights === undefined ? {} : await evaluated(live, at, weights);
    const record = { epoch, step: at.step, ...meansOf(at.epochLosses), metrics, seconds: seconds() };
    records.push(record);
    const value = metrics[live.monitor.metric];
    if (restoreBest && weights !== undefined && value !== undefined && isBetter(live, value, best)) {
      best = { value, record, weights };
    }
    if (options.earlyStopping !== undefined) {
      const { isOver, ...waiting } = waitFor(options.earlyStopping, patience, metrics);
      patience = waiting;
      stoppedEarly = isOver;
    }
    watch.restart();
    return !stoppedEarly;
  };

  const { step: steps } = await train({
    ...{ step, data: data.train, perturbation, plan, seed, learningRate, teacher, signal },
    scalars: method.scalars && ((progress) => method.scalars?.(method.options, progress) ?? {}),
    onRun: watch.onRun,
    onEpochEnd: closeEpoch,
  });
  emit({ type: 'end', steps, seconds: seconds(), ...(stoppedEarly && { stoppedEarly }) });
  return {
    weights: best?.weights ?? weightsNow(),
    ...{ steps, seconds: seconds(), stoppedEarly, epochs: records },
    metrics: (best?.record ?? records.at(-1))?.metrics ?? {},
  };
}

async function fitLive(
  run: CheckedRun<LearningOptions>,
  answers: TeacherAnswers | undefined,
  seconds: () => number,
): Promise<MemoryRunResult> {
  const { options, evaluation } = run;
  const { model, data, onEvent: emit = () => {} } = options;
  emit({ type: 'start', totalSteps: 0, epochs: 0, trainRows: data.train.size, parameters: parameterCount(model) });
  // Most runs are trained by steps: their pages load no solver.
  const { fitWeights } = await import('./fitted-weights.js');
  const { weights } = await fitWeights(run, answers, emit);
  let metrics: EpochRecord['metrics'] = {};
  if (evaluation !== undefined) {
    const open = { ...options, ...evaluation };
    ({ metrics } = await withEvaluator(open, (evaluator) => evaluator.evaluate(weights)));
    emit({ type: 'evaluation', step: 0, epoch: 0, split: evaluation.data.name, metrics });
  }
  emit({ type: 'end', steps: 0, seconds: seconds() });
  return { weights, steps: 0, seconds: seconds(), stoppedEarly: false, metrics, epochs: [] };
}

async function evaluated(live: Live, at: Position, weights: Weights): Promise<EpochRecord['metrics']> {
  const { evaluator, evaluation, emit } = live;
  if (evaluator === undefined || evaluation === undefined) return {};
  const { metrics } = await evaluator.evaluate(weights);
  emit({ type: 'evaluation', step: at.step, epoch: at.cursor.epoch + 1, split: evaluation.data.name, metrics });
  return metrics;
}

/** Of equal values the earlier one stays; anything is better than NaN. */
function isBetter({ monitor }: Live, value: number, best: Best | undefined): boolean {
  if (best === undefined || Number.isNaN(best.value)) return true;
  return gainOver(monitor.mode, value, best.value) > 0;
}
