/**
 * @file What the recipes of text students have in common: MiniLM-L6 fine-tuned as the teacher, a smaller student by a
 * method and by its controls on paired seeds, sizes and latencies. Resumes: the teacher's training at its last state, the
 * students by arm and seed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../bench/figures.js';
import {
  loadTextSet,
  openTask,
  splitOf,
  stratifiedSplit,
  type TextSetName,
  type TextTask,
} from '../src/entries/data.js';
import { type Control, type DistillationPlan, timeRange, writeExperimentRecord } from '../src/entries/experiments.js';
import { saveOnnx } from '../src/entries/export.js';
import { load } from '../src/entries/inference.js';
import { hinton, type Method } from '../src/entries/methods.js';
import { bilstmFromTeacher, firstLayers, loadTextModel, type TextModel } from '../src/entries/models.js';
import { reportHtml } from '../src/entries/report.js';
import { withHeadFor } from '../src/entries/training.js';
import {
  type DistillTextsOptions,
  distill,
  type FineTuneOptions,
  fineTune,
  planDistill,
  type TextSettings,
  type TextStudent,
} from '../src/index.js';
import { keptJson } from './kept-json.js';
import { LIMITS, limitsOf } from './run-limits.js';
import { writeFileAtomic } from './write-file.js';

export type TextRecipe = {
  /** Of the results: `results/NAME.json`, and `results/NAME.jsonl` with each finished run. */
  readonly name: string;
  readonly set: keyof typeof TEACHERS;
  /** The student of a seed, from the pre-trained model (not the fine-tuned teacher). */
  readonly student: (pretrained: TextModel, task: TextTask, seed: number) => TextStudent | Promise<TextStudent>;
  /** In words. */
  readonly start: string;
  readonly method: Method;
  readonly training: TextSettings;
  /** What is reported is of this split. Default: dev; nothing is chosen by it. */
  readonly split?: 'dev' | 'test';
  /** Rows to train students on, each label in proportion; the teacher has all. */
  readonly rows?: number;
  /** The other training rows are texts for the teacher to answer, without their labels; a control has as many steps. */
  readonly pool?: boolean;
  readonly seeds: number;
  readonly controls?: readonly Control[];
};

/** How MiniLM-L6 is fine-tuned on all rows of a set, for every recipe alike. Many classes on few rows want larger steps. */
export const TEACHERS = {
  sst2: { epochs: 2, learningRate: 5e-5, seed: 42 },
  trec: { epochs: 5, learningRate: 1e-4, seed: 42 },
  banking77: { epochs: 5, learningRate: 1e-4, seed: 42 },
  mrpc: { epochs: 3, learningRate: 5e-5, seed: 42 },
} as const satisfies Partial<Record<TextSetName, object>>;
const LATENCY_RUNS = 200;

/**
 * Runs a recipe, or with `--plan` says what it would take: `--full` for all rows (the results then end with `-full`), `--seeds N`,
 * `--controls no-teacher,…`, `--threads N`, `--work FOLDER`, `--teacher RUN`.
 */
export async function runTextRecipe(recipe: TextRecipe, args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      seeds: { type: 'string' },
      controls: { type: 'string' },
      work: { type: 'string', default: '.bench' },
      teacher: { type: 'string' },
      results: { type: 'string', default: 'results' },
      /** What it would take, and nothing else. */
      plan: { type: 'boolean', default: false },
      ...LIMITS,
    },
  });
  const name = values.full ? `${recipe.name}-full` : recipe.name;
  const seeds = Number(values.seeds ?? recipe.seeds);
  const controls = (values.controls?.split(',') as readonly Control[] | undefined) ?? recipe.controls;
  const limits = limitsOf(values);
  mkdirSync(values.results, { recursive: true });

  const loaded = await loadTextSet(recipe.set, { dir: process.env.RETORT_DATA });
  const task: TextTask = recipe.split === 'test' ? { ...loaded, dev: splitOf(loaded, 'test') } : loaded;
  const { train, dev } = await openTask(task, {});
  const pretrained = await loadTextModel('minilm-l6');
  const teacherPath = values.teacher ?? join(values.work, `${recipe.set}-teacher`);
  const teacher = await taughtBy(
    pretrained,
    { ...task, train, dev },
    {
      ...TEACHERS[recipe.set],
      ...limits,
      outputDir: teacherPath,
    },
  );

  const { part, rest } =
    values.full || recipe.rows === undefined
      ? { part: train, rest: undefined }
      : stratifiedSplit(train, { rows: recipe.rows }, 1);
  const outputDir = join(values.work, name);
  const options: DistillTextsOptions = {
    ...recipe.training,
    ...limits,
    teacher: { ...teacher, name: 'MiniLM-L6' },
    student: (seed) => recipe.student(pretrained, task, seed),
    start: recipe.start,
    task: { ...task, train: part, dev },
    test: 'none',
    ...(recipe.pool && rest && { transfer: rest }),
    method: recipe.method,
    ...(controls && { controls }),
    seeds,
    outputDir,
    resultsFile: join(values.results, `${name}.jsonl`),
    resume: true,
    command: ['npm run recipe --', recipe.name, ...args].join(' '),
    onEvent: (event) => {
      if (event.type === 'notice') console.log(event.text);
      if (event.type !== 'experiment' || event.event.type !== 'run-end') return;
      const { arm, seed, score, seconds, finished, runs } = event.event;
      console.log(`${finished}/${runs} ${arm}, seed ${seed}: ${(100 * score).toFixed(2)} (${seconds.toFixed(0)} s)`);
    },
  };
  if (values.plan) {
    const { plan } = await planDistill(options);
    sayPlan(plan);
    return;
  }
  const { record, student, studentPath } = await distill(options);
  await writeFileAtomic(join(outputDir, 'report.html'), reportHtml(record));
  const latency = await latencies({ teacher, student }, dev.texts, outputDir);
  // Without the evidence: its examples are sentences of the data set, which is not ours to publish.
  const { evidence: _evidence, arms, ...found } = record;
  const kept = { ...found, arms: arms.map(({ curve: _curve, ...arm }) => arm) };
  await writeExperimentRecord(join(values.results, `${name}.json`), kept);
  const file = join(values.results, 'latency.json');
  const others = keptJson(file, {});
  await writeFileAtomic(file, `${JSON.stringify({ ...others, [name]: latency }, null, 1)}\n`);
  for (const { text } of record.gains) console.log(text);
  console.log(record.softTargets?.text ?? '');
  console.log(`teacher ${JSON.stringify(record.teacher)}; latency ${JSON.stringify(latency)}; student ${studentPath}`);
}

