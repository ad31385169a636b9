/**
 * @file How the settings of the primer's tuned arms were chosen. Everything is scored on the last 10,000 training images,
 * which neither the students nor the tuning teacher (first 50,000 images) have seen, with seeds from 1,000; test images
 * are never looked at. Each of the three arms gets the same number of trials: from one start, one setting after the other
 * is tried at other values and kept if the mean over the first seeds is better; the best few are then run on more seeds,
 * and the best of those over all its seeds is chosen.
 *
 *   npm run recipe -- primer-search [--out results/primer-search.json] [--data .bench/mnist] [--workers 2]
 *
 * Finished runs are kept beside the result, so that the search can be stopped and started again.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist, mnistDataset } from '../src/data/mnist.js';
import { runExperiment } from '../src/experiments/experiment.js';
import type { PrimerArm, Source, Training } from '../src/experiments/primer/primer-arm.js';
import {
  type PrimerSettings,
  partOf,
  runPrimerArm,
  VALIDATION_START,
} from '../src/experiments/primer/primer-arm-run.js';
import { trainTeacher } from '../src/experiments/primer/train-teacher.js';
import { mean, sampleSd } from '../src/experiments/statistics.js';
import { writeFileAtomic } from '../src/files/atomic-write.js';
import { loadModel } from '../src/models/saved-model.js';

const TEACHER_SEED = 1000;
const FIRST_SEEDS = [1000, 1001, 1002];
const MORE_SEEDS = [1003, 1004, 1005, 1006, 1007];
const FINALISTS = 4;

type Trial = { readonly learns: Source; readonly training: Training };
type Change = (trial: Trial) => Trial;

/** A lead from runs in PyTorch, tried by hand first. */
const START: Training = {
  steps: 5200,
  batchSize: 64,
  learningRate: 5e-3,
  schedule: 'linear',
  weightDecay: 0,
  pixels: 'raw',
  hiddenBias: 0.5,
  hiddenScale: 1,
  noise: 0.2,
  shift: 0,
};

const training =
  (change: Partial<Training>): Change =>
  (trial) => ({ ...trial, training: { ...trial.training, ...change } });

/** One setting after the other; of each, the values besides that of the start. */
const SHARED: readonly (readonly Change[])[] = [
  [0.1, 0.3, 0.4].map((noise) => training({ noise })),
  [2e-3, 1e-2, 2e-2].map((learningRate) => training({ learningRate })),
  [training({ batchSize: 32 })],
  [training({ shift: 1 })],
  [0, 1].map((hiddenBias) => training({ hiddenBias })),
  [0.5, 2].map((hiddenScale) => training({ hiddenScale })),
  [training({ schedule: 'cosine' })],
  [0.01, 0.1].map((weightDecay) => training({ weightDecay })),
];
const LENGTH: readonly Change[] = [2600, 7800].map((steps) => training({ steps }));

const teaching =
  (change: { readonly alpha?: number; readonly temperature?: number }): Change =>
  (trial) =>
    trial.learns.from === 'teacher' ? { ...trial, learns: { ...trial.learns, ...change } } : trial;
const smoothing =
  (labelSmoothing: number): Change =>
  (trial) => ({ ...trial, learns: { from: 'labels', labelSmoothing } });

/** What only one arm has; four trials each. The one without a teacher is offered more to keep it from overfitting. */
const ARMS: Readonly<Record<string, { readonly learns: Source; readonly own: readonly (readonly Change[])[] }>> = {
  retort: {
    learns: { from: 'teacher', alpha: 1, temperature: 2, preset: 'hinton' },
    own: [[1, 4, 8].map((temperature) => teaching({ temperature })), [teaching({ alpha: 0.9 })]],
  },
  'retort-no-teacher': {
    learns: { from: 'labels', labelSmoothing: 0 },
    own: [[0.5, 0.6].map((noise) => training({ noise })), [training({ weightDecay: 0.3 })], [training({ shift: 2 })]],
  },
  'label-smoothing': {
    learns: { from: 'labels', labelSmoothing: 0.1 },
    own: [[0.02, 0.05, 0.2, 0.3].map(smoothing)],
  },
};

