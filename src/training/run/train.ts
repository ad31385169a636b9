/** @file The loop: epochs, batches in their order, runs of several steps, and where a run may be interrupted. */
import type { Batch, Dataset } from '../../data/dataset.js';
import { groupedOrder } from '../../data/length-order.js';
import type { Perturbation, PerturbationPlace } from '../../data/perturbation.js';
import { type Cursor, epochOrder } from '../../data/shuffle.js';
import { CheckpointError, DivergedError, InterruptedError, OptionError } from '../../errors/failures.js';
import type { Progress } from '../../methods/method.js';
import type { Portion } from '../../options/option-spec.js';
import { turnOfTheEventLoop } from '../../runtime/event-loop.js';
import type { Tensor } from '../../tensor/tensor.js';
import { addLosses, type LossSums, noLosses } from '../step/loss-means.js';
import {
  gatherBatch,
  type MicroBatch,
  microBatches,
  planTexts,
  type TextPlan,
  type TextPlanOptions,
} from '../step/micro-batches.js';
import type { StepInput, StepResult, TrainingStep } from '../step/step.js';
import { limitBatches } from './batch-limits.js';

export type PlanOptions = {
  /** Rows of the training set. */
  readonly rows: number;
  /** Rows of a batch, and so of a micro-batch where gradients are accumulated. */
  readonly batchSize: number;
  /** Batches whose gradients make one step. Default: 1. */
  readonly gradientAccumulationSteps?: number | undefined;
  readonly epochs: number;
  /** Stop after so many steps, if that is sooner. */
  readonly maxSteps?: number | undefined;
  readonly limitTrainBatches?: Portion | undefined;
  /** For rows that are texts. */
  readonly text?: TextPlan | undefined;
};

/** What a run is going to do, in numbers. */
export type TrainingPlan = {
  readonly batchSize: number;
  /** Batches of a step. */
  readonly accumulation: number;
  readonly rowsPerStep: number;
  readonly rowsPerEpoch: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly epochs: number;
  readonly text?: TextPlan | undefined;
};

/** @throws OptionError for a number out of range. */
export function planTraining(options: PlanOptions): TrainingPlan {
  const { rows, batchSize, gradientAccumulationSteps: accumulation = 1, epochs, maxSteps, text } = options;
  const counts = { 'rows of the training set': rows, batchSize, gradientAccumulationSteps: accumulation, epochs };
  for (const [where, count] of Object.entries({ ...counts, maxSteps: maxSteps ?? 1 })) {
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new OptionError({ where, wanted: 'an integer ≥ 1', got: String(count) });
  }
  const batches = limitBatches(Math.ceil(rows / batchSize), options.limitTrainBatches, 'limitTrainBatches');
  if (batches === 0) {
    throw new OptionError({ where: 'limitTrainBatches', wanted: 'at least one batch to train on', got: '0' });
  }
  const stepsPerEpoch = Math.ceil(batches / accumulation);
  const whole = epochs * stepsPerEpoch;
  return {
    batchSize,
    accumulation,
    rowsPerStep: batchSize * accumulation,
    rowsPerEpoch: Math.min(rows, batches * batchSize),
    stepsPerEpoch,
    totalSteps: Math.min(whole, maxSteps ?? whole),
    epochs,
    text,
  };
}

/** What decides how long a training is, but for its rows. */
export type TrainingLength = Omit<PlanOptions, 'rows' | 'text'> & Omit<TextPlanOptions, 'seenRow'>;

/** The plan of a training on these rows. @throws OptionError for numbers out of range. */
export function planOn(length: TrainingLength, data: Pick<Dataset, 'size' | 'text'>): TrainingPlan {
  return planTraining({ ...length, rows: data.size, text: planTexts(data, length) });
}

