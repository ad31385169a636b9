/** @file What a run of one arm on one seed is in both experiments on digits: a folder, a training, a score. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.js';
import type { Model } from '../../models/model.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import { type ArmResult, oneAnswer, packRightRows } from '../arm-result.js';
import { type RunContext, runFolder } from '../arm-run.js';

/** A reader whose last result stays, for all runs of this process with the same settings. */
export function readOnce<S, T>(read: (settings: S) => Promise<T>): (settings: S) => Promise<T> {
  let last: { readonly key: string; readonly value: Promise<T> } | undefined;
  return (settings) => {
    const key = JSON.stringify(settings);
    if (last?.key !== key) last = { key, value: read(settings) };
    return last.value;
  };
}

export type DigitArmRun = {
  readonly arm: { readonly name: string };
  readonly seed: number;
  readonly context: Pick<RunContext, 'progress' | 'signal'>;
  /** The experiment's folder, where the run keeps its model in one of its own; null: nothing is kept. */
  readonly runs: string | null;
  readonly model: Model;
  readonly scored: Dataset;
  /** Trains the model, with these options besides its own. */
  readonly train: (options: Partial<RunOptions> & Pick<RunOptions, 'seed' | 'outputDir'>) => Promise<RunResult>;
};

export type DigitArmResult = {
  readonly result: ArmResult;
  readonly record: RunResult['record'];
  /** The predicted class of each scored image. */
  readonly classes: Int32Array;
};

export async function runDigitArm(run: DigitArmRun): Promise<DigitArmResult> {
  const { arm, seed, context, runs, model, scored, train } = run;
  const outputDir =
    runs === null ? await mkdtemp(join(tmpdir(), 'retort-digits-')) : join(runs, runFolder(arm.name, seed));
  try {
    const { weights, record } = await train({
      seed,
      outputDir,
      // What a killed run has left.
      overwrite: true,
      saveLast: runs !== null,
      signal: context.signal,
      onEvent: (event) => {
        if (event.type === 'step') context.progress(event.step / event.totalSteps);
      },
    });
    const { classes, metrics } = await withEvaluator(
      { model, data: scored, threads: 1 },
      // Present, since the run has just been done.
      (evaluator) => evaluator.predict(weights ?? {}),
    );
    const result = {
      score: metrics.accuracy ?? Number.NaN,
      parameters: record.parameters,
      ...oneAnswer(classes),
      right: packRightRows(rightRows(scored, classes)),
    };
    return { result, record, classes };
  } finally {
    if (runs === null) await rm(outputDir, { recursive: true, force: true });
  }
}

function rightRows(data: Dataset, classes: Int32Array): boolean[] {
  const { labels } = data.batch(Uint32Array.from(classes, (_, row) => row));
  return Array.from(classes, (digit, row) => digit === Number(labels?.data[row]));
}
