/** @file What can be known to be wrong with what a run learns, and what its numbers come to, wherever it runs. */
import type { Dataset } from '../../data/dataset.js';
import { OptionError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { checkedMetrics } from '../../metrics/measure.js';
import { METRICS, type MetricName } from '../../metrics/table.js';
import { classesOf } from '../../models/forward.js';
import type { Model, Weights } from '../../models/model.js';
import type { ParameterSpec } from '../../nn/module.js';
import { initialiseParameters } from '../../nn/parameters.js';
import { checkMaxNorm } from '../../optim/clip.js';
import { scheduleFor } from '../../optim/schedules.js';
import type { Portion } from '../../options/option-spec.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import { servedMethod } from '../checks/served-methods.js';
import { checkTeacher } from '../checks/teacher-checks.js';
import { checkTeacherInputs } from '../checks/teacher-inputs.js';
import { checkTerms } from '../checks/terms-check.js';
import { checkViews, hasViews } from '../checks/view-checks.js';
import { METHOD, modelInTraining, peerWeights } from '../step/method-parameters.js';
import { planTexts } from '../step/micro-batches.js';
import { limitBatches } from './batch-limits.js';
import { expectFit } from './convex-fit.js';
import { checkEarlyStopping } from './early-stopping.js';
import { checkTopK, type Monitor } from './kept-models.js';
import type { RunOptions } from './run-options.js';
import { planTraining, type TrainingPlan } from './train.js';

/** What a run learns, and from what: all but where it writes, what it keeps, and who started it. */
export type LearningOptions = Omit<
  RunOptions,
  | 'outputDir'
  | 'question'
  | 'resume'
  | 'overwrite'
  | 'saveTopK'
  | 'saveLast'
  | 'stateSeconds'
  | 'command'
  | 'config'
  | 'strict'
>;

export type CheckedRun<O extends LearningOptions> = {
  readonly options: O;
  readonly plan: TrainingPlan;
  /** With the rows that are run. */
  readonly evaluation: { readonly data: Dataset; readonly rows: number } | undefined;
  /** As `evaluation`, also where a limit leaves none. */
  readonly evalRows: number;
  /** The model, and what the method trains beside it. */
  readonly stepModel: Model;
  /** Of all that the step trains. */
  readonly weights: Weights;
  readonly metrics: readonly MetricName[];
  readonly monitor: Monitor;
};

/** @throws OptionError, SignalError for what cannot work. */
export function checkedRun<O extends LearningOptions>(given: O): CheckedRun<O> {
  const options = { ...given, method: servedMethod(given.method, given.teacher) };
  const { model, method, teacher, data, evalBatchSize = options.batchSize } = options;
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
    ...initialiseParameters(unsetParameters(stepModel, options.weights), options.seed),
    ...options.weights,
    ...peerWeights(options.peerWeights ?? []),
  };
  const evalRows = evaluationRows(data.evaluation, evalBatchSize, options.limitEvalBatches);
  return {
    ...{ options, plan, stepModel, weights, metrics, evalRows },
    evaluation: data.evaluation && evalRows > 0 ? { data: data.evaluation, rows: evalRows } : undefined,
    monitor: options.monitor ?? usualMonitor(metrics),
  };
}

/** The learning rate of each step, from 1. @throws OptionError for a schedule or warm-up that does not fit the plan. */
export function learningRates(
  {
    optimizer,
    schedule = 'constant',
    warmupSteps = 0,
  }: Pick<LearningOptions, 'optimizer' | 'schedule' | 'warmupSteps'>,
  { totalSteps }: Pick<TrainingPlan, 'totalSteps'>,
): (step: number) => number {
  const factor = scheduleFor(schedule, { warmupSteps, totalSteps });
  return (step) => optimizer.learningRate * factor(step - 1);
}

function usualMonitor([first = 'loss']: readonly MetricName[]): Monitor {
  return { metric: first, mode: METRICS[first].mode };
}

/** What is to be drawn: all parameters, or where the run starts from weights those of the method. */
function unsetParameters({ parameters }: Model, weights: Weights | undefined): readonly ParameterSpec[] {
  return weights === undefined ? parameters : parameters.filter(({ name }) => name.startsWith(METHOD));
}

/** @throws OptionError for peers without a start of their own beside a student that has one, or the other way about. */
function checkPeers({ method, weights, peerWeights }: LearningOptions): void {
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
export function teacherForm({
  method,
  teacherForm,
  perturbation,
}: Pick<LearningOptions, 'method' | 'teacherForm' | 'perturbation'>): 'fed' | 'traced' {
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
