/** @file What can be known of a run before its folder is touched: defaults, checks, plan, and what decides its numbers. */
import type { Dataset } from '../../data/dataset.js';
import { scoredRows } from '../../data/targets.js';
import { savedWithTexts } from '../../data/text-rows.js';
import { OptionError } from '../../errors/failures.js';
import { comparable, type Fingerprint, fingerprint, onceAsked } from '../../files/fingerprint.js';
import type { Method } from '../../methods/method.js';
import { checkedMetrics } from '../../metrics/measure.js';
import { METRICS, type MetricName } from '../../metrics/table.js';
import { classesOf } from '../../models/forward.js';
import type { Model, TrainedModel, Weights } from '../../models/model.js';
import type { ParameterSpec } from '../../nn/module.js';
import { initialiseParameters } from '../../nn/parameters.js';
import { checkMaxNorm } from '../../optim/clip.js';
import { scheduleFor } from '../../optim/schedules.js';
import { defined } from '../../options/given.js';
import type { Portion } from '../../options/option-spec.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import type { TeacherAnswers } from '../../teachers/teacher.js';
import { sizeOf } from '../../tensor/shape.js';
import { runWarnings } from '../checks/run-warnings.js';
import { servedMethod } from '../checks/served-methods.js';
import { expectNoWarning } from '../checks/strict.js';
import type { Warning } from '../checks/table.js';
import { checkTeacher } from '../checks/teacher-checks.js';
import { checkTeacherInputs } from '../checks/teacher-inputs.js';
import { checkTerms } from '../checks/terms-check.js';
import { checkViews, hasViews } from '../checks/view-checks.js';
import { METHOD, modelInTraining, peerWeights } from '../step/method-parameters.js';
import { planTexts } from '../step/micro-batches.js';
import { limitBatches } from './batch-limits.js';
import { expectFit, isFrozenBelow, STEPS_ALONE } from './convex-fit.js';
import { describeData, describedRun, describeWeights } from './described-run.js';
import { checkEarlyStopping } from './early-stopping.js';
import { checkTopK, type Monitor } from './kept-models.js';
import type { RunOptions } from './run-options.js';
import { type TestSplit, testSplit } from './test-score.js';
import { planTraining, type TrainingPlan } from './train.js';

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
  const served = { ...given, method: servedMethod(given.method, given.teacher) };
  const options: RunOptions = given.fastDevRun ? fastDevRun(served) : served;
  const { model, method, teacher, data, perturbation, seed, evalBatchSize = options.batchSize } = options;
  checkNumbers(options);
  expectOneStage(method);
  if (options.fit !== undefined) expectFit(options);
  const seenRow = teacherForm(options) === 'traced' ? teacher?.traced?.seenRow : undefined;
  const text = planTexts(data.train, { ...options, seenRow });
  const plan = planTraining({ ...options, rows: data.train.size, text });
  const classes = classesOf(model);
  const metrics = checkedMetrics(options.metrics, classes);
  const sets = [data.train, data.evaluation, data.test].filter((set) => set !== undefined);
  for (const { name, labelNames } of sets) {
    if (labelNames.length <= classes) continue;
    throw new OptionError({
      where: name,
      wanted: `labels of at most ${classes} classes, as the model has`,
      got: `${labelNames.length} classes`,
      fix: `give the model ${labelNames.length} classes`,
    });
  }
  checkTeacher(method, teacher, classes, data.train);
  checkViews(method, model, teacher);
  checkPeers(options);
  if (teacherForm(options) === 'traced') checkTeacherInputs(model, teacher, data.train);
  const stepModel = modelInTraining(model, method, teacher);
  checkTerms({ ...options, model: stepModel });
  const weights = {
    ...initialiseParameters(unsetParameters(stepModel, options.weights), seed),
    ...options.weights,
    ...peerWeights(options.peerWeights ?? []),
  };
  const evalRows = evaluationRows(data.evaluation, evalBatchSize, options.limitEvalBatches);
  const evaluation = evalRows > 0 ? data.evaluation : undefined;
  const monitor = options.monitor ?? usualMonitor(metrics);
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
  const { optimizer, method, schedule = 'constant', warmupSteps = 0, saveTopK = 0, saveLast = true } = options;
  if (options.strict) expectNoWarning(warnings);
  const factor = scheduleFor(schedule, { warmupSteps, totalSteps: plan.totalSteps });
  return {
    ...parts,
    learningRate: (step) => optimizer.learningRate * factor(step - 1),
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
    parameters: trained.model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    warnings,
  };
}