/** How far a run is. The cursor stands at an epoch's end until that epoch has been evaluated. */
export type Position = {
  /** Finished steps. */
  readonly step: number;
  readonly cursor: Cursor;
  /** Over the steps of this epoch. */
  readonly epochLosses: LossSums;
  /** Over the steps since the log's last line about steps. */
  readonly lineLosses: LossSums;
};

export const START: Position = {
  step: 0,
  cursor: { epoch: 0, position: 0 },
  epochLosses: noLosses(),
  lineLosses: noLosses(),
};

/** One run of the compiled step, as those who watch see it. */
export type RunReport = { readonly results: readonly StepResult[]; readonly rows: number; readonly seconds: number };

export type TrainingRun = {
  readonly step: TrainingStep;
  readonly data: Dataset;
  readonly plan: TrainingPlan;
  /** Of the order of the rows, and of the perturbation. */
  readonly seed: number;
  readonly perturbation?: Perturbation | undefined;
  /** Of a step that counts from 1. */
  readonly learningRate: (step: number) => number;
  /** The method's scalars. */
  readonly scalars?: ((progress: Progress) => Readonly<Record<string, number>>) | undefined;
  /** What the teacher's part of the step is fed with for some of the rows. */
  readonly teacher?: ((part: MicroBatch, at: PerturbationPlace) => Readonly<Record<string, Tensor>>) | undefined;
  /** Where an interrupted run stood; the step's state must be that of this very moment. Default: `START`. */
  readonly from?: Position | undefined;
  /** Every so many steps `onLine` gets the position, its means whole. */
  readonly lineSteps?: number | undefined;
  readonly onLine?: ((at: Position) => void) | undefined;
  /** Before the first step of all. */
  readonly onFirstStep?: ((first: StepInput) => Promise<void>) | undefined;
  /** After each run of steps. */
  readonly onRun?: ((at: Position, report: RunReport) => void | Promise<void>) | undefined;
  /**
   * After an epoch's last step: where the run stands, where it will once the epoch is closed, and what that step read.
   * `false` ends the training.
   */
  readonly onEpochEnd?: ((at: Position, closed: Position, last: StepInput) => Promise<boolean>) | undefined;
  /** Before the loop is left by an error of its own. Tells where the state is kept, if it is. */
  readonly onStop?: (at: Position) => Promise<string | undefined>;
  readonly signal?: AbortSignal | undefined;
};

/** A run blocks the event loop, so it is kept short: Ctrl-C and the progress bar wait for its end. */
const RUN_SECONDS = 0.4;
const NO_SCALARS = {};
const SHOWN_ROWS = 5;

/**
 * Trains until the plan is done, or `onEpochEnd` says so. The bytes of the state depend on data, plan, seed and
 * learning rates alone: not on how the steps are cut into runs, nor on interruptions.
 * @returns Where the run stands then.
 * @throws InterruptedError once `signal` is aborted, after the run under way; DivergedError for a loss or gradient that
 *   is not finite, the step's state being that before it.
 */
