/** @file Distillation with its proof: a student per arm and seed, from one teacher, and a verdict over paired seeds. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Dataset } from '../../data/dataset.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { Method } from '../../methods/method.js';
import { loadModel } from '../../models/saved-model.js';
import type { Teacher } from '../../teachers/teacher.js';
import { openEvaluator, type Predictions, softmax } from '../../training/evaluate.js';
import type { TrainingEvent } from '../../training/events.js';
import { argmax, metricsOf } from '../../training/metrics.js';
import { asJson, describeData, type Json } from '../../training/run-options.js';
import { percent } from '../arm-result.js';
import type { Settings } from '../arm-run.js';
import { describeEnvironment } from '../environment.js';
import { evidenceOf, TEACHER } from '../evidence.js';
import { type ExperimentEvent, runExperiment } from '../experiment.js';
import { experimentRecord, writeExperimentRecord } from '../experiment-record.js';
import type { Evidence, ExperimentRecord } from '../experiment-record.schema.js';
import { answeredOnce } from './answered-once.js';
import { controlArm, type DistillationArm, methodArm } from './arms.js';
import { CONTROLS, type Control } from './controls.js';
import { type StudentStart, type StudentTraining, trainArm } from './train-arm.js';

export type DistillEvent =
  | { readonly type: 'notice'; readonly text: string }
  /** What the teacher scores on the evaluation rows, in percent. */
  | { readonly type: 'teacher'; readonly name: string; readonly accuracy: number }
  | { readonly type: 'experiment'; readonly event: ExperimentEvent }
  | { readonly type: 'training'; readonly arm: string; readonly seed: number; readonly event: TrainingEvent };

export type DistillOptions = StudentTraining & {
  readonly teacher: Teacher;
  /** The student before training, for each seed. */
  readonly student: StudentStart;
  /** Rows as the student reads them. What is reported is measured on `evaluation`, which no choice may look at. */
  readonly data: { readonly train: Dataset; readonly evaluation: Dataset };
  readonly method: Method;
  /** Default: no-teacher, hard-labels, shuffled-teacher. */
  readonly controls?: readonly Control[];
  /** How many, from 1; or which. Default: 5. */
  readonly seeds?: number | readonly number[];
  /** The smallest gain over `no-teacher` that is worth having, in points. Default: 0.5. */
  readonly smallestEffect?: number;
  readonly outputDir: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  /** What else decides the numbers, as it was asked for: written down, and compared when the experiment is resumed. */
  readonly settings?: { readonly [key: string]: Json };
  /** For the record: the command line. */
  readonly command?: string;
  readonly onEvent?: (event: DistillEvent) => void;
  readonly signal?: AbortSignal;
};

export type DistillResult = {
  /** The headline in words: `BETTER: …`. Absent without the control `no-teacher`. */
  readonly verdict: string | undefined;
  readonly record: ExperimentRecord;
  /** Where the record is. */
  readonly recordPath: string;
  /** The folder of the student that the method trained on the first seed. */
  readonly studentPath: string;
};

const SEEDS = 5;
const DEFAULT_CONTROLS: readonly Control[] = ['no-teacher', 'hard-labels', 'shuffled-teacher'];
const RESULTS = 'results.jsonl';
const RECORD = 'experiment.json';

/**
 * Trains a student by a method and by its controls on each seed; writes into `outputDir` each run (`runs/ARM-SEED/`),
 * the finished ones (`results.jsonl`) and the record (`experiment.json`), from which `retort report` makes a page. The
 * teacher answers each row once for all of them.
 * @throws OptionError, SignalError before any work for what does not fit together; OutputError for a folder that is in
 *   use or not empty; InterruptedError after `signal`, resumable with `resume`.
 */
export async function distill(options: DistillOptions): Promise<DistillResult> {
  const { teacher, data, method, student, outputDir, resume = false, overwrite = false, command, signal } = options;
  const { controls = DEFAULT_CONTROLS, smallestEffect, onEvent: emit = () => {} } = options;
  const seeds = seedsOf(options.seeds ?? SEEDS);
  const [seed = 1] = seeds;
  const arms = [methodArm(method), ...CONTROLS.filter((name) => controls.includes(name)).map(controlArm)];
  const folder = await claimOutputFolder(outputDir, { resume, overwrite });
  const started = performance.now();
  try {
    const recordPath = join(outputDir, RECORD);
    const results = join(outputDir, RESULTS);
    if (overwrite) for (const path of [recordPath, results]) await rm(path, { force: true });
    const answering = answeredOnce(teacher);
    const teacherAnswers = await predictionsOf(answering, data.evaluation);
    const accuracy = percent(teacherAnswers.metrics.accuracy ?? Number.NaN);
    emit({ type: 'teacher', name: teacher.name, accuracy });
    const keptRuns = new Set([method.name, 'no-teacher'].map((arm) => runName(arm, seed)));
    const outcome = await runExperiment<DistillationArm>({
      name: 'distillation',
      arms,
      seeds,
      settings: settingsOf(options),
      run: (arm, armSeed, context) =>
        trainArm(arm, {
          ...options,
          teacher: answering,
          seed: armSeed,
          outputDir: join(outputDir, 'runs', runName(arm.name, armSeed)),
          isKept: keptRuns.has(runName(arm.name, armSeed)),
          resume,
          signal: context.signal,
          onEvent: (event) => {
            if (event.type === 'step') context.progress(event.step / event.totalSteps);
            emit({ type: 'training', arm: arm.name, seed: armSeed, event });
          },
        }),
      resultsFile: results,
      resume,
      onEvent: (event) => emit({ type: 'experiment', event }),
      ...(signal && { signal }),
    });
    const studentPath = join(outputDir, 'runs', runName(method.name, seed));
    const hasNoTeacher = controls.includes('no-teacher');
    const record = experimentRecord({
      outcome: {
        ...outcome,
        seconds: (performance.now() - started) / 1000,
        peakRssBytes: Math.max(outcome.peakRssBytes, process.resourceUsage().maxRSS * 1024),
      },
      question: `Does ${teacher.name} help a ${student.model.kind} on ${data.evaluation.name}, or would the same training without it do?`,
      ...(hasNoTeacher && { headline: headlineOf(method, controls) }),
      comparisons: controls.filter((name) => name !== 'no-teacher').map((over) => ({ arm: method.name, over })),
      ...(smallestEffect !== undefined && { smallestEffect }),
      descriptions: Object.fromEntries(arms.map(({ name, description }) => [name, description])),
      environment: await describeEnvironment({
        ...(options.threads !== undefined && { threads: options.threads }),
        ...(options.device !== undefined && { device: options.device }),
      }),
      date: new Date(),
      ...(command !== undefined && { command }),
      data: {
        train: { name: data.train.name, rows: data.train.size },
        evaluation: { name: data.evaluation.name, rows: data.evaluation.size },
      },
      teacher: { name: teacher.name, accuracy, isPerSeed: false },
      ...(hasNoTeacher && {
        evidence: await evidenceFrom(data.evaluation, teacherAnswers, {
          seed,
          arm: method.name,
          over: 'no-teacher',
          pathOf: (arm) => join(outputDir, 'runs', runName(arm, seed)),
        }),
      }),
    });
    await writeExperimentRecord(recordPath, record);
    return { verdict: record.headline?.text, record, recordPath, studentPath };
  } finally {
    folder.release();
  }
}

