/** @file One student: an arm of a distillation on one seed. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { targetsOf } from '../../data/targets.js';
import type { Method } from '../../methods/method.js';
import { countedRows } from '../../metrics/answered.js';
import { type JudgedMetric, METRICS, type MetricName, MONITORED_METRICS } from '../../metrics/table.js';
import { classesOf } from '../../models/forward.js';
import type { Model, Weights } from '../../models/model.js';
import { shuffledTeacher } from '../../teachers/shuffled-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { streamKey } from '../../tensor/random.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import type { Assistant, PhasedRunOptions } from '../../training/phases/phase-options.js';
import { runPhases } from '../../training/phases/phased-run.js';
import { LAST } from '../../training/run/run-files.js';
import type { RunOptions } from '../../training/run/run-options.js';
import { type ArmResult, oneAnswer, packRightRows, type ScoredRows } from '../arm-result.js';
import type { TimedResult } from '../arm-run.js';
import { packAnswers } from '../kept-answers.js';
import { armMethod, type DistillationArm } from './arms.js';
import { armTraining, type StudentTraining } from './student-training.js';

export type StudentStart = {
  readonly model: Model;
  /** What the weights of a seed are before training. */
  readonly weights: (seed: number) => Weights | Promise<Weights>;
  /** In words, for the record: `first 3 layers of minilm-l6`. */
  readonly start: string;
  /** Whether they are random, but perhaps for word vectors. Default: false. */
  readonly startsAtRandom?: boolean | undefined;
};

/** A model between teacher and student, for each seed. */
export type AssistantStart = StudentStart & Pick<Assistant, 'reads' | 'training' | 'asTeacher'>;

export type ArmOptions = StudentTraining & {
  readonly teacher: Teacher;
  readonly student: StudentStart;
  readonly data: {
    readonly train: Dataset;
    readonly evaluation: Dataset;
    /** Rows that the trained student is scored on besides, and nothing is chosen by. */
    readonly test?: Dataset;
    /** The training rows and a pool without labels, for arms that a teacher answers. Default: the training rows. */
    readonly transfer?: Dataset;
    /** Rows that are in none of these, for early stopping. */
    readonly validation?: Dataset;
  };
  readonly method: Method;
  /** Largest first, for a method that teaches over them. */
  readonly assistants?: readonly AssistantStart[] | undefined;
  /** What is measured; the first is what the experiment is judged by. */
  readonly metrics: readonly [JudgedMetric, ...JudgedMetric[]];
  readonly seed: number;
  readonly outputDir: string;
  /** Whether the student stays on disk; its metrics and log always do. */
  readonly isKept: boolean;
  /** Whether a warning is an error. Default: false. */
  readonly strict?: boolean | undefined;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: NonNullable<RunOptions['onEvent']>;
};

/** What a method's peers start from: the student's start from seeds of their own. */
function peerStarts(student: StudentStart, seed: number, peers: number): Promise<Weights[]> {
  const seeds = Array.from({ length: peers }, (_, i) => streamKey(seed, `peer.${i + 2}`));
  return Promise.all(seeds.map((own) => student.weights(own)));
}

/** An arm on a seed as a run. */
export async function armRun(arm: DistillationArm, options: ArmOptions): Promise<PhasedRunOptions> {
  const { teacher, data, metrics, student, assistants, seed, outputDir, signal, strict = false, onEvent } = options;
  const { method, hasTeacher } = armMethod(arm, options.method);
  const { training } = await armTraining(arm, options);
  const monitored = MONITORED_METRICS.filter((name) => name === training.earlyStopping?.metric);
  // Shuffled anew over the rows of each stage.
  const shuffled = (rows: Dataset) => shuffledTeacher(teacher, rows, seed);
  return {
    model: student.model,
    weights: student.weights,
    peerWeights: method.peers === undefined ? undefined : await peerStarts(student, seed, method.peers),
    method,
    teacher: hasTeacher ? (arm.learns === 'shuffled-teacher' ? shuffled : teacher) : undefined,
    assistants,
    ...training,
    // The rows that are reported on choose nothing.
    data: { ...data, evaluation: data.validation ?? data.evaluation },
    metrics: [...new Set<MetricName>([...metrics, ...monitored])],
    ...(training.earlyStopping && { monitor: training.earlyStopping, restoreBest: true }),
    seed,
    outputDir,
    saveLast: true,
    startsAtRandom: student.startsAtRandom ?? false,
    strict,
    signal,
    onEvent,
  };
}

/** Trains the student of an arm and scores it after the last step; with early stopping, as it was after its best epoch. @throws as `runPhases` does. */
export async function trainArm(arm: DistillationArm, options: ArmOptions): Promise<TimedResult> {
  const { student, outputDir, isKept, resume } = options;
  const run = await armRun(arm, options);
  const { train } = await armTraining(arm, options);
  // A run that was killed goes on. One that ended, and was killed before its result was written down, may have lost its
  // model: then it is done again.
  const first = await runPhases({ ...run, resume, overwrite: !resume });
  const { record, weights = {} } = first.weights ? first : await runPhases({ ...run, overwrite: true });
  try {
    return {
      ...(await resultOf(student.model, weights, options)),
      parameters: record.parameters,
      seconds: record.seconds,
      train: { rows: train.size, steps: record.steps },
      ...(record.warnings.length > 0 && { warnings: record.warnings }),
      ...(record.fit === undefined ? { curve: record.epochs } : { details: { ...record.fit } }),
    };
  } finally {
    const stages = record.phases?.map(({ folder }) => join(outputDir, folder)) ?? [];
    for (const folder of isKept ? [] : [outputDir, ...stages]) {
      await rm(join(folder, LAST), { recursive: true, force: true });
    }
  }
}

type Scoring = Pick<ArmOptions, 'metrics' | 'threads' | 'device'>;

/** What the model of an arm scores on the validation split, and on the test split where there is one. */
export async function resultOf(
  model: Model,
  weights: Weights,
  { data: { evaluation, test }, ...how }: Scoring & { readonly data: Pick<ArmOptions['data'], 'evaluation' | 'test'> },
): Promise<ScoredRows & Pick<ArmResult, 'test'>> {
  const scored = await scoredOn(evaluation, model, weights, how);
  return test === undefined ? scored : { ...scored, test: await scoredOn(test, model, weights, how) };
}

async function scoredOn(
  data: Dataset,
  model: Model,
  weights: Weights,
  { metrics, threads, device }: Scoring,
): Promise<ScoredRows> {
  const [metric] = metrics;
  const predicted = await withEvaluator({ model, data, metrics, threads, device }, (open) => open.predict(weights));
  const { metrics: measured, classes: said, logits } = predicted;
  const classes = classesOf(model);
  const { labels, scores } = targetsOf(data);
  const scored = { logits, classes, labels, ...(scores && { scores }) };
  const right = countedRows(scored).map((row) => said[row] === labels[row]);
  return {
    score: scoreIn(measured, metric),
    metrics: Object.fromEntries(metrics.map((name) => [name, scoreIn(measured, name)])),
    ...oneAnswer(classes > 1 ? said : logits),
    ...(classes > 1 && { right: packRightRows(right) }),
    ...(!METRICS[metric].countsRight && { answers: packAnswers(scored) }),
  };
}

/** A correlation with equal answers has no value: like Matthews' it then counts as 0, and `one-class` warns. */
function scoreIn(measured: Readonly<Record<string, number>>, metric: JudgedMetric): number {
  const { [metric]: score = Number.NaN } = measured;
  return metric in measured && Number.isNaN(score) ? 0 : score;
}