export async function train(run: TrainingRun): Promise<Position> {
  const { step, data, plan, seed } = run;
  const { rowsPerStep, rowsPerEpoch, totalSteps } = plan;
  let at = checkedStart(run.from ?? START, plan);
  // One at first: nobody knows yet how long a step takes.
  let runSteps = 1;
  while (!isDone(at, plan)) {
    const { epoch } = at.cursor;
    const order = orderOf(data, plan, seed, epoch);
    let last: StepInput | undefined;
    while (at.cursor.position < rowsPerEpoch && at.step < totalSteps) {
      await stopIfAsked(run, at);
      const { position } = at.cursor;
      const count = Math.min(runSteps, totalSteps - at.step, Math.ceil((rowsPerEpoch - position) / rowsPerStep));
      const end = Math.min(position + count * rowsPerStep, rowsPerEpoch);
      const inputs: StepInput[] = [];
      for (let i = 0; i < count; i++) {
        const start = position + i * rowsPerStep;
        const rows = order.subarray(start, Math.min(start + rowsPerStep, end));
        inputs.push(stepInput(run, rows, at.step + i + 1, epoch, i));
      }
      if (at.step === 0) await run.onFirstStep?.(inputs[0] as StepInput);
      const started = performance.now();
      const results = await step.run(inputs);
      const seconds = (performance.now() - started) / 1000;
      const failed = results.findIndex(({ isApplied }) => !isApplied);
      at = advanced(run, at, failed < 0 ? results : results.slice(0, failed), end);
      if (failed >= 0) {
        const rows = order.subarray(position + failed * rowsPerStep, end).subarray(0, rowsPerStep);
        throw await diverged(run, at, results[failed] as StepResult, inputs[failed] as StepInput, rows.length);
      }
      await run.onRun?.(at, { results, rows: end - position, seconds });
      last = inputs.at(-1);
      const fitting = Math.floor((RUN_SECONDS * count) / seconds);
      runSteps = Math.max(1, Math.min(step.stepsPerRun, Math.max(runSteps, 8 * count), fitting));
      await turnOfTheEventLoop();
    }
    await stopIfAsked(run, at);
    const closed = { ...at, cursor: { epoch: epoch + 1, position: 0 }, epochLosses: noLosses() };
    // A run that stood right here when it was interrupted has not read it in this process.
    const goesOn = (await run.onEpochEnd?.(at, closed, last ?? lastInput(run, order, at))) ?? true;
    at = closed;
    if (!goesOn) break;
  }
  return at;
}

/** The rows of an epoch, in batches: texts of like length together. */
export function orderOf(
  { text, size, order }: Dataset,
  { batchSize }: TrainingPlan,
  seed: number,
  epoch: number,
): Uint32Array {
  if (order !== undefined) return order({ batchSize, seed, epoch });
  return text === undefined ? epochOrder(size, seed, epoch) : groupedOrder(text.lengths, batchSize, seed, epoch);
}

/** Whether nothing is left to do: all steps are done, and the epoch that they ended in is closed. */
/** Epochs of a run that a limit of steps leaves. */
export function epochsToRun({ epochs, totalSteps, stepsPerEpoch }: TrainingPlan): number {
  return Math.min(epochs, Math.ceil(totalSteps / stepsPerEpoch));
}

function isDone({ step, cursor }: Position, { epochs, totalSteps }: TrainingPlan): boolean {
  return cursor.epoch >= epochs || (step >= totalSteps && cursor.position === 0);
}

function checkedStart(from: Position, plan: TrainingPlan): Position {
  const { step, cursor, epochLosses, lineLosses } = from;
  const { rowsPerEpoch, rowsPerStep, stepsPerEpoch, totalSteps } = plan;
  const isPlace = cursor.position === rowsPerEpoch || cursor.position % rowsPerStep === 0;
  const stepsThen = cursor.epoch * stepsPerEpoch + Math.ceil(cursor.position / rowsPerStep);
  if (isPlace && cursor.position <= rowsPerEpoch && step === Math.min(stepsThen, totalSteps)) {
    // Nothing else of it: a saved state has findings beside the position, and would bring old ones back.
    return { step, cursor, epochLosses, lineLosses };
  }
  throw new CheckpointError({
    where: 'training state',
    wanted: `a step of a run with ${stepsPerEpoch} steps per epoch`,
    got: `step ${step} at row ${cursor.position} of epoch ${cursor.epoch + 1}`,
    fix: 'resume with the data set and options the run was started with',
  });
}

/**
 * What one step is given: its batches, and what the teacher's part of it reads.
 * @param runAt the number of the step in its run, from 0.
 */