function runName(arm: string, seed: number): string {
  return `${arm}-${seed}`;
}

function seedsOf(seeds: number | readonly number[]): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
}

/** All that decides the numbers, but for arms and seeds, to which more may be added later. */
function settingsOf(options: DistillOptions): Settings {
  const { data, student, teacher, optimizer, settings, epochs, batchSize, schedule, maxSteps, tokensPerRun } = options;
  return asJson({
    ...settings,
    student: { kind: student.model.kind, config: student.model.config, start: student.start },
    teacher: teacher.contentHash,
    train: describeData(data.train),
    evaluation: describeData(data.evaluation),
    optimizer: { name: optimizer.name, learningRate: optimizer.learningRate, weightDecay: optimizer.weightDecay },
    ...{ epochs, batchSize, schedule, maxSteps, tokensPerRun },
    ...{ warmupSteps: options.warmupSteps, maxGradNorm: options.maxGradNorm },
  }) as Settings;
}

function headlineOf(method: Method, controls: readonly Control[]) {
  const has = (name: Control) => controls.includes(name);
  return {
    arm: method.name,
    controls: {
      noTeacher: 'no-teacher',
      ...(has('hard-labels') && { hardLabels: 'hard-labels' }),
      ...(has('shuffled-teacher') && { shuffledTeacher: 'shuffled-teacher' }),
      ...(has('label-smoothing') && { labelSmoothing: 'label-smoothing' }),
    },
  };
}

/** What a teacher answers to evaluation rows, as a model's predictions. */
async function predictionsOf(teacher: Teacher, data: Dataset): Promise<Predictions> {
  const answers = await teacher.answer(data, ['logits']);
  const rows = Uint32Array.from({ length: data.size }, (_, row) => row);
  const batch = data.batch(rows);
  const logits = answers.batch(rows, data.size).logits?.data as Float32Array;
  const { classes } = teacher;
  const labels = Int32Array.from(rows, (row) => Number(batch.labels?.data[row] ?? -100));
  const said = Int32Array.from(rows, (row) => argmax(logits, row, classes));
  return {
    metrics: metricsOf({ logits, classes, labels }),
    rows: data.size,
    ids: Array.from(batch.ids),
    classes: said,
    logits,
    probabilities: softmax(logits, classes),
  };
}

async function evidenceFrom(
  evaluation: Dataset,
  teacher: Predictions,
  of: { readonly seed: number; readonly arm: string; readonly over: string; readonly pathOf: (arm: string) => string },
): Promise<Evidence> {
  const { pathOf, ...pair } = of;
  const answers = new Map([[TEACHER, teacher]]);
  for (const arm of [of.arm, of.over]) {
    const { model, weights } = await loadModel(pathOf(arm));
    const evaluator = await openEvaluator({ model, data: evaluation });
    try {
      answers.set(arm, await evaluator.predict(weights));
    } finally {
      await evaluator.release();
    }
  }
  const { labels } = evaluation.batch(Uint32Array.from({ length: evaluation.size }, (_, row) => row));
  const golds = Array.from({ length: evaluation.size }, (_, row) => Number(labels?.data[row] ?? -100));
  const table = evaluation.text?.table;
  return evidenceOf({
    ...pair,
    answers,
    classes: evaluation.labelNames,
    labels: golds,
    exampleOf: (row) => ({
      id: String(table?.ids[row] ?? row),
      ...((golds[row] as number) >= 0 && { label: golds[row] as number }),
      ...(table && { text: textOf(table.texts[row] ?? '', table.pairs?.[row]) }),
    }),
  });
}

const SHOWN_LETTERS = 400;

function textOf(text: string, pair: string | undefined): string {
  const whole = pair === undefined ? text : `${text} · ${pair}`;
  return whole.length > SHOWN_LETTERS ? `${whole.slice(0, SHOWN_LETTERS)}…` : whole;
}
