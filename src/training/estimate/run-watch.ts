/** @file A clock beside a run: when its steps begin and end, and how long its evaluations take. */
import { type Evaluator, type EvaluatorOptions, openEvaluator } from '../evaluation/evaluate.js';
import type { RunOptions } from '../run/run-options.js';
import type { TrainingStep } from '../step/step.js';

/** All in seconds. */
export type RunTimes = {
  readonly toStart: number;
  readonly toOpenEvaluation: number;
  /** The steps of each epoch. */
  readonly epochs: readonly (readonly number[])[];
  /** Mean time between two runs of steps, by step. */
  readonly betweenSteps: number;
  readonly evaluations: readonly number[];
  /** From its last step to the next one, without the evaluation. */
  readonly afterFirstEpoch: number;
  /** From the last step to the end, without the evaluation. */
  readonly toFinish: number;
};

/** Steps that were run together. */
type Run = { readonly start: number; readonly end: number; readonly steps: number };

/**
 * Watches one run of so many equal epochs, from here to the call of `found`.
 * @param now milliseconds
 */
export function runWatch(options: Pick<RunOptions, 'openEvaluator'>, now: () => number = () => performance.now()) {
  const begun = now();
  const runs: Run[] = [];
  const evaluations: number[] = [];
  let toOpenEvaluation = 0;
  const timed = async <T>(work: () => Promise<T>, keep: (start: number, end: number) => void): Promise<T> => {
    const start = now();
    const done = await work();
    keep(start, now());
    return done;
  };
  return {
    watchStep: (step: TrainingStep): TrainingStep => ({
      stepsPerRun: step.stepsPerRun,
      ...(step.placeFor && { placeFor: (at) => step.placeFor?.(at) ?? (() => undefined) }),
      run: (inputs) =>
        timed(
          () => step.run(inputs),
          (start, end) => runs.push({ start, end, steps: inputs.length }),
        ),
      parameters: () => step.parameters(),
      state: () => step.state(),
      load: (state) => step.load(state),
      release: () => step.release(),
    }),
    openEvaluator: async (given: EvaluatorOptions): Promise<Pick<Evaluator, 'evaluate' | 'release'>> => {
      const opened = await timed<Pick<Evaluator, 'evaluate' | 'release'>>(
        () => (options.openEvaluator ?? openEvaluator)(given),
        (start, end) => {
          toOpenEvaluation = (end - start) / 1000;
        },
      );
      return {
        evaluate: (weights) =>
          timed(
            () => opened.evaluate(weights),
            (start, end) => evaluations.push((end - start) / 1000),
          ),
        release: () => opened.release(),
      };
    },
    found: (epochs: number): RunTimes => timesOf({ begun, ended: now(), runs, evaluations, toOpenEvaluation }, epochs),
  };
}

type Seen = {
  readonly begun: number;
  readonly ended: number;
  readonly runs: readonly Run[];
  readonly evaluations: readonly number[];
  readonly toOpenEvaluation: number;
};

/** Epochs have as many steps each, but not as many runs of them: those grow while a training finds out how long a step takes. */
function runsOfEpochs(runs: readonly Run[], epochs: number): Run[][] {
  const stepsPerEpoch = runs.reduce((sum, { steps }) => sum + steps, 0) / epochs;
  const byEpoch: Run[][] = Array.from({ length: epochs }, () => []);
  let before = 0;
  for (const run of runs) {
    byEpoch[Math.floor(before / stepsPerEpoch)]?.push(run);
    before += run.steps;
  }
  return byEpoch;
}

function timesOf({ begun, ended, runs, evaluations, toOpenEvaluation }: Seen, epochs: number): RunTimes {
  const byEpoch = runsOfEpochs(runs, epochs);
  const [first = [], second = []] = byEpoch;
  const [evaluatedFirst = 0] = evaluations;
  const evaluatedLast = evaluations.at(-1) ?? 0;
  const startOf = (some: readonly Run[]) => some[0]?.start ?? begun;
  const endOf = (some: readonly Run[]) => some.at(-1)?.end ?? begun;
  let gaps = 0;
  let steps = 0;
  // The first epoch warms up.
  for (const some of byEpoch.slice(1)) {
    for (const run of some) steps += run.steps;
    gaps += endOf(some) - startOf(some) - some.reduce((sum, { start, end }) => sum + end - start, 0);
  }
  return {
    toStart: (startOf(first) - begun) / 1000,
    toOpenEvaluation,
    epochs: byEpoch.map((some) =>
      some.flatMap((run) => new Array<number>(run.steps).fill((run.end - run.start) / 1000 / run.steps)),
    ),
    betweenSteps: steps === 0 ? 0 : gaps / 1000 / steps,
    evaluations,
    afterFirstEpoch: Math.max(0, (startOf(second) - endOf(first)) / 1000 - evaluatedFirst),
    toFinish: Math.max(0, (ended - endOf(runs)) / 1000 - evaluatedLast),
  };
}