export function stepInput(run: TrainingRun, rows: Uint32Array, step: number, epoch: number, runAt: number): StepInput {
  const { data, plan, seed, perturbation, teacher } = run;
  const { totalSteps } = plan;
  const micro = microBatches(rows, data, plan);
  const answers: Readonly<Record<string, Tensor>>[] = [];
  // Rows are gathered, or perturbed, right where the step reads them.
  const place = micro.length === 1 ? run.step.placeFor?.(runAt) : undefined;
  const batches = micro.map((part, i): Batch => {
    const at = { seed, step, part: i };
    const plain = gatherBatch(data, part, perturbation === undefined ? place : undefined);
    if (teacher !== undefined) answers.push(teacher(part, at));
    return perturbation?.perturb(plain, at, place) ?? plain;
  });
  return {
    step,
    learningRate: run.learningRate(step),
    batches,
    scalars: run.scalars?.({ step, totalSteps, epoch }) ?? NO_SCALARS,
    teacher: teacher && answers,
  };
}

/** What the step read that led to a position. */
function lastInput(run: TrainingRun, order: Uint32Array, { step, cursor: { epoch, position } }: Position): StepInput {
  const { rowsPerStep } = run.plan;
  const start = Math.floor((position - 1) / rowsPerStep) * rowsPerStep;
  return stepInput(run, order.subarray(start, position), step, epoch, 0);
}

/** The position after steps that were applied. */
function advanced(run: TrainingRun, from: Position, results: readonly StepResult[], end: number): Position {
  const { plan, lineSteps, onLine } = run;
  const epochLosses = copyOf(from.epochLosses);
  let lineLosses = copyOf(from.lineLosses);
  let { step } = from;
  const { epoch, position } = from.cursor;
  for (const result of results) {
    step += 1;
    addLosses(epochLosses, result);
    addLosses(lineLosses, result);
    if (lineSteps === undefined || step % lineSteps !== 0) continue;
    const cursor = { epoch, position: Math.min(position + (step - from.step) * plan.rowsPerStep, end) };
    onLine?.({ step, cursor, epochLosses, lineLosses });
    lineLosses = noLosses();
  }
  const cursor = { epoch, position: Math.min(position + results.length * plan.rowsPerStep, end) };
  return { step, cursor, epochLosses, lineLosses };
}

function copyOf({ steps, loss, losses, termSteps }: LossSums): LossSums {
  return { steps, loss, losses: { ...losses }, ...(termSteps && { termSteps: { ...termSteps } }) };
}

async function stopIfAsked({ signal, onStop, plan }: TrainingRun, at: Position): Promise<void> {
  if (signal?.aborted !== true) return;
  const kept = await onStop?.(at);
  throw new InterruptedError({
    where: 'training',
    wanted: `all ${plan.totalSteps} steps`,
    got: `an interruption after step ${at.step}`,
    fix:
      kept === undefined
        ? 'no state was saved: start again'
        : `the state is in ${kept}: run the same command with --resume to continue`,
  });
}

async function diverged(
  { onStop }: TrainingRun,
  at: Position,
  { loss, losses, gradientNorm }: StepResult,
  { batches, step, learningRate }: StepInput,
  realRows: number,
): Promise<DivergedError> {
  const kept = await onStop?.(at);
  const ids = batches.flatMap((batch) => Array.from(batch.ids)).slice(0, Math.min(realRows, SHOWN_ROWS));
  const terms = Object.entries(losses);
  const shownTerms = terms.length > 1 ? ` (${terms.map(([name, value]) => `${name} ${value}`).join(', ')})` : '';
  const more = realRows > SHOWN_ROWS ? ', …' : '';
  return new DivergedError({
    where: `step ${step} (epoch ${at.cursor.epoch + 1}, batch of rows ${ids.join(', ')}${more})`,
    wanted: 'a finite loss and gradient',
    got: `loss ${loss}${shownTerms}, gradient norm ${gradientNorm}`,
    fix:
      `lower the learning rate (it is ${learningRate}) or clip gradients` +
      (kept === undefined ? '' : `; the state before this step is in ${kept}`),
  });
}
