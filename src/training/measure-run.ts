/** @file What a training run is going to cost, from a few of its steps. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { selectedRows } from '../data/selected-rows.js';
import { openHostStep } from './host-step.js';
import { openInGraphStep } from './in-graph-step.js';
import { microBatches, planTexts } from './micro-batches.js';
import { type RunOptions, runTraining } from './run.js';
import type { TrainingStep } from './step.js';
import { orderOf, planTraining, type TrainingPlan } from './train.js';

export type RunMeasure = {
  /** Of the whole run. */
  readonly steps: number;
  /** Mean over batches from short to long texts. */
  readonly secondsPerStep: number;
  /** Before the first step: what is compiled. */
  readonly secondsToStart: number;
  /** The most memory that this process has held by then, the longest batch included. */
  readonly peakRssBytes: number;
};

/** Batches that are timed. With the longest one they are run twice, the first time to warm up. */
const SAMPLED = 6;

/**
 * Times a few steps of a run in a folder for the purpose, which goes again: those batches that stand for all by the number
 * of their tokens, and the longest. Evaluation is not included.
 * @throws as `runTraining` does.
 */
export async function measureRun(options: RunOptions): Promise<RunMeasure> {
  const { data, maxSteps: _maxSteps, earlyStopping: _earlyStopping, ...rest } = options;
  const text = planTexts(data.train, options.tokensPerRun);
  const plan = planTraining({ ...options, rows: data.train.size, ...(text && { text }) });
  const { rows, longest } = sampledRows(options, plan);
  const folder = await mkdtemp(join(tmpdir(), 'retort-measure-'));
  const watch = stopwatch(options);
  try {
    await runTraining({
      ...rest,
      data: { train: selectedRows(data.train, rows) },
      limitTrainBatches: { fraction: 1 },
      epochs: 2,
      outputDir: join(folder, 'run'),
      resume: false,
      overwrite: false,
      saveTopK: 0,
      saveLast: false,
      stateSeconds: Number.POSITIVE_INFINITY,
      openStep: watch.openStep,
      onEvent: () => {},
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const second = watch.steps.slice(watch.steps.length / 2);
  // The longest batch is there for the memory: it would count for more than its share.
  const timed = longest ? second.toSorted((a, b) => a - b).slice(0, -1) : second;
  return {
    steps: plan.totalSteps,
    secondsPerStep: timed.reduce((sum, seconds) => sum + seconds, 0) / timed.length,
    secondsToStart: watch.opened(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Rows of a few whole batches of the first epoch: at the middle of each sixth of them by tokens, and the longest one. */
export function sampledRows(
  { data, seed }: Pick<RunOptions, 'data' | 'seed'>,
  plan: TrainingPlan,
): { readonly rows: Uint32Array; readonly longest: boolean } {
  const { train } = data;
  const { rowsPerStep } = plan;
  const order = orderOf(train, plan, seed, 0).subarray(0, plan.rowsPerEpoch);
  const whole = Math.floor(order.length / rowsPerStep);
  if (whole <= SAMPLED + 1) return { rows: order, longest: false };
  const batches = Array.from({ length: whole }, (_, i) => {
    const rows = order.subarray(i * rowsPerStep, (i + 1) * rowsPerStep);
    const tokens = microBatches(rows, train, plan).reduce(
      (sum, { paddedTo, length = 1 }) => sum + paddedTo * length,
      0,
    );
    return { rows, tokens };
  }).sort((a, b) => a.tokens - b.tokens);
  const chosen = Array.from({ length: SAMPLED }, (_, i) => Math.floor(((i + 0.5) / SAMPLED) * whole));
  const rows = [...chosen, whole - 1].flatMap((place) => Array.from(batches[place]?.rows ?? []));
  return { rows: Uint32Array.from(rows), longest: train.text !== undefined };
}

/** Opens the step of a run and times each of its steps. */
function stopwatch({ openStep, data }: Pick<RunOptions, 'openStep' | 'data'>) {
  const open = openStep ?? (data.train.text === undefined ? openInGraphStep : openHostStep);
  const steps: number[] = [];
  let secondsToStart = 0;
  return {
    steps,
    opened: () => secondsToStart,
    openStep: async (options: Parameters<typeof open>[0]): Promise<TrainingStep> => {
      const started = performance.now();
      const step = await open(options);
      secondsToStart = (performance.now() - started) / 1000;
      return {
        stepsPerRun: step.stepsPerRun,
        ...(step.placeFor && { placeFor: (at) => step.placeFor?.(at) ?? (() => undefined) }),
        run: async (inputs) => {
          const before = performance.now();
          const results = await step.run(inputs);
          const seconds = (performance.now() - before) / 1000;
          for (const _ of inputs) steps.push(seconds / inputs.length);
          return results;
        },
        parameters: () => step.parameters(),
        state: () => step.state(),
        load: (state) => step.load(state),
        release: () => step.release(),
      };
    },
  };
}