function usualMonitor([first = 'loss']: readonly MetricName[]): Monitor {
  return { metric: first, mode: METRICS[first].mode };
}

/** What is to be drawn: all parameters, or where the run starts from weights those of the method. */
function unsetParameters({ parameters }: Model, weights: Weights | undefined): readonly ParameterSpec[] {
  return weights === undefined ? parameters : parameters.filter(({ name }) => name.startsWith(METHOD));
}

/** @throws OptionError for peers without a start of their own beside a student that has one, or the other way about. */
function checkPeers({ method, weights, peerWeights }: RunOptions): void {
  const { name, peers = 0 } = method;
  const given = peerWeights?.length ?? 0;
  if (given === peers || (given === 0 && weights === undefined)) return;
  throw new OptionError({
    where: `peerWeights for method '${name}'`,
    wanted: peers === 0 ? 'none: it has no peers' : `weights for ${peers} peers, as the student has`,
    got: `${given}`,
    ...(peers > 0 && { fix: 'initialise each like the student, with other seeds' }),
  });
}

/** @throws OptionError for a number out of range, of those that every run has. */
export function checkNumbers({
  seed,
  saveTopK = 0,
  maxGradNorm,
  earlyStopping,
}: Pick<RunOptions, 'seed' | 'saveTopK' | 'maxGradNorm' | 'earlyStopping'>): void {
  if (!Number.isSafeInteger(seed)) {
    throw new OptionError({ where: 'seed', wanted: 'an integer', got: String(seed) });
  }
  checkTopK(saveTopK);
  if (maxGradNorm !== undefined) checkMaxNorm(maxGradNorm);
  if (earlyStopping !== undefined) checkEarlyStopping(earlyStopping);
}

/** @throws OptionError for a method of several stages, each of which is a run. */
function expectOneStage({ name, phases }: Method): void {
  if (phases === undefined) return;
  const fix = 'train it with runPhases, which takes the same options';
  throw new OptionError({ where: `method '${name}'`, wanted: 'a method of one phase', got: 'one of several', fix });
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

/** Rows of an evaluation. */
export function evaluationRows(data: Dataset | undefined, batchSize: number, limit: Portion | undefined): number {
  if (data === undefined) return 0;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1)) {
    throw new OptionError({ where: 'evalBatchSize', wanted: 'an integer ≥ 1', got: String(batchSize) });
  }
  const batches = limitBatches(Math.ceil(data.size / batchSize), limit, 'limitEvalBatches');
  return Math.min(data.size, batches * batchSize);
}

/**
 * Whether the teacher answers before the training or in each step.
 * @throws OptionError for answers that are to be computed once, to rows that are perturbed or mixed.
 */
export function teacherForm({ method, teacherForm, perturbation }: RunOptions): 'fed' | 'traced' {
  const isMixed = hasViews(method);
  if (perturbation === undefined && !isMixed) {
    return teacherForm ?? (method.needs.every(isKeptSignal) ? 'fed' : 'traced');
  }
  if (teacherForm !== 'fed') return 'traced';
  if (isMixed) {
    throw new OptionError({
      where: "teacherForm 'fed'",
      wanted: 'a traced teacher: outputs for mixed rows cannot be computed beforehand',
      got: `method '${method.name}'`,
      fix: "leave teacherForm out, or set it to 'traced'",
    });
  }
  throw new OptionError({
    where: "teacherForm 'fed'",
    wanted: 'unperturbed rows, whose outputs can be computed beforehand',
    got: `the perturbation '${perturbation?.name}'`,
    fix: "trace the teacher into the step (teacherForm 'traced'), or leave the perturbation out",
  });
}
