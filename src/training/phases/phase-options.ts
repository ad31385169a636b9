/** @file A phase of a method as a training run: who learns, from whom, on which rows and for how long. */
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import { heldOut } from '../../data/held-out.js';
import { OptionError } from '../../errors/failures.js';
import type { Phase } from '../../methods/method.js';
import type { Model, SavedModel, Weights } from '../../models/model.js';
import { loadModel } from '../../models/saved-model.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import type { Teacher } from '../../teachers/teacher.js';
import { LAST } from '../run/run-files.js';
import type { RunOptions } from '../run/run-options.js';
import { budgetsOf, type PhaseBudget, rowsOf, stepsOf } from './phase-budgets.js';

/** Weights to start from, or what they are for a seed. Default: drawn from the seed. */
export type StartingWeights = Weights | ((seed: number) => Weights | Promise<Weights>);

export type AssistantTraining = Pick<RunOptions, 'optimizer' | 'epochs' | 'batchSize'> &
  Pick<RunOptions, 'groups' | 'maxGradNorm' | 'schedule' | 'warmupSteps'>;

/** A model between teacher and student: taught first, then it teaches. */
export type Assistant = {
  readonly model: Model;
  readonly weights?: StartingWeights | undefined;
  /** Whether those are random, but perhaps for word vectors. Default: whether none are given. */
  readonly startsAtRandom?: boolean | undefined;
  /** The same rows as it reads them. Default: as the student does. */
  readonly reads?: ((data: Dataset) => Dataset) | undefined;
  /** How it is trained, where that is not as the student is: another kind of model, another optimiser. */
  readonly training?: AssistantTraining | undefined;
  /** The trained model as a teacher of what comes next. Default: `modelTeacher`, on the rows as the learner reads them. */
  readonly asTeacher?: ((saved: SavedModel) => Teacher) | undefined;
};

export type PhasedRunOptions = Omit<RunOptions, 'weights' | 'teacher' | 'data'> & {
  readonly weights?: StartingWeights | undefined;
  /** As a function where it is made for the rows that it is to answer. */
  readonly teacher?: (Teacher | ((train: Dataset) => Teacher | Promise<Teacher>)) | undefined;
  readonly data: {
    /** Rows with labels. */
    readonly train: Dataset;
    readonly evaluation?: Dataset | undefined;
    /** The rows of `train`, and behind them others for a teacher to answer. Default: `train`. */
    readonly transfer?: Dataset | undefined;
    /** For scores that decide something. Default: a tenth of `train`, which phases that are scored on it do without. */
    readonly validation?: Dataset | undefined;
  };
  /** Largest first. */
  readonly assistants?: readonly Assistant[] | undefined;
};

/** The names by which a method calls the assistants. */
export function assistantNames({ assistants = [] }: Pick<PhasedRunOptions, 'assistants'>): string[] {
  return assistants.map((_, i) => `assistant-${i + 1}`);
}

/** One phase of a plan. */
export type PhasePlace = { readonly phases: readonly Phase[]; readonly index: number };

/** Of a run folder; `files/output-folder.ts` knows it too. */
export function phaseFolder({ phases, index }: PhasePlace): string {
  return `phase-${index + 1}-${phases[index]?.name}`;
}

/** The model that has finished a phase. */
export type PhaseModel = { readonly learner: Assistant; readonly saved: () => Promise<SavedModel> };

/** @throws OptionError for an assistant that there is not. */
export function learnerOf(options: PhasedRunOptions, { student, name }: Phase): Assistant {
  const { model, weights, startsAtRandom, assistants = [] } = options;
  if (student === undefined) return { model, weights, startsAtRandom };
  const names = assistantNames(options);
  const found = assistants[names.indexOf(student)];
  if (found !== undefined) return found;
  throw new OptionError({
    where: `phase ${name} of method '${options.method.name}'`,
    wanted: `one of the assistants: ${names.join(', ') || 'none is given'}`,
    got: student,
    fix: 'give assistants, largest first',
  });
}

/** The phase that another one learns from, by its number; undefined for the teacher of the run. */
export function teachingPhase({ phases, index }: PhasePlace): number | undefined {
  const { teacher = 'given' } = phases[index] as Phase;
  if (teacher === 'given') return undefined;
  return teacher === 'previous' ? index - 1 : phases.findIndex(({ name }) => name === teacher.phase);
}

/** The rows that a phase is trained and scored on, as its learner reads them. */
export function dataOf(options: PhasedRunOptions, phase: Phase, learner: Assistant): RunOptions['data'] {
  const { evaluation: asked = 'given' } = phase;
  const { train, evaluation, validation } = options.data;
  const rows = rowsOf(phase, options.data);
  const isCut = asked === 'held-out' && validation === undefined;
  const split = isCut ? heldOut(train, rows) : undefined;
  const scored = { given: evaluation, none: undefined, 'held-out': split?.part ?? validation }[asked];
  const { reads = (data) => data } = learner;
  return { train: reads(split?.rest ?? rows), evaluation: scored && reads(scored) };
}

