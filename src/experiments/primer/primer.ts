/** @file The primer told in full: the teacher, then seven ways to train a student, each on the same seeds. */
import { rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Dataset } from '../../data/dataset.js';
import { loadMnist, type Mnist } from '../../data/mnist.js';
import { MNIST_NORMALISATION, mnistDataset } from '../../data/mnist-dataset.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import { supervised } from '../../methods/supervised.js';
import { inPoints } from '../../metrics/points.js';
import { mlp } from '../../models/mlp.js';
import { loadModel } from '../../models/saved-model.js';
import { adam } from '../../optim/adam.js';
import { describeData } from '../../training/run/described-run.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import { runFolder } from '../arm-run.js';
import { describeEnvironment } from '../environment.js';
import { runExperiment } from '../experiment.js';
import { experimentRecord, writeExperimentRecord } from '../experiment-record.js';
import type { ExperimentRecord, NeverSeen } from '../experiment-record.schema.js';
import { RECORD, RESULTS } from '../formats.js';
import { shippedStudent } from '../shipping.js';
import type { VerdictName } from '../verdict.js';
import type { DigitEvent, DigitExperimentOptions } from './digit-experiment.js';
import { type PrimerPlaces, type PrimerSettings, runPrimerArm } from './primer-arm-run.js';
import { PRIMER_ARMS, PRIMER_DESCRIPTIONS, type PrimerArm } from './primer-arms.js';
import { primerEvidence } from './primer-evidence.js';
import { FIRST_SEED, seedsOf } from './primer-seeds.js';
import { STUDENT_IMAGES } from './train-student.js';

export type PrimerEvent =
  | DigitEvent
  /** The teacher is there; its accuracy in percent. */
  | { readonly type: 'teacher-end'; readonly accuracy: number; readonly parameters: number; readonly seconds: number };

export type PrimerOptions = DigitExperimentOptions<PrimerEvent> & {
  /** The command line, for the record. */
  readonly command?: string;
  /** Default: the primer's seven. The article's two come first in each seed. */
  readonly arms?: readonly PrimerArm[];
  /** What `runNeverSeen` found, for the record: a report opens with it. */
  readonly neverSeen?: NeverSeen;
};

/** Accuracies in percent, gains in percentage points. */
export type PrimerFigures = {
  readonly teacher: { readonly accuracy: number; readonly params: number };
  readonly arms: readonly {
    readonly name: string;
    readonly params: number;
    readonly accuracies: readonly number[];
    readonly mean: number;
    /** Null for one seed. */
    readonly sd: number | null;
    /** Null if seed 42 was not run. */
    readonly seed42: number | null;
  }[];
  readonly gains: readonly {
    readonly arm: string;
    readonly over: string;
    readonly mean: number;
    /** The 95 % interval; null for one seed. */
    readonly low: number | null;
    readonly high: number | null;
    /** Half the width of the interval over seeds alone, and what the rows add to it in squares; null for one seed. */
    readonly fromSeeds: number | null;
    readonly fromRows: number | null;
    readonly verdict: VerdictName;
  }[];
  /** Of this call: a resumed primer takes less. */
  readonly seconds: number;
  /** The most memory that one process held. */
  readonly peakRssBytes: number;
};

export type PrimerResult = {
  /** What `--json` prints. */
  readonly figures: PrimerFigures;
  readonly record: ExperimentRecord;
  /** Where the record is. */
  readonly recordPath: string;
};

const TEACHER_SEED = 42;
const WORKER = new URL('./primer-worker.js', import.meta.url);

const QUESTION =
  'Does a teacher help a network of 3,190 weights that sees only 800 digits, or is the same training without it as good?';
const HEADLINE = {
  arm: 'retort',
  controls: {
    noTeacher: 'retort-no-teacher',
    hardLabels: 'hard-labels',
    shuffledTeacher: 'shuffled-teacher',
    labelSmoothing: 'label-smoothing',
  },
} as const;
/** Of its students those that may be used, the cheapest to make first. */
const SHIPPABLE = ['retort-no-teacher', 'label-smoothing', 'hard-labels', 'retort'];
const COMPARISONS = [
  { arm: 'article-kd', over: 'article-baseline' },
  { arm: 'retort', over: 'article-baseline' },
  { arm: 'retort', over: 'article-kd' },
  { arm: 'retort-no-teacher', over: 'article-baseline' },
] as const;

/**
 * Trains the article's teacher and, on each seed, the students of all arms; writes into `outputDir` the teacher's run
 * (`teacher/`), the students' (`runs/ARM-SEED/`), the finished runs (`results.jsonl`) and the record
 * (`experiment.json`).
 * @throws OptionError for numbers out of range, or other settings than those of the primer that is resumed; OutputError
 *   for a folder that is in use or not empty; FileError for data that is not MNIST; InterruptedError after `signal`.
 */
