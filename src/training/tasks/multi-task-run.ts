/** @file A training run of several tasks: one encoder, a head and perhaps a teacher for each, batches of one task. */
import type { Dataset } from '../../data/dataset.js';
import type { Sampling } from '../../data/sampling.js';
import { scoredRows } from '../../data/targets.js';
import { taskMixture } from '../../data/task-mixture.js';
import { OptionError, SignalError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import { supervised } from '../../methods/supervised.js';
import { checkedMetrics } from '../../metrics/measure.js';
import { defaultMetrics, METRICS, type MetricName } from '../../metrics/table.js';
import type { Model, TrainedModel } from '../../models/model.js';
import { headOf, tasksOf, taskView } from '../../models/multi-task.js';
import { initialiseParameters } from '../../nn/parameters.js';
import { isKeptSignal } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { runWarnings } from '../checks/run-warnings.js';
import { servedMethod } from '../checks/served-methods.js';
import { expectNoWarning } from '../checks/strict.js';
import { checkTeacher } from '../checks/teacher-checks.js';
import { checkTerms } from '../checks/terms-check.js';
import { checkNumbers } from '../run/checked-run.js';
import { describeData } from '../run/described-run.js';
import type { Monitor } from '../run/kept-models.js';
import { assembled, type PreparedRun } from '../run/prepare-run.js';
import { runPrepared } from '../run/run.js';
import type { RunOptions, RunResult } from '../run/run-options.js';
import type { TestSplit } from '../run/test-score.js';
import { planTraining } from '../run/train.js';
import { planTexts } from '../step/micro-batches.js';
import { openMultiTaskStep } from '../step/multi-task-step.js';
import { MEAN, openTaskEvaluators } from './task-evaluators.js';
import { scaledScores, type TaughtTask, taskTeachers } from './task-teachers.js';

export type Task = {
  /** As the model calls it. */
  readonly name: string;
  /** Scores of a regression as they are: the model says how they are scaled. */
  readonly data: { readonly train: Dataset; readonly evaluation?: Dataset; readonly test?: Dataset };
  /** For methods that learn from one; an ensemble is one too. A task without has its labels alone. */
  readonly teacher?: Teacher;
  /** What an evaluation measures besides the loss; the first counts for `mean`. Default: as for a single task. */
  readonly metrics?: readonly MetricName[];
};

/** As `RunOptions`, where they make sense for several tasks. */
export type TasksOptions = Omit<
  RunOptions,
  | 'model'
  | 'method'
  | 'teacher'
  | 'teacherForm'
  | 'peerWeights'
  | 'data'
  | 'perturbation'
  | 'evalBatchSize'
  | 'limitEvalBatches'
  | 'fastDevRun'
  | 'metrics'
  | 'monitor'
  | 'openStep'
  | 'openEvaluator'
> & {
  readonly tasks: readonly Task[];
  /** `multiTask`, with a head for each of the tasks. */
  readonly model: Model;
  /** How tasks with a teacher learn, from logits. Default: `supervised`, as those without one do. */
  readonly method?: Method;
  /** How often each task has its turn. Default: `proportional`. */
  readonly sampling?: Sampling;
  /** Metrics are named `TASK.METRIC`. Default: `mean`, of the tasks' first metrics. */
  readonly monitor?: Monitor;
};

/**
 * Trains one model on several tasks. An epoch is as many batches as all tasks have; after each every task is scored.
 * Writes into `outputDir` what `runTraining` does, and resumes as it does.
 * @throws As `runTraining`; OptionError for tasks that are not those of the model, a method that needs more of a teacher
 *   than answers to rows.
 */
export async function trainTasks(options: TasksOptions): Promise<RunResult> {
  return await runPrepared(prepareTasks(options));
}

/** @throws OptionError, SignalError for what cannot work. */
export function prepareTasks(options: TasksOptions): PreparedRun {
  const { model, method = supervised(), sampling = 'proportional', batchSize, seed } = options;
  checkNumbers(options);
  const { gradientAccumulationSteps: accumulated = 1 } = options;
  if (accumulated !== 1) {
    throw new OptionError({
      where: 'gradientAccumulationSteps',
      wanted: '1 for several tasks: each step is of one of them',
      got: String(accumulated),
      fix: 'take a larger batchSize, which is cut into micro-batches by itself',
    });
  }
  checkNames(model, options.tasks);
  const tasks = preparedTasks(options.tasks, model, method);
  const mixture = taskMixture(
    tasks.map(({ name, head, data }) => ({ name, data: scaledScores(data.train, head) })),
    sampling,
  );
  const text = planTexts(mixture, options);
  if (text === undefined) {
    throw new OptionError({ where: mixture.name, wanted: 'texts, as an encoder reads them', got: 'other rows' });
  }
  const places = mixture.batchesPerEpoch(Math.max(1, batchSize)) * batchSize;
  const plan = planTraining({ ...options, rows: places, text });
  const weights = options.weights ?? initialiseParameters(model.parameters, seed);
  const monitor: Monitor = options.monitor ?? { metric: MEAN, mode: 'max' };
  const evaluated = tasks.flatMap(({ name, data }) => (data.evaluation ? [{ name, data: data.evaluation }] : []));
  const tested = tasks.flatMap(({ name, data: { test }, metrics }) =>
    test ? [{ name, data: { evaluation: test }, ...(metrics && { metrics }) }] : [],
  );
  const teachers = taskTeachers(tasks, mixture);
  const warnings = tasks.flatMap(({ data, view, metrics, head }) =>
    runWarnings({
      data,
      model: view,
      metrics: checkedMetrics(metrics, head.num_labels),
      startsAtRandom: options.startsAtRandom ?? options.weights === undefined,
    }),
  );
  const { tasks: _tasks, sampling: _sampling, ...run } = options;
  return assembled({
    options: {
      ...run,
      method,
      data: { train: mixture },
      openStep: (given) => openMultiTaskStep({ ...given, tasks: teachers.steps() }),
      openEvaluator: (given) => openTaskEvaluators(model, tasks, given),
    },
    plan,
    evaluation:
      evaluated.length === 0 ? undefined : { data: taskMixture(evaluated, sampling), rows: rowsOf(evaluated) },
    test: tested.length === 0 ? undefined : testOf(model, tested, options),
    stepModel: model,
    weights,
    monitor,
    warnings,
    askTeachers: async () => {
      const asked = await teachers.ask();
      if (options.strict) expectNoWarning(asked.warnings);
      return asked;
    },
    compared: options,
    described: () => ({
      tasks: tasks.map(({ name, data, teacher, metrics, head }) => ({
        name,
        trainData: describeData(data.train),
        evaluationData: data.evaluation && describeData(data.evaluation),
        testData: data.test && describeData(data.test),
        teacher: teacher?.contentHash,
        metrics: checkedMetrics(metrics, head.num_labels),
      })),
      sampling,
      monitor,
    }),
    trained: {
      model,
      labelNames: [],
      ...(mixture.text && { tokenizerFiles: mixture.text.tokenizer.files }),
      ...readingOfTasks(tasks),
    },
  });
}

/** How the files of tasks were read, as a model of them keeps it. */
export function readingOfTasks(tasks: readonly Pick<Task, 'name' | 'data'>[]): Pick<TrainedModel, 'tasksReadAs'> {
  const known = tasks.flatMap(({ name, data }) => {
    const { readAs } = data.train.text?.table ?? {};
    return readAs === undefined ? [] : [[name, readAs] as const];
  });
  return known.length === 0 ? {} : { tasksReadAs: Object.fromEntries(known) };
}

/** The test splits of the tasks, each as the ordinary task that it is. */
function testOf(
  model: Model,
  tested: Parameters<typeof openTaskEvaluators>[1],
  options: Pick<TasksOptions, 'threads' | 'device'>,
): TestSplit {
  const sets = tested.flatMap(({ data }) => data.evaluation ?? []);
  return {
    data: { name: sets.map(({ name }) => name).join(', ') },
    scored: sets.reduce((sum, data) => sum + scoredRows(data), 0),
    open: () => openTaskEvaluators(model, tested, options),
  };
}

function rowsOf(sets: readonly { readonly data: Dataset }[]): number {
  return sets.reduce((sum, { data }) => sum + data.size, 0);
}

/** @throws OptionError for tasks that are not those of the model, or are there twice. */
function checkNames(model: Model, tasks: readonly Task[]): void {
  const wanted = tasksOf(model);
  const given = tasks.map(({ name }) => name);
  if (given.length === wanted.length && wanted.every((name) => given.includes(name))) return;
  throw new OptionError({
    where: 'tasks',
    wanted: `those of the model, each once: ${wanted.join(', ')}`,
    got: given.join(', ') || 'none',
    fix: 'make the model with a head for each task',
  });
}

/** What each task learns by. @throws as `prepareTasks`. */
function preparedTasks(tasks: readonly Task[], model: Model, method: Method) {
  expectPlain(method);
  if (method.needs.length > 0 && tasks.every(({ teacher }) => teacher === undefined)) {
    throw new SignalError({
      where: `method '${method.name}'`,
      wanted: 'a teacher for some of the tasks',
      got: 'none',
      fix: 'give a task a teacher, or use supervised',
    });
  }
  return tasks.map((task) => {
    const own =
      method.needs.length > 0 && task.teacher === undefined ? supervised() : servedMethod(method, task.teacher);
    const prepared = { ...task, head: headOf(model, task.name), view: taskView(model, task.name), method: own };
    checkTask(prepared);
    return prepared;
  });
}

function checkTask({ name, data, metrics, teacher, head, view, method }: TaughtTask & Task): void {
  const { num_labels: classes, labels } = head;
  for (const { name: set, labelNames } of [data.train, data.evaluation ?? [], data.test ?? []].flat()) {
    const isKnown = labels.length === 0 || labelNames.length === 0 || labels.join('\n') === labelNames.join('\n');
    if (labelNames.length <= classes && isKnown) continue;
    throw new OptionError({
      where: `task '${name}', ${set}`,
      wanted: labels.length === 0 ? `labels of at most ${classes} classes` : `the labels ${labels.join(', ')}`,
      got: labelNames.join(', '),
      fix: "give the task's head the labels of its data",
    });
  }
  const [first = 'loss'] = checkedMetrics(metrics, classes);
  if (METRICS[first].mode !== 'max') {
    throw new OptionError({
      where: `metrics of task '${name}'`,
      wanted: `a first metric for which higher is better, for the ${MEAN} over tasks`,
      got: first,
      fix: `list another first, such as ${defaultMetrics(classes)[0]}`,
    });
  }
  checkTeacher(method, teacher, classes, data.train);
  checkTerms({ model: view, method, teacher, data });
}

/** @throws OptionError for a method that is more than losses of answers to rows. */
function expectPlain({ name, needs, parameters, views, peers = 0, phases }: Method): void {
  const inStep = needs.filter((signal) => !isKeptSignal(signal));
  const more = [
    ...(inStep.length > 0 ? [`the signals ${inStep.join(', ')}`] : []),
    ...(parameters ? ['parameters of its own'] : []),
    ...(views || peers > 0 ? ['further forward passes'] : []),
    ...(phases ? ['several phases'] : []),
  ];
  if (more.length === 0) return;
  throw new OptionError({
    where: `multi-task training with method '${name}'`,
    wanted: 'a method that learns from outputs per row, such as bam or mt-dnn',
    got: `one with ${more.join(', ')}`,
    fix: 'train each task separately',
  });
}
