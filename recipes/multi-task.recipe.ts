/**
 * @file Does a student learn several small tasks better together, and better still from teachers? BAM (Clark et al. 2019,
 * arXiv:1907.04829) at the scale of a laptop: the first three layers of MiniLM on SST-2, TREC and STS-B, 1,500 rows each.
 * `single-task`: a student a task. `multi-task`: one student, labels alone. `mt-dnn` and `bam`: one student from a MiniLM a
 * task, by half of either and with teacher annealing. All start from the same weights of a seed, and see each row as often.
 *
 *   RETORT_DATA=… npm run recipe -- multi-task [--tasks sst2,trec,stsb] [--seeds 3] [--threads N]
 *
 * Resumes by arm and seed, and within a run; each finished one is added to the results.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../bench/figures.js';
import {
  isTextSetName,
  loadTextSet,
  splitOf,
  stratifiedSubset,
  type TextTask,
  taskMixture,
} from '../src/entries/data.js';
import { mean, sampleSd } from '../src/entries/experiments.js';
import { bam, type Method, mtDnn } from '../src/entries/methods.js';
import { firstLayers, loadModel, loadTextModel, type TextModel } from '../src/entries/models.js';
import { adamw, isUsuallyUndecayed } from '../src/entries/optim.js';
import { modelTeacher, type Teacher } from '../src/entries/teachers.js';
import { type TasksOptions, textTasks, trainTasks } from '../src/entries/training.js';
import { fineTune } from '../src/index.js';
import { keptJson } from './kept-json.js';
import { LIMITS, limitsOf } from './run-limits.js';
import { writeFileAtomic } from './write-file.js';

const SETTINGS = {
  model: 'minilm-l6',
  layers: 3,
  rows: 1500,
  subsetSeed: 1,
  maxLength: 96,
  teacher: { epochs: 4, learningRate: 5e-5, batchSize: 16, seed: 1 },
  student: { epochs: 5, learningRate: 1e-4, batchSize: 16, warmupShare: 0.1, maxNorm: 1 },
  sampling: 'size^0.75',
} as const;
/** How the student of each arm learns from the teachers; null: from labels alone. */
const METHODS = { 'single-task': null, 'multi-task': null, 'mt-dnn': mtDnn(), bam: bam() } as const;
type Arm = keyof typeof METHODS;
const ARMS = Object.keys(METHODS) as Arm[];

/** Percent of each task's first metric. */
type Scores = Readonly<Record<string, number>>;
type Run = { readonly arm: Arm; readonly seed: number; readonly scores: Scores; readonly seconds: number };
export type MultiTaskResults = {
  readonly settings: object;
  readonly machine: string;
  teachers?: Scores;
  readonly runs: Run[];
};

const percent = (value: number | undefined) => Number((100 * (value ?? Number.NaN)).toFixed(2));
const average = (scores: Scores) => mean(Object.values(scores));

/** A task with some of its rows, the same for every seed; a set without a dev split is scored on its test split. */
async function smallTask(name: string, rows: number): Promise<TextTask> {
  if (!isTextSetName(name)) throw new Error(`--tasks: no data set is called ${name}`);
  const task = await loadTextSet(name, { dir: process.env.RETORT_DATA });
  const train = splitOf(task, 'train');
  const dev = task.dev ?? splitOf(task, 'test');
  return { ...task, dev, train: stratifiedSubset(train, { rows: Math.min(rows, train.size) }, SETTINGS.subsetSeed) };
}

type Place = {
  readonly work: string;
  /** Threads, and fewer steps. */
  readonly run: Pick<TasksOptions, 'threads' | 'maxSteps'>;
};

async function teacherOf(task: TextTask, model: TextModel, { work, run }: Place) {
  const { maxLength, teacher } = SETTINGS;
  const outputDir = join(work, 'teachers', task.name);
  const { record } = await fineTune({
    ...teacher,
    ...run,
    model,
    task,
    test: 'none',
    maxLength,
    outputDir,
    resume: true,
  });
  const score = percent(record.metrics[task.metrics[0] ?? '']);
  return { score, teacher: modelTeacher(await loadModel(outputDir)) };
}

type Job = {
  readonly tasks: readonly TextTask[];
  readonly start: TextModel;
  readonly seed: number;
  readonly method: Method | null;
  readonly teachers: ReadonlyMap<string, Teacher>;
  readonly outputDir: string;
};

