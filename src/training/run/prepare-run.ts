/** @file What can be known of a run before its folder is touched: defaults, checks, plan, and what decides its numbers. */
import type { Dataset } from '../../data/dataset.js';
import { scoredRows } from '../../data/targets.js';
import { savedWithTexts } from '../../data/text-rows.js';
import { comparable, type Fingerprint, fingerprint, onceAsked } from '../../files/fingerprint.js';
import type { Model, TrainedModel, Weights } from '../../models/model.js';
import { parameterCount } from '../../nn/parameter-count.js';
import { defined } from '../../options/given.js';
import type { Portion } from '../../options/option-spec.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { runWarnings } from '../checks/run-warnings.js';
import { expectNoWarning } from '../checks/strict.js';
import type { Warning } from '../checks/table.js';
import { checkedRun, learningRates, teacherForm } from './checked-run.js';
import { isFrozenBelow, STEPS_ALONE } from './convex-fit.js';
import { describeData, describedRun, describeWeights } from './described-run.js';
import type { Monitor } from './kept-models.js';
import type { RunOptions } from './run-options.js';
import { type TestSplit, testSplit } from './test-score.js';
import type { TrainingPlan } from './train.js';

/** A run with its defaults filled in and its numbers checked. */
export type PreparedRun = {
  readonly options: RunOptions;
  readonly plan: TrainingPlan;
  /** With the rows that are run, and how many of them have what they are scored by. */
  readonly evaluation: { readonly data: Dataset; readonly rows: number; readonly scored?: number } | undefined;
  readonly test?: TestSplit | undefined;
  /** The model, and what the method trains beside it. */
  readonly stepModel: Model;
  /** Of all that the step trains. */
  readonly weights: Weights;
  readonly learningRate: (step: number) => number;
  readonly monitor: Monitor;
  readonly saveTopK: number;
  readonly saveLast: boolean;
  /** What decides the numbers, as plain JSON: made when it is asked for, since all rows are read for it. */
  readonly fingerprint: () => Fingerprint;
  readonly trained: Omit<TrainedModel, 'weights'>;
  readonly parameters: number;
  /** What was found so far that may make the run worthless. */
  readonly warnings?: readonly Warning[];
  /** Asks the teachers of a run of several tasks. Default: the one teacher, if there is one, answers all rows. */
  readonly askTeachers?: () => Promise<{ readonly answers: TeacherAnswers; readonly warnings: readonly Warning[] }>;
};

/** @throws OptionError, SignalError for what cannot work; CheckError for what is found wrong with a strict run. */
export function prepareRun(given: RunOptions): PreparedRun {
  const checked = checkedRun(given.fastDevRun ? fastDevRun(given) : given);
  const { options, evaluation: evaluated, evalRows, plan, stepModel, weights, metrics, monitor } = checked;
  const { model, teacher, data, perturbation, evalBatchSize = options.batchSize } = options;
  const evaluation = evaluated?.data;
  const warnings = runWarnings({
    data: { train: data.train, evaluation, test: data.test },
    model,
    // What another evaluator scores needs no labels that the rows have.
    ...(options.openEvaluator === undefined ? { metrics, judged: monitor.metric } : { metrics: [] }),
    startsAtRandom: options.startsAtRandom ?? options.weights === undefined,
  });
  return assembled({
    options,
    plan,
    evaluation: evaluation && {
      ...{ data: evaluation, rows: evalRows },
      ...(options.openEvaluator === undefined && { scored: scoredRows(evaluation, evalRows) }),
    },
    test: data.test && testSplit(data.test, scoredRows(data.test), options),
    stepModel,
    weights,
    monitor,
    compared: options,
    described: () => ({
      data: undefined,
      trainData: describeData(data.train),
      evaluationData: data.evaluation && describeData(data.evaluation),
      testData: data.test && describeData(data.test),
      peerWeights: undefined,
      teacher: teacher && { contentHash: teacher.contentHash, form: teacherForm(options) },
      teacherForm: undefined,
      evaluationRows: evalRows,
      limitEvalBatches: undefined,
      perturbation: perturbation && { name: perturbation.name, options: perturbation.options },
      ...{ evalBatchSize, metrics, monitor },
      gradientAccumulationSteps: plan.accumulation,
    }),
    trained: {
      ...{ model, labelNames: data.train.labelNames },
      ...(data.train.text && savedWithTexts(data.train.text)),
      ...defined({ question: options.question }),
    },
    warnings,
  });
}

/** What is particular to a run, of one task or of several. */
export type RunParts = Pick<
  PreparedRun,
  'options' | 'plan' | 'evaluation' | 'test' | 'stepModel' | 'weights' | 'monitor'
> &
  Pick<PreparedRun, 'askTeachers'> & {
    readonly warnings: readonly Warning[];
    readonly trained: Omit<PreparedRun['trained'], 'method'>;
    /** The options as they are compared, and what stands for those that are no plain values. */
    readonly compared: object;
    readonly described: () => Readonly<Record<string, unknown>>;
  };

/** The run of these parts, with what all runs have. @throws CheckError for what is found wrong with a strict run. */
export function assembled({ warnings, trained, compared, described, ...parts }: RunParts): PreparedRun {
  const { options, plan, stepModel, weights } = parts;
  const { method, saveTopK = 0, saveLast = true } = options;
  if (options.strict) expectNoWarning(warnings);
  return {
    ...parts,
    learningRate: learningRates(options, plan),
    // The best is kept until the run ends with it.
    saveTopK: options.restoreBest && saveTopK === 0 ? 1 : saveTopK,
    saveLast,
    fingerprint: onceAsked(() =>
      fingerprint(compared, {
        ...describedRun(options, stepModel),
        ...described(),
        initialWeights: describeWeights(weights),
        // The number of a micro-batch is part of its dropout streams, and its shape decides the order of sums.
        text: plan.text && comparable(plan.text, { seenRow: undefined }),
        tokensPerRun: undefined,
        ...(options.fit && {
          ...STEPS_ALONE,
          ...(!isFrozenBelow(stepModel) && { initialWeights: undefined }),
          text: undefined,
        }),
      }),
    ),
    trained: { ...trained, method: { name: method.name, options: method.options } },
    parameters: parameterCount(trained.model),
    warnings,
  };
}

/** As PyTorch Lightning's `fast_dev_run`. */
function fastDevRun(options: RunOptions): RunOptions {
  const { earlyStopping: _earlyStopping, restoreBest: _restoreBest, data, ...rest } = options;
  const one: Portion = { batches: 1 };
  return {
    ...rest,
    data: { ...data, test: undefined },
    epochs: 1,
    limitTrainBatches: one,
    limitEvalBatches: one,
    saveTopK: 0,
    saveLast: false,
  };
}