export async function runPrimer(options: PrimerOptions): Promise<PrimerResult> {
  const started = performance.now();
  const { outputDir, resume = false, overwrite = false, command, onEvent: emit = () => {}, signal } = options;
  const { neverSeen } = options;
  const { workers = Math.min(2, os.availableParallelism()), arms = PRIMER_ARMS } = options;
  const seeds = seedsOf(options);
  const folder = await claimOutputFolder(outputDir, { resume, overwrite, signal });
  try {
    const results = join(outputDir, RESULTS);
    const recordPath = join(outputDir, RECORD);
    if (overwrite) for (const path of [recordPath, results]) await rm(path, { force: true });
    const mnist = await loadMnist(options.dataDir, { onNotice: (text) => emit({ type: 'notice', text }) });
    const teacher = await readyTeacher(options, mnist);
    const test = mnistDataset(mnist.test);
    const settings: PrimerSettings = {
      teacherHash: teacher.hash,
      scoredOn: 'test',
      data: { train: describeData(mnistDataset(mnist.train)), test: describeData(test) },
    };
    const places: PrimerPlaces = { dataDir: options.dataDir, teacher: teacher.path, runs: outputDir };
    const outcome = await runExperiment<PrimerArm>({
      name: 'primer',
      arms,
      seeds,
      settings,
      places,
      run: runPrimerArm,
      resultsFile: results,
      resume,
      parallel: { workers, script: WORKER },
      onEvent: (event) => emit({ type: 'experiment', event }),
      signal,
    });
    const [seed = FIRST_SEED] = seeds;
    const { arm, controls } = HEADLINE;
    const ship = shippedStudent(outcome, SHIPPABLE);
    const record = experimentRecord({
      outcome: {
        ...outcome,
        seconds: (performance.now() - started) / 1000,
        peakRssBytes: Math.max(outcome.peakRssBytes, process.resourceUsage().maxRSS * 1024),
      },
      question: QUESTION,
      headline: HEADLINE,
      comparisons: COMPARISONS,
      descriptions: PRIMER_DESCRIPTIONS,
      environment: await describeEnvironment({ threads: 1 }),
      date: new Date(),
      command,
      data: { train: { name: 'mnist train', rows: STUDENT_IMAGES }, evaluation: { name: test.name, rows: test.size } },
      teacher: { name: '784-16-10', score: teacher.accuracy, parameters: teacher.parameters, isPerSeed: false },
      ship,
      evidence: await primerEvidence({
        test,
        split: mnist.test,
        teacher: teacher.path,
        runs: Object.fromEntries(
          [arm, controls.noTeacher].map((name) => [name, join(outputDir, runFolder(name, seed))]),
        ),
        seed,
        arm,
        over: controls.noTeacher,
      }),
      neverSeen,
    });
    await writeExperimentRecord(recordPath, record);
    return { figures: figuresOf(record), record, recordPath };
  } finally {
    folder.release();
  }
}

async function readyTeacher(
  { outputDir, resume = false, overwrite = false, onEvent, signal }: PrimerOptions,
  mnist: Mnist,
) {
  const path = join(outputDir, 'teacher');
  const { record } = await trainPrimerTeacher({
    data: { train: mnistDataset(mnist.train), evaluation: mnistDataset(mnist.test) },
    seed: TEACHER_SEED,
    outputDir: path,
    resume,
    overwrite,
    onEvent: (event) => {
      // Its notice says how to train it anew, which nobody who resumes the primer has in mind.
      if (event.type !== 'notice') onEvent?.({ type: 'teacher', event });
    },
    signal,
  });
  const accuracy = inPoints(record.metrics.accuracy ?? Number.NaN);
  const { parameters, seconds } = record;
  onEvent?.({ type: 'teacher-end', accuracy, parameters, seconds });
  return { path, accuracy, parameters, hash: (await loadModel(path)).contentHash };
}

function figuresOf(record: ExperimentRecord): PrimerFigures {
  const at = record.seeds.indexOf(FIRST_SEED);
  return {
    teacher: { accuracy: record.teacher?.score ?? Number.NaN, params: record.teacher?.parameters ?? 0 },
    arms: record.arms.map(({ name, parameters, scores, mean, sd }) => ({
      name,
      params: parameters,
      accuracies: scores,
      mean,
      sd: sd ?? null,
      seed42: scores[at] ?? null,
    })),
    gains: record.gains.map(({ arm, over, mean, low, high, fromSeeds, fromRows, verdict }) => ({
      arm,
      over,
      mean,
      low: low ?? null,
      high: high ?? null,
      fromSeeds: fromSeeds ?? null,
      fromRows: fromRows ?? null,
      verdict,
    })),
    seconds: record.seconds,
    peakRssBytes: record.peakRssBytes,
  };
}

type TeacherOptions = Pick<RunOptions, 'outputDir' | 'resume' | 'overwrite' | 'seed' | 'signal' | 'onEvent'> & {
  readonly data: { readonly train: Dataset; readonly evaluation: Dataset };
};

/** The article's: 784-16-10, three epochs of Adam at 5e-3. @throws as `runTraining` does. */
function trainPrimerTeacher(options: TeacherOptions): Promise<RunResult> {
  return runTraining({
    ...options,
    model: mlp({ hidden: [16], ...MNIST_NORMALISATION }),
    method: supervised(),
    optimizer: adam({ learningRate: 5e-3 }),
    batchSize: 64,
    evalBatchSize: 1000,
    epochs: 3,
    threads: 1,
  });
}
