/** @file Trains one arm of the primer on one seed and scores it: in this process, or in a worker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { loadMnist, type Mnist, mnistDataset, mnistPart } from '../../data/mnist.js';
import type { Fingerprint } from '../../files/fingerprint.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import { type ArmResult, type CurvePoint, oneAnswer, packRightRows } from '../arm-result.js';
import { type ArmRun, runFolder, type Settings } from '../arm-run.js';
import { expectedTeacher } from './expected-teacher.js';
import type { PrimerArm } from './primer-arms.js';
import { STUDENT_IMAGES, studentModel, trainStudent } from './train-student.js';

/** What all arms have in common. */
export type PrimerSettings = {
  /** Of the teacher: another one, another experiment. */
  readonly teacherHash: string;
  /** `test`: the 10,000 test images; `validation`: the last 10,000 training images, for choosing settings. */
  readonly scoredOn: 'test' | 'validation';
  /** The images, as `describeData` has them: others, another experiment. */
  readonly data: Fingerprint;
};

export type PrimerPlaces = {
  readonly dataDir: string;
  /** The folder of the teacher's run. */
  readonly teacher: string;
  /** The experiment's folder, where each run gets one of its own; null: nothing is kept. */
  readonly runs: string | null;
};

/** The training images that are kept from student and teacher while settings are chosen. */
const VALIDATION_START = 50_000;
/** Enough for a curve; a run has hundreds of epochs. */
const CURVE_POINTS = 40;

type Shared = { readonly train: Dataset; readonly scored: Dataset; readonly teacher: Teacher };

let shared: { readonly key: string; readonly value: Promise<Shared> } | undefined;

/** Data and teacher, read once a process. */
function sharedBy(settings: PrimerSettings & PrimerPlaces): Promise<Shared> {
  const key = JSON.stringify(settings);
  if (shared?.key !== key) shared = { key, value: readShared(settings) };
  return shared.value;
}

async function readShared({ dataDir, teacher, teacherHash, scoredOn }: PrimerSettings & PrimerPlaces): Promise<Shared> {
  const isTest = scoredOn === 'test';
  const mnist: Mnist = await loadMnist(dataDir, isTest ? { maxTrainSamples: STUDENT_IMAGES } : {});
  const saved = await expectedTeacher(teacher, teacherHash);
  return {
    train: mnistDataset(mnist.train, { maxSamples: STUDENT_IMAGES }),
    scored: mnistDataset(isTest ? mnist.test : mnistPart(mnist.train, VALIDATION_START, mnist.train.labels.length)),
    teacher: modelTeacher(saved, { threads: 1 }),
  };
}

/** Trains and scores one arm of the primer on one seed, for `runExperiment`; its settings are `PrimerSettings & PrimerPlaces`. */
export const runPrimerArm: ArmRun<PrimerArm> = async (arm, seed, context) => {
  const settings = context.settings as PrimerSettings & PrimerPlaces & Settings;
  const { train, scored, teacher } = await sharedBy(settings);
  const outputDir =
    settings.runs === null
      ? await mkdtemp(join(tmpdir(), 'retort-primer-'))
      : join(settings.runs, runFolder(arm.name, seed));
  try {
    const { weights, record } = await trainStudent(arm, {
      train,
      teacher,
      seed,
      outputDir,
      // What a killed run has left.
      overwrite: true,
      saveLast: settings.runs !== null,
      signal: context.signal,
      onEvent: (event) => {
        if (event.type === 'step') context.progress(event.step / event.totalSteps);
      },
    });
    const { classes, metrics } = await withEvaluator(
      { model: studentModel(arm.training), data: scored, threads: 1 },
      // Present, since the run has just been done.
      (evaluator) => evaluator.predict(weights ?? {}),
    );
    return {
      score: metrics.accuracy ?? Number.NaN,
      parameters: record.parameters,
      ...oneAnswer(classes),
      right: packRightRows(rightRows(scored, classes)),
      curve: thinned(record.epochs),
    } satisfies ArmResult;
  } finally {
    if (settings.runs === null) await rm(outputDir, { recursive: true, force: true });
  }
};

function rightRows(data: Dataset, classes: Int32Array): boolean[] {
  const { labels } = data.batch(Uint32Array.from(classes, (_, row) => row));
  return Array.from(classes, (digit, row) => digit === Number(labels?.data[row]));
}

/** Evenly chosen, the last always among them. */
function thinned(epochs: readonly CurvePoint[]): CurvePoint[] {
  const stride = Math.ceil(epochs.length / CURVE_POINTS);
  return epochs.filter((_, i) => (epochs.length - 1 - i) % stride === 0);
}
