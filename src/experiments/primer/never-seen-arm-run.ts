/** @file Trains one arm of `never-seen` on one seed and scores it: in this process, or in a worker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MNIST_NORMALISATION } from '../../data/mnist.js';
import type { Fingerprint } from '../../files/fingerprint.js';
import { hardLabels } from '../../methods/hard-labels.js';
import { hinton } from '../../methods/hinton.js';
import { supervised } from '../../methods/supervised.js';
import { mlp } from '../../models/mlp.js';
import { adam } from '../../optim/adam.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import { type ArmResult, oneAnswer, packRightRows } from '../arm-result.js';
import { type ArmRun, runFolder, type Settings } from '../arm-run.js';
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

let shared: { readonly key: string; readonly value: Promise<Shared> } | undefined;

/** Data and teacher, read once a process. */
function sharedBy(settings: NeverSeenSettings & NeverSeenPlaces): Promise<Shared> {
  const key = JSON.stringify(settings);
  if (shared?.key !== key) shared = { key, value: readShared(settings) };
  return shared.value;
}

async function readShared(settings: NeverSeenSettings & NeverSeenPlaces): Promise<Shared> {
  const data = await neverSeenData(settings.dataDir, settings);
  const saved = await expectedTeacher(settings.teacher, settings.teacherHash);
  return { ...data, teacher: askedOnce(modelTeacher(saved, { threads: 1 })) };
}

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
  const isKept = seed === settings.keptSeed;
  const outputDir = isKept
    ? join(settings.runs, runFolder(arm.name, seed))
    : await mkdtemp(join(tmpdir(), 'retort-never-seen-'));
  try {
    const { scored, split, digitRows, ...given } = await sharedBy(settings);
    const { weights, record } = await trainPlainly(settings.training, {
      ...learningFrom(arm.learns, given),
      seed,
      outputDir,
      // What a killed run has left.
      overwrite: true,
      saveLast: isKept,
      signal: context.signal,
      onEvent: (event) => {
        if (event.type === 'step') context.progress(event.step / event.totalSteps);
      },
    });
    const { classes, metrics } = await withEvaluator(
      { model: plainModel(settings.training), data: scored, threads: 1 },
      // Present, since the run has just been done.
      (evaluator) => evaluator.predict(weights ?? {}),
    );
    const shown = Array.from(digitRows.subarray(0, SHOWN_IMAGES), (row) => classes[row] as number);
    return {
      score: metrics.accuracy ?? Number.NaN,
      parameters: record.parameters,
      ...oneAnswer(classes),
      right: packRightRows(Array.from(classes, (digit, row) => digit === split.labels[row])),
      details: { shown } satisfies NeverSeenDetails,
    } satisfies ArmResult;
  } finally {
    if (!isKept) await rm(outputDir, { recursive: true, force: true });
  }
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
