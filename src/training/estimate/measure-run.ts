/** @file What the parts of a training run take on this machine, from a few of its steps, short ones first. */
import process from 'node:process';
import { allRows, middleRows, rowsOfBatch, workByBatch } from '../../data/row-sample.js';
import { type CostLine, costOf, type TimedCost, timedCost } from '../../data/timed-cost.js';
import { openForward } from '../../models/forward.js';
import { METERED_ROWS } from '../checks/term-norms.js';
import type { PreparedRun } from '../run/prepare-run.js';
import type { RunOptions } from '../run/run-options.js';
import { orderOf } from '../run/train.js';
import { openTrial, type Trial, tokensOf } from '../run/trial.js';
import { largestRun } from '../step/micro-batches.js';

/** By tokens, padding included; of rows that are not texts by steps, and by rows of an evaluation. */
export type RunCosts = {
  /** What is checked and compiled before the first step, and what that one takes more than others. */
  readonly secondsToOpen: number;
  readonly step: CostLine;
  /** To compile the model for an evaluation. */
  readonly secondsToOpenEvaluation: number;
  /** Of one of its batches. Absent where nothing is evaluated. */
  readonly evaluation?: CostLine;
  /** The parameters as an evaluation and a saved model get them, up to date. */
  readonly secondsToRead: number;
  /** What looking at the gradients takes, where a run does. */
  readonly secondsPerCheck: number;
  /** The most memory of this process so far, by its longest batch, and with all rows of its word tables in use. */
  readonly peakRssBytes: number;
};

export type MeasureOptions = {
  /** To be spent, but for the least that is needed. */
  readonly seconds: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
};

/** Batches that are timed where there is time: at the middle of each of so many parts of them, by tokens. */
const SAMPLED = 6;
/** Of the time for the steps; the rest is for the evaluation. */
const STEPS_SHARE = 0.75;

/**
 * Times a few steps of a run and the evaluation of a few rows. Nothing is written, and what is learnt is next to nothing.
 * @throws as `runTraining` does before its first step, and for a step that fails.
 */
export async function measureRun(
  options: RunOptions,
  { seconds, now = () => performance.now() }: MeasureOptions,
): Promise<RunCosts> {
  const begun = now();
  const trial = await openTrial(options);
  const { run } = trial;
  try {
    const toOpen = (now() - begun) / 1000;
    const left = Math.max(0, seconds - toOpen);
    const { step, memory } = await timedSteps(trial, left * (run.evaluation ? STEPS_SHARE : 1), now);
    const reading = now();
    trial.parameters();
    const secondsToRead = (now() - reading) / 1000;
    const evaluation = await timedEvaluation(run, Math.max(0, seconds - (now() - begun) / 1000), now);
    return {
      secondsToOpen: toOpen + step.toWarmUp,
      step,
      secondsToOpenEvaluation: evaluation?.toOpen ?? 0,
      ...(evaluation && { evaluation: evaluation.cost }),
      secondsToRead,
      // A forward and backward pass for each side.
      secondsPerCheck:
        2 * costOf(step, tokensOf((sampledBatches(run)[0] ?? new Uint32Array()).subarray(0, METERED_ROWS), run)),
      peakRssBytes: Math.max(process.resourceUsage().maxRSS * 1024, memory) + trial.bytesToCome,
    };
  } finally {
    await trial.release();
  }
}

type Timed = { readonly step: TimedCost; readonly memory: number };

async function timedSteps(trial: Trial, seconds: number, now: () => number): Promise<Timed> {
  const { run, stepsPerRun } = trial;
  const { plan } = run;
  const batches = sampledBatches(run);
  if (plan.text === undefined) {
    // A call takes many steps, and a step is the same for all rows.
    const of = (count: number) => Array.from({ length: count }, (_, i) => batches[i % batches.length] as Uint32Array);
    const most = Math.min(stepsPerRun, plan.totalSteps);
    const step = await timedCost((count) => trial.take(of(count)), { most, seconds, now });
    return { step: { ...step, fixed: 0, largest: Number.POSITIVE_INFINITY }, memory: 0 };
  }
  const seen: { readonly tokens: number; readonly rss: number }[] = [];
  const take = async (rows: number, round: number): Promise<number> => {
    const batch = batches[round % batches.length] as Uint32Array;
    const tokens = await trial.take([batch.subarray(0, rows)]);
    seen.push({ tokens, rss: process.memoryUsage.rss() });
    return tokens;
  };
  const step = await timedCost(take, { most: batches[0]?.length ?? 1, seconds, now });
  const { B, S } = largestRun(plan.text, plan.batchSize);
  return { step, memory: memoryFor(B * S, seen) };
}

/** Of a part of so many tokens, by what parts of fewer took more than the first. */
function memoryFor(tokens: number, seen: readonly { readonly tokens: number; readonly rss: number }[]): number {
  const [, small] = seen;
  const large = seen.at(-1);
  if (small === undefined || large === undefined || large.tokens <= small.tokens) return large?.rss ?? 0;
  const perToken = Math.max(0, (large.rss - small.rss) / (large.tokens - small.tokens));
  return large.rss + perToken * Math.max(0, tokens - large.tokens);
}

/** Whole batches of the first epoch at even places by their tokens, from the middle outwards. */
export function sampledBatches({ options, plan }: Pick<PreparedRun, 'options' | 'plan'>): readonly Uint32Array[] {
  const { data, seed } = options;
  const { rowsPerStep, rowsPerEpoch } = plan;
  const order = orderOf(data.train, plan, seed, 0).subarray(0, rowsPerEpoch);
  const whole = Math.max(1, Math.floor(order.length / rowsPerStep));
  const batches = Array.from({ length: whole }, (_, i) => {
    const rows = order.subarray(i * rowsPerStep, (i + 1) * rowsPerStep);
    return { rows, tokens: tokensOf(rows, { options, plan }) };
  }).sort((a, b) => a.tokens - b.tokens);
  const places = Array.from({ length: SAMPLED }, (_, i) => (i + 0.5) / SAMPLED);
  const fromMiddle = places.toSorted((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5));
  return fromMiddle.map((place) => batches[Math.floor(place * whole)]?.rows ?? order);
}

/** Like an evaluation after an epoch, of rows of middle length. */
async function timedEvaluation({ options, evaluation, weights }: PreparedRun, seconds: number, now: () => number) {
  const { model, threads, device } = options;
  if (evaluation === undefined) return undefined;
  const { data, rows } = evaluation;
  const begun = now();
  const forward = await openForward(model, ['logits'], { threads, device });
  try {
    const toOpen = (now() - begun) / 1000;
    const all = allRows(rows);
    const own = Object.fromEntries(
      model.parameters.map(({ name }) => [name, weights[name] as (typeof weights)[string]]),
    );
    const take = async (count: number): Promise<number> => {
      const few = middleRows(data, all, count);
      await forward.run(own, data.batch(few).inputs);
      return workByBatch(data, few).reduce((sum, work) => sum + work, 0);
    };
    const most = rowsOfBatch(data, all);
    return { toOpen, cost: await timedCost(take, { most, seconds, now }) };
  } finally {
    await forward.release();
  }
}
