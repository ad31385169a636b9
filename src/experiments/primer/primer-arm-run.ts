/** @file Trains one arm of the primer on one seed and scores it: in this process, or in a worker. */
import type { Dataset } from '../../data/dataset.js';
import { loadMnist, type Mnist } from '../../data/mnist.js';
import { mnistDataset, mnistPart } from '../../data/mnist-dataset.js';
import type { Fingerprint } from '../../files/fingerprint.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import type { CurvePoint } from '../arm-result.js';
import type { ArmRun, Settings } from '../arm-run.js';
import { readOnce, runDigitArm } from './digit-arm-run.js';
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

/** Data and teacher. */
const readShared = readOnce(async (settings: PrimerSettings & PrimerPlaces): Promise<Shared> => {
  const { dataDir, teacher, teacherHash, scoredOn } = settings;
  const isTest = scoredOn === 'test';
  const mnist: Mnist = await loadMnist(dataDir, isTest ? { maxTrainSamples: STUDENT_IMAGES } : {});
  const saved = await expectedTeacher(teacher, teacherHash);
  return {
    train: mnistDataset(mnist.train, { maxSamples: STUDENT_IMAGES }),
    scored: mnistDataset(isTest ? mnist.test : mnistPart(mnist.train, VALIDATION_START, mnist.train.labels.length)),
    teacher: modelTeacher(saved, { threads: 1 }),
  };
});

/** Trains and scores one arm of the primer on one seed, for `runExperiment`; its settings are `PrimerSettings & PrimerPlaces`. */
export const runPrimerArm: ArmRun<PrimerArm> = async (arm, seed, context) => {
  const settings = context.settings as PrimerSettings & PrimerPlaces & Settings;
  const { train, scored, teacher } = await readShared(settings);
  const { result, record } = await runDigitArm({
    ...{ arm, seed, context, scored },
    runs: settings.runs,
    model: studentModel(arm.training),
    train: (options) => trainStudent(arm, { ...options, train, teacher }),
  });
  return { ...result, curve: thinned(record.epochs) };
};

/** Evenly chosen, the last always among them. */
function thinned(epochs: readonly CurvePoint[]): CurvePoint[] {
  const stride = Math.ceil(epochs.length / CURVE_POINTS);
  return epochs.filter((_, i) => (epochs.length - 1 - i) % stride === 0);
}