export async function givenTeacher({ teacher }: PhasedRunOptions, train: Dataset): Promise<Teacher | undefined> {
  return typeof teacher === 'function' ? teacher(train) : teacher;
}

/** The model that has ended a phase as a teacher. */
async function phaseTeacher({ learner, saved }: PhaseModel, options: PhasedRunOptions): Promise<Teacher> {
  const { threads, device } = options;
  return (learner.asTeacher ?? ((model) => modelTeacher(model, { threads, device })))(await saved());
}

/** The model that a finished phase has left in its folder. */
export function modelLeftBy(options: PhasedRunOptions, place: PhasePlace): PhaseModel {
  const learner = learnerOf(options, place.phases[place.index] as Phase);
  return { learner, saved: () => loadModel(join(options.outputDir, phaseFolder(place), LAST)) };
}

/** Apart enough that no two seeds of a run share a draw. */
const DRAW_STRIDE = 1_000_000;

/** What a learner starts from. */
export async function weightsFor(
  { weights }: { readonly weights?: StartingWeights | undefined },
  seed: number,
): Promise<Weights | undefined> {
  return typeof weights === 'function' ? weights(seed) : weights;
}

/** Epochs, steps and schedule of a phase; of a warm-up it gets its share. */
function lengthOf(options: PhasedRunOptions, { phases, index }: PhasePlace, rows: Dataset) {
  const { schedule: own } = phases[index] as Phase;
  const budget = budgetsOf(phases, options)[index] as PhaseBudget;
  const { schedule = own, warmupSteps = 0 } = own === undefined ? options : { ...options, schedule: own };
  const steps = stepsOf({ ...options, ...budget }, rows);
  const share = steps / stepsOf(options, options.data.train);
  const warmup = own === 'constant' ? 0 : Math.min(steps, Math.round(warmupSteps * share));
  return { ...budget, schedule, warmupSteps: warmup };
}

/**
 * What `runTraining` is given for a phase; its folder is that of the run, resumed if it is there.
 * @param ended The model of an earlier phase, by number.
 */
export async function phaseOptions(
  asked: PhasedRunOptions,
  place: PhasePlace,
  ended: (index: number) => PhaseModel,
): Promise<RunOptions> {
  const { phases, index } = place;
  const phase = phases[index] as Phase;
  const learner = learnerOf(asked, phase);
  const options = { ...asked, ...learner.training };
  const { assistants: _assistants, weights: _weights, teacher: _teacher, overwrite: _overwrite, ...rest } = options;
  const { earlyStopping, restoreBest, saveTopK, teacherForm, peerWeights, startsAtRandom: _random, ...common } = rest;
  const { optimizer, seed, outputDir } = options;
  const { method, learningRateFactor = 1, draw = 0 } = phase;
  const data = dataOf(options, phase, learner);
  const isLast = index === phases.length - 1;
  const startsAtRandom = phase.from === 'previous' ? false : learner.startsAtRandom;
  const from = teachingPhase(place);
  const isTaught = method.needs.length > 0;
  const teacher = isTaught
    ? await teacherOf(options, from === undefined ? undefined : ended(from), data.train)
    : undefined;
  const drawSeed = seed + DRAW_STRIDE * draw;
  const weights =
    phase.from === 'previous' ? (await ended(index - 1).saved()).weights : await weightsFor(learner, drawSeed);
  return {
    ...common,
    ...lengthOf(options, place, data.train),
    model: learner.model,
    method,
    weights,
    startsAtRandom,
    peerWeights: method.peers === undefined ? undefined : peerWeights,
    teacher,
    teacherForm: isTaught && from === undefined ? teacherForm : undefined,
    data,
    optimizer: { ...optimizer, learningRate: optimizer.learningRate * learningRateFactor },
    // What chooses among epochs chooses the model of the run.
    saveTopK: isLast ? saveTopK : undefined,
    earlyStopping: isLast ? earlyStopping : undefined,
    restoreBest: isLast ? restoreBest : undefined,
    seed: drawSeed,
    outputDir: join(outputDir, phaseFolder(place)),
    resume: true,
    saveLast: !isLast,
  };
}

async function teacherOf(
  options: PhasedRunOptions,
  ended: PhaseModel | undefined,
  train: Dataset,
): Promise<Teacher | undefined> {
  return ended === undefined ? givenTeacher(options, train) : phaseTeacher(ended, options);
}
