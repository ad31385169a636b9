/** @file How long each phase of a method trains, and how long the student has been trained in all. */
import type { Dataset } from '../../data/dataset.js';
import type { Method, Phase } from '../../methods/method.js';
import { planOn, type TrainingLength } from '../run/train.js';

/** Epochs of a phase, and the most steps. */
export type PhaseBudget = { readonly epochs: number; readonly maxSteps?: number | undefined };

/**
 * The epochs and steps of each phase. Phases that go on from one another share those of the run: each ends where its part
 * of them ends, rounded, and has at least one; epochs that a phase names are taken off the next one's. A phase that starts
 * anew has all of them.
 */
export function budgetsOf(phases: readonly Phase[], { epochs, maxSteps }: PhaseBudget): PhaseBudget[] {
  let shared = 0;
  let done = { epochs: 0, steps: 0 };
  return phases.map((phase) => {
    if (phase.from !== 'previous') {
      shared = 0;
      done = { epochs: 0, steps: 0 };
    }
    const own = phase.epochs === undefined ? undefined : phase.epochs / epochs;
    shared += own === undefined ? (phase.share ?? 1) : 0;
    const part = (of: number, before: number) =>
      Math.max(1, Math.round((own ?? shared) * of) - (own === undefined ? before : 0));
    const budget = {
      epochs: part(epochs, done.epochs),
      steps: maxSteps === undefined ? 0 : part(maxSteps, done.steps),
    };
    done = { epochs: done.epochs + budget.epochs, steps: done.steps + budget.steps };
    return { epochs: budget.epochs, ...(maxSteps !== undefined && { maxSteps: budget.steps }) };
  });
}

/** The numbers of the phases that the last one's weights have been through. */
export function lineageOf(phases: readonly Phase[]): number[] {
  let first = phases.length - 1;
  while (first > 0 && phases[first]?.from === 'previous') first -= 1;
  return Array.from({ length: phases.length - first }, (_, i) => first + i);
}

/** Labelled rows, and the transfer set that they are a part of. */
export type PhaseRows = { readonly train: Dataset; readonly transfer?: Dataset | undefined };

/** The rows of a phase: the transfer set where a teacher answers, unless it says which. */
export function rowsOf({ data, method }: Phase, { train, transfer = train }: PhaseRows): Dataset {
  return (data ?? (method.needs.length > 0 ? 'transfer' : 'train')) === 'transfer' ? transfer : train;
}

/** Steps of a training on these rows. @throws OptionError for numbers out of range. */
export function stepsOf(length: TrainingLength, rows: Dataset): number {
  return planOn(length, rows).totalSteps;
}

/**
 * Steps that the student is trained by a method, over all phases that its weights go through: what a control of the method
 * has to be given too.
 * @throws OptionError for numbers out of range, or assistants that the method needs.
 */
export async function studentSteps(
  method: Method,
  length: TrainingLength,
  data: PhaseRows,
  assistants: readonly string[] = [],
): Promise<number> {
  const phases = await plannedPhases(method, assistants);
  if (phases === undefined) return stepsOf(length, rowsOf({ name: method.name, method }, data));
  const budgets = budgetsOf(phases, length);
  return lineageOf(phases)
    .map((i) => stepsOf({ ...length, ...budgets[i] }, rowsOf(phases[i] as Phase, data)))
    .reduce((sum, steps) => sum + steps, 0);
}

/** The phases before any of them has been run. */
export async function plannedPhases(
  { phases }: Method,
  assistants: readonly string[],
): Promise<readonly Phase[] | undefined> {
  return phases?.({ assistants, scores: new Map(), teacherScore: () => Promise.resolve(Number.NaN) });
}