/** Trains one student of these tasks. */
async function student({ tasks, start, seed, method, teachers, outputDir }: Job, { run }: Place) {
  const { maxLength, sampling } = SETTINGS;
  const { epochs, learningRate, batchSize, warmupShare, maxNorm } = SETTINGS.student;
  const texts = tasks.map((task) => ({
    name: task.name,
    train: splitOf(task, 'train'),
    dev: splitOf(task, 'dev'),
    metrics: task.metrics,
  }));
  const made = textTasks(start, texts, { seed, maxLength });
  const options: TasksOptions = {
    model: made.model,
    weights: made.weights,
    tasks: made.tasks.map((task) => {
      const teacher = method === null ? undefined : teachers.get(task.name);
      return { ...task, ...(teacher && { teacher }) };
    }),
    ...(method && { method }),
    sampling,
    optimizer: adamw({ learningRate, weightDecay: 0.01 }),
    groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
    maxGradNorm: maxNorm,
    schedule: 'linear',
    epochs,
    batchSize,
    seed,
    outputDir,
    resume: true,
    ...run,
  };
  const mixture = taskMixture(
    made.tasks.map(({ name, data }) => ({ name, data: data.train })),
    sampling,
  );
  const totalSteps = Math.min(epochs * mixture.batchesPerEpoch(batchSize), run.maxSteps ?? Number.POSITIVE_INFINITY);
  const { record } = await trainTasks({ ...options, warmupSteps: Math.round(warmupShare * totalSteps) });
  const scores = tasks.map(({ name, metrics }) => [name, percent(record.metrics[`${name}.${metrics[0]}`])] as const);
  return { scores: Object.fromEntries(scores), seconds: record.seconds };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tasks: { type: 'string', default: 'sst2,trec,stsb' },
      seeds: { type: 'string', default: '3' },
      rows: { type: 'string', default: String(SETTINGS.rows) },
      out: { type: 'string', default: 'results/multi-task.json' },
      work: { type: 'string', default: '.bench/multi-task' },
      ...LIMITS,
    },
  });
  const rows = Number(values.rows);
  const names = values.tasks.split(',');
  const limits = limitsOf(values);
  const { maxSteps } = limits;
  const place: Place = { work: values.work, run: limits };
  const results = keptJson<MultiTaskResults>(values.out, {
    settings: { ...SETTINGS, rows, tasks: names, ...(maxSteps !== undefined && { maxSteps }) },
    machine: machine(),
    runs: [],
  });
  const save = () => writeFileAtomic(values.out, `${JSON.stringify(results, null, 1)}\n`);
  const tasks: TextTask[] = [];
  for (const name of names) tasks.push(await smallTask(name, rows));
  const model = await loadTextModel(SETTINGS.model);
  const start = firstLayers(model, SETTINGS.layers);
  const teachers = new Map<string, Teacher>();
  const teacherScores: Record<string, number> = {};
  for (const task of tasks) {
    const { score, teacher } = await teacherOf(task, model, place);
    teachers.set(task.name, teacher);
    teacherScores[task.name] = score;
    console.log(`teacher ${task.name}: ${task.metrics[0]} ${score}`);
  }
  results.teachers = teacherScores;
  await save();
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const arm of ARMS) {
      if (results.runs.some((run) => run.arm === arm && run.seed === seed)) continue;
      const job = { start, seed, method: METHODS[arm], teachers };
      const folder = join(values.work, `${arm}-${seed}`);
      const jobs =
        arm === 'single-task'
          ? tasks.map((task) => ({ ...job, tasks: [task], outputDir: `${folder}-${task.name}` }))
          : [{ ...job, tasks, outputDir: folder }];
      let scores: Scores = {};
      let seconds = 0;
      for (const each of jobs) {
        const done = await student(each, place);
        scores = { ...scores, ...done.scores };
        seconds += done.seconds;
      }
      results.runs.push({ arm, seed, scores, seconds: Math.round(seconds) });
      await save();
      const said = Object.entries(scores).map(([name, score]) => `${name} ${score}`);
      console.log(`${arm} ${seed}: mean ${average(scores).toFixed(2)} (${said.join(', ')}), ${seconds.toFixed(0)} s`);
    }
  }
  for (const arm of ARMS) {
    const means = results.runs.filter((run) => run.arm === arm).map(({ scores }) => average(scores));
    const spread = means.length > 1 ? ` ± ${sampleSd(means).toFixed(2)}` : '';
    console.log(`${arm.padEnd(12)} ${mean(means).toFixed(2)}${spread} over ${means.length} seeds`);
  }
}