type Tried = { readonly arm: string; readonly trial: Trial; accuracies: readonly number[] };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: 'results/primer-search.json' },
      data: { type: 'string', default: '.bench/mnist' },
      work: { type: 'string', default: '.bench/primer-search' },
      workers: { type: 'string', default: '2' },
    },
  });
  const settings = await prepare(values.data, values.work);
  const tried: Tried[] = [];

  /** Runs trials of all arms side by side; those that were run before on these seeds cost nothing. */
  const run = async (trials: readonly { readonly arm: string; readonly trial: Trial }[], seeds: readonly number[]) => {
    const arms = trials.map(({ arm, trial }): PrimerArm => ({ name: `${arm} ${JSON.stringify(trial)}`, ...trial }));
    const outcome = await runExperiment<PrimerArm>({
      name: 'primer search',
      arms,
      seeds,
      settings,
      run: runPrimerArm,
      resultsFile: join(values.work, 'runs.jsonl'),
      resume: true,
      parallel: { workers: Number(values.workers), script: WORKER },
    });
    return trials.map(({ arm, trial }, i): Tried => {
      const accuracies = outcome.arms[i]?.accuracies ?? [];
      console.log(
        `${mean(accuracies).toFixed(2)} ± ${sampleSd(accuracies).toFixed(2)}  ${arm} ${JSON.stringify(trial)}`,
      );
      return { arm, trial, accuracies };
    });
  };

  const names = Object.keys(ARMS);
  const best = new Map<string, Tried>();
  const consider = (results: readonly Tried[]) => {
    for (const result of results) {
      tried.push(result);
      const before = best.get(result.arm);
      if (before === undefined || mean(result.accuracies) > mean(before.accuracies)) best.set(result.arm, result);
    }
  };
  consider(
    await run(
      names.map((arm) => ({ arm, trial: { learns: (ARMS[arm] as (typeof ARMS)[string]).learns, training: START } })),
      FIRST_SEEDS,
    ),
  );
  const plans = names.map((arm) => [arm, [...SHARED, ...(ARMS[arm]?.own ?? []), LENGTH]] as const);
  for (let round = 0; round < Math.max(...plans.map(([, plan]) => plan.length)); round++) {
    const trials = plans.flatMap(([arm, plan]) => {
      const { trial } = best.get(arm) as Tried;
      return (plan[round] ?? []).map((change) => ({ arm, trial: change(trial) }));
    });
    consider(await run(trials, FIRST_SEEDS));
  }

  const finalists = names.flatMap((arm) =>
    tried
      .filter((one) => one.arm === arm)
      .sort((a, b) => mean(b.accuracies) - mean(a.accuracies))
      .slice(0, FINALISTS),
  );
  console.log(`finals: ${finalists.length} on ${MORE_SEEDS.length} more seeds`);
  const more = await run(finalists, MORE_SEEDS);
  for (const [i, finalist] of finalists.entries()) {
    finalist.accuracies = [...finalist.accuracies, ...(more[i]?.accuracies ?? [])];
  }
  const described = ({ arm, trial, accuracies }: Tried) => ({
    arm,
    ...trial,
    mean: rounded(mean(accuracies)),
    sd: rounded(sampleSd(accuracies)),
    accuracies,
  });
  const chosen = names.map((arm) => {
    const own = finalists.filter((one) => one.arm === arm);
    return described(own.reduce((a, b) => (mean(b.accuracies) > mean(a.accuracies) ? b : a)));
  });
  const report = {
    scoredOn: 'the last 10,000 training images, accuracy in percent',
    teacher: { hidden: 16, trainImages: VALIDATION_START, seed: TEACHER_SEED },
    seeds: { all: FIRST_SEEDS, finalists: MORE_SEEDS },
    trialsPerArm: Object.fromEntries(names.map((arm) => [arm, tried.filter((one) => one.arm === arm).length])),
    chosen,
    trials: tried.map(described),
  };
  await writeFileAtomic(values.out, `${JSON.stringify(report, null, 1)}\n`);
  for (const { arm, mean: accuracy, sd, learns, training } of chosen) {
    console.log(`${arm}: ${accuracy} ± ${sd}`, JSON.stringify({ learns, training }));
  }
}

const WORKER = new URL('../src/experiments/primer/primer-worker.js', import.meta.url);

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

/** The tuning teacher, trained or found. */
async function prepare(dataDir: string, work: string): Promise<PrimerSettings> {
  mkdirSync(work, { recursive: true });
  const mnist = await loadMnist(dataDir);
  const images = mnist.train.labels.length;
  const teacher = join(work, 'teacher');
  await trainTeacher({
    data: {
      train: mnistDataset(partOf(mnist.train, 0, VALIDATION_START)),
      evaluation: mnistDataset(partOf(mnist.train, VALIDATION_START, images)),
    },
    seed: TEACHER_SEED,
    outputDir: teacher,
    resume: true,
  });
  const { contentHash } = await loadModel(teacher);
  return { dataDir, teacher, teacherHash: contentHash, scoredOn: 'validation', runs: null };
}