function sayPlan({ arms, runs, steps, seconds = 0, peakRssBytes = 0, disk }: DistillationPlan): void {
  const minutes = (of: number) => {
    const { low, high } = timeRange(of);
    return `${(low / 60).toFixed(1)} to ${(high / 60).toFixed(1)} min`;
  };
  const gibibytes = (of: number) => `${(of / 2 ** 30).toFixed(2)} GiB`;
  for (const { name, runs: coming, seconds: each = 0 } of arms)
    console.log(`${name}: ${coming} runs of ${minutes(each)}`);
  console.log(`${runs} runs and ${steps} steps to come, ${minutes(seconds)}, ${gibibytes(peakRssBytes)} of memory`);
  console.log(
    `disk: ${gibibytes(disk.modelBytes + disk.answerBytes + disk.logBytes)} that stay, ${gibibytes(disk.mostBytes)} at most`,
  );
}

/** The BiLSTM of Tang et al. on the word embeddings of the pre-trained model, and how it is taught. */
export const BILSTM = {
  student: (pretrained, task, seed) =>
    bilstmFromTeacher(pretrained, pretrained.tokenizer, { seed, config: { num_labels: task.labelNames.length } }),
  start: 'BiLSTM of width 150, word embeddings of minilm-l6 by SVD',
  method: hinton({ alpha: 0.9 }),
  training: { epochs: 10, learningRate: 1e-3, batchSize: 64 },
  seeds: 5,
} as const satisfies Partial<TextRecipe>;

/** The first three layers of the pre-trained model, taught by Hinton's method with its defaults. */
export const BERT3 = {
  student: (pretrained, task, seed) => firstLayers(withHeadFor(pretrained, task, seed), 3),
  start: 'first 3 layers of minilm-l6',
  method: hinton(),
  training: { epochs: 3, learningRate: 5e-5, batchSize: 32 },
  seeds: 5,
} as const satisfies Partial<TextRecipe>;

/** The pre-trained model, fine-tuned on all rows of a task; goes on where it was stopped. */
export function taughtBy(
  model: TextModel,
  task: TextTask,
  training: TextSettings & Pick<FineTuneOptions, 'seed' | 'threads' | 'outputDir'>,
): Promise<TextModel> {
  return fineTune({
    ...training,
    model,
    task,
    test: 'none',
    resume: true,
    onEvent: (event) => {
      if (event.type === 'evaluation') console.log(`teacher, epoch ${event.epoch}: ${JSON.stringify(event.metrics)}`);
    },
  });
}

/** Milliseconds of one sentence at a time, median: both models in turn, exported to ONNX, one thread. */
async function latencies(
  models: Readonly<Record<string, TextModel>>,
  texts: readonly string[],
  folder: string,
): Promise<Record<string, number>> {
  const opened = new Map<string, Awaited<ReturnType<typeof load>>>();
  for (const [name, model] of Object.entries(models)) {
    const path = join(folder, `onnx-${name}`);
    await saveOnnx(path, model);
    opened.set(name, await load(path, { threads: 1 }));
  }
  const times = new Map<string, number[]>();
  for (let i = 0; i < LATENCY_RUNS; i++) {
    for (const [name, model] of opened) {
      const started = performance.now();
      await model.predict(texts[i % texts.length] ?? '');
      times.set(name, [...(times.get(name) ?? []), performance.now() - started]);
    }
  }
  return Object.fromEntries([...times].map(([name, ms]) => [name, Number(median(ms).toFixed(2))]));
}
