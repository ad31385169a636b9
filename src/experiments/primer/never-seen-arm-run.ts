/** @file Trains one arm of `never-seen` on one seed and scores it: in this process, or in a worker. */
import { MNIST_NORMALISATION } from '../../data/mnist-dataset.js';
import type { Fingerprint } from '../../files/fingerprint.js';
import { hardLabels } from '../../methods/hard-labels.js';
import { hinton } from '../../methods/hinton.js';
import { supervised } from '../../methods/supervised.js';
import { mlp } from '../../models/mlp.js';
import { adam } from '../../optim/adam.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import type { ArmRun, Settings } from '../arm-run.js';
import { readOnce, runDigitArm } from './digit-arm-run.js';
import { expectedTeacher } from './expected-teacher.js';
import type { NeverSeenArm, NeverSeenSource, PlainTraining } from './never-seen-arms.js';
import { type NeverSeenData, neverSeenData, type ScoredOn } from './never-seen-data.js';

/** What all arms have in common. */
export type NeverSeenSettings = {
  readonly withoutDigit: number;
  readonly scoredOn: ScoredOn;
  readonly training: PlainTraining;
  readonly teacherHash: string;
  readonly data: Fingerprint;
};

export type NeverSeenPlaces = {
  readonly dataDir: string;
  /** The folder of the teacher's run. */
  readonly teacher: string;
  /** The experiment's folder, where the students of one seed are kept. */
  readonly runs: string;
  readonly keptSeed: number;
};

/** Of a run: the predicted classes of the images that the report shows. */
export type NeverSeenDetails = { readonly shown: readonly number[] };

/** Images of the digit that the report shows: the first of the scored ones, whoever recognises them. */
export const SHOWN_IMAGES = 12;

type Shared = NeverSeenData & { readonly teacher: Teacher };

/** Data and teacher. */
const readShared = readOnce(async (settings: NeverSeenSettings & NeverSeenPlaces): Promise<Shared> => {
  const data = await neverSeenData(settings.dataDir, settings);
  const saved = await expectedTeacher(settings.teacher, settings.teacherHash);
  return { ...data, teacher: askedOnce(modelTeacher(saved, { threads: 1 })) };
});

/** Four arms on ten seeds have the same images: they are labelled once a process. */
function askedOnce({ open: _open, ...teacher }: Teacher): Teacher {
  let answers: ReturnType<Teacher['answer']> | undefined;
  return {
    ...teacher,
    answer: (data, signals) => {
      answers ??= teacher.answer(data, signals);
      return answers;
    },
  };
}

/** For `runExperiment`; its settings are `NeverSeenSettings & NeverSeenPlaces`. */
export const runNeverSeenArm: ArmRun<NeverSeenArm> = async (arm, seed, context) => {
  const settings = context.settings as NeverSeenSettings & NeverSeenPlaces & Settings;
  const { scored, digitRows, ...given } = await readShared(settings);
  const { result, classes } = await runDigitArm({
    ...{ arm, seed, context, scored },
    runs: seed === settings.keptSeed ? settings.runs : null,
    model: plainModel(settings.training),
    train: (options) => trainPlainly(settings.training, { ...options, ...learningFrom(arm.learns, given) }),
  });
  const shown = Array.from(digitRows.subarray(0, SHOWN_IMAGES), (row) => classes[row] as number);
  return { ...result, details: { shown } satisfies NeverSeenDetails };
};

function learningFrom(
  source: NeverSeenSource,
  { all, others, unlabelled, teacher }: Pick<Shared, 'all' | 'others' | 'unlabelled' | 'teacher'>,
): Pick<RunOptions, 'method' | 'teacher' | 'data'> {
  switch (source.from) {
    case 'teacher':
      return {
        // Alpha 1: the soft targets alone.
        method: hinton({ alpha: 1, temperature: source.temperature }),
        teacher,
        data: { train: unlabelled },
      };
    case 'hard-labels':
      return { method: hardLabels(), teacher, data: { train: unlabelled } };
    case 'labels':
      return { method: supervised(), data: { train: others } };
    case 'all':
      return { method: supervised(), data: { train: all } };
  }
}

export function plainModel({ hidden }: Pick<PlainTraining, 'hidden'>) {
  return mlp({ hidden: [hidden], ...MNIST_NORMALISATION });
}

type PlainOptions = Pick<RunOptions, 'method' | 'teacher' | 'data' | 'seed' | 'outputDir'> & Partial<RunOptions>;

/** Teacher and students alike. @throws as `runTraining` does. */
export function trainPlainly(training: PlainTraining, options: PlainOptions): Promise<RunResult> {
  const { epochs, batchSize, learningRate, schedule } = training;
  const model = plainModel(training);
  return runTraining({
    ...options,
    ...{ model, optimizer: adam({ learningRate }), schedule, batchSize, epochs, threads: 1 },
  });
}
