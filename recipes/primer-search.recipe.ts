/**
 * @file How the settings of the primer's tuned arms were chosen. Everything is scored on the last 10,000 training images,
 * which neither the students nor the tuning teacher (first 50,000 images) have seen, with seeds from 1,000; test images
 * are never looked at. Each of the three arms gets the same number of trials: from one start, one setting after the other
 * is tried at other values and kept if the mean over the first seeds is better; the best few are then run on more seeds,
 * and the best of those over all its seeds is chosen.
 *
 * It was done in two parts. In the second, images could be turned, stretched and slanted as well; it went on from where
 * the first had come to, with more values of what depends on that.
 *
 *   npm run recipe -- primer-search [--out results/primer-search.json] [--data .bench/mnist] [--workers 2]
 *
 * Finished runs are kept beside the result, so that the search can be stopped and started again; those that the result
 * itself holds are not run again either.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist, MNIST_NORMALISATION, mnistDataset, mnistPart } from '../src/entries/data.js';
import {
  mean,
  type PrimerArm,
  type PrimerPlaces,
  type PrimerSettings,
  runExperiment,
  runPrimerArm,
  sampleSd,
} from '../src/entries/experiments.js';
import { supervised } from '../src/entries/methods.js';
import { loadModel, mlp } from '../src/entries/models.js';
import { adam } from '../src/entries/optim.js';
import { describeData, runTraining } from '../src/entries/training.js';
import { writeFileAtomic } from './write-file.js';

/** Where the images begin that `scoredOn: 'validation'` is about. */
const VALIDATION_START = 50_000;
/** The article's teacher. */
const TEACHER = { hidden: 16, seed: 1000, epochs: 3, batchSize: 64, learningRate: 5e-3 };
const FIRST_SEEDS = [1000, 1001, 1002];
const MORE_SEEDS = [1003, 1004, 1005, 1006, 1007];
const FINALISTS = { first: 4, second: 2 };

type Source = PrimerArm['learns'];
type Training = PrimerArm['training'];
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
  rotation: 0,
  scaling: 0,
  shear: 0,
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

/** Of the second part, for every arm: so many of the values, those left out that the arm has or was tried with already. */
type Round = { readonly tries: number; readonly changes: readonly Change[] };
const SECOND: readonly Round[] = [
  { tries: 3, changes: [5, 10, 15].map((rotation) => training({ rotation })) },
  { tries: 2, changes: [0.1, 0.2].map((scaling) => training({ scaling })) },
  { tries: 2, changes: [0.1, 0.2].map((shear) => training({ shear })) },
  { tries: 2, changes: [0.3, 0.2, 0.1].map((noise) => training({ noise })) },
];

const teaching =
  (change: { readonly alpha?: number; readonly temperature?: number }): Change =>
  (trial) =>
    trial.learns.from === 'teacher' ? { ...trial, learns: { ...trial.learns, ...change } } : trial;
const smoothing =
  (labelSmoothing: number): Change =>
  (trial) => ({ ...trial, learns: { from: 'labels', labelSmoothing } });

type Own = { readonly learns: Source; readonly own: readonly (readonly Change[])[]; readonly second: Round };

/** What only one arm has; as many trials for each. The one without a teacher is offered more to keep it from overfitting. */
const ARMS: Readonly<Record<string, Own>> = {
  retort: {
    learns: { from: 'teacher', alpha: 1, temperature: 2, preset: 'hinton' },
    own: [[1, 4, 8].map((temperature) => teaching({ temperature })), [teaching({ alpha: 0.9 })]],
    second: { tries: 1, changes: [teaching({ temperature: 1.5 })] },
  },
  'retort-no-teacher': {
    learns: { from: 'labels', labelSmoothing: 0 },
    own: [[0.5, 0.6].map((noise) => training({ noise })), [training({ weightDecay: 0.3 })], [training({ shift: 2 })]],
    second: { tries: 1, changes: [training({ hiddenScale: 1 })] },
  },
  'label-smoothing': {
    learns: { from: 'labels', labelSmoothing: 0.1 },
    own: [[0.02, 0.05, 0.2, 0.3].map(smoothing)],
    second: { tries: 1, changes: [smoothing(0.05)] },
  },
};

type ArmTrial = { readonly arm: string; readonly trial: Trial };
/** Accuracies of the first seeds, then those of a finalist's others. */
type Tried = ArmTrial & { accuracies: readonly number[] };
type Report = { readonly trials: readonly (Tried & Trial)[] };

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
  const prepared = await prepare(values.data, values.work);
  const tried: Tried[] = [];

  const seeds = [...FIRST_SEEDS, ...MORE_SEEDS];
  const known = new Map<string, readonly number[]>();
  if (existsSync(values.out)) {
    const { trials } = JSON.parse(readFileSync(values.out, 'utf8')) as Report;
    for (const { arm, learns, training, accuracies } of trials)
      known.set(nameOf({ arm, trial: { learns, training } }), accuracies);
  }

  /** Runs trials of all arms side by side on the seeds from one to before another. */
  const run = async (
    trials: readonly ArmTrial[],
    from: number,
    to: number,
  ): Promise<readonly (readonly number[])[]> => {
    const isKnown = (one: ArmTrial) => (known.get(nameOf(one))?.length ?? 0) >= to;
    const arms = trials.filter((one) => !isKnown(one)).map((one): PrimerArm => ({ name: nameOf(one), ...one.trial }));
    const outcome =
      arms.length > 0 &&
      (await runExperiment<PrimerArm>({
        name: 'primer search',
        arms,
        seeds: seeds.slice(from, to),
        ...prepared,
        run: runPrimerArm,
        resultsFile: join(values.work, 'runs.jsonl'),
        resume: true,
        parallel: { workers: Number(values.workers), script: WORKER },
      }));
    const found = new Map(outcome ? outcome.arms.map(({ arm, scores }) => [arm.name, scores]) : []);
    return trials.map((one) => {
      const name = nameOf(one);
      const accuracies = found.get(name) ?? known.get(name)?.slice(from, to) ?? [];
      console.log(`${mean(accuracies).toFixed(2)} ± ${sampleSd(accuracies).toFixed(2)}  ${name}`);
      return accuracies;
    });
  };

  const names = Object.keys(ARMS);
  const best = new Map<string, Tried>();
  const onFirstSeeds = ({ accuracies }: Tried) => mean(accuracies.slice(0, FIRST_SEEDS.length));
  const consider = async (trials: readonly ArmTrial[]) => {
    const accuracies = await run(trials, 0, FIRST_SEEDS.length);
    for (const [i, one] of trials.entries()) {
      const result = { ...one, accuracies: accuracies[i] ?? [] };
      tried.push(result);
      const before = best.get(one.arm);
      if (before === undefined || onFirstSeeds(result) > onFirstSeeds(before)) best.set(one.arm, result);
    }
  };
  const isTried = (one: ArmTrial) => tried.some((other) => nameOf(other) === nameOf(one));
  const search = async (roundsOf: (arm: string) => readonly Round[]) => {
    const plans = names.map((arm) => [arm, roundsOf(arm)] as const);
    for (let round = 0; round < Math.max(...plans.map(([, rounds]) => rounds.length)); round++) {
      await consider(
        plans.flatMap(([arm, rounds]) => {
          const { tries, changes } = rounds[round] ?? { tries: 0, changes: [] };
          const { trial } = best.get(arm) as Tried;
          const trials = changes.map((change) => ({ arm, trial: change(trial) }));
          return trials.filter((one) => !isTried(one)).slice(0, tries);
        }),
      );
    }
  };
  /** Runs each arm's best on more seeds, and takes the best over all seeds. */
  const finals = async (count: number) => {
    const finalists = names.flatMap((arm) =>
      tried
        .filter((one) => one.arm === arm)
        .sort((a, b) => onFirstSeeds(b) - onFirstSeeds(a))
        .slice(0, count),
    );
    console.log(`finals: ${finalists.length} on ${MORE_SEEDS.length} more seeds`);
    const more = await run(finalists, FIRST_SEEDS.length, seeds.length);
    for (const [i, finalist] of finalists.entries()) {
      finalist.accuracies = [...finalist.accuracies.slice(0, FIRST_SEEDS.length), ...(more[i] ?? [])];
    }
    for (const arm of names) {
      const own = tried.filter((one) => one.arm === arm && one.accuracies.length === seeds.length);
      best.set(
        arm,
        own.reduce((a, b) => (mean(b.accuracies) > mean(a.accuracies) ? b : a)),
      );
    }
  };

  await consider(names.map((arm) => ({ arm, trial: { learns: ownOf(arm).learns, training: START } })));
  await search((arm) => [...SHARED, ...ownOf(arm).own, LENGTH].map((changes) => ({ tries: changes.length, changes })));
  await finals(FINALISTS.first);
  await search((arm) => [...SECOND, ownOf(arm).second]);
  await finals(FINALISTS.second);

  const described = ({ arm, trial, accuracies }: Tried) => ({
    arm,
    ...trial,
    mean: rounded(mean(accuracies)),
    sd: rounded(sampleSd(accuracies)),
    accuracies,
  });
  const chosen = names.map((arm) => described(best.get(arm) as Tried));
  const report = {
    scoredOn: 'the last 10,000 training images, accuracy in percent',
    teacher: { hidden: TEACHER.hidden, trainImages: VALIDATION_START, seed: TEACHER.seed },
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

const WORKER = new URL('./primer-search-worker.js', import.meta.url);

function ownOf(arm: string): Own {
  return ARMS[arm] as Own;
}

function nameOf({ arm, trial: { learns, training } }: ArmTrial): string {
  return `${arm} ${JSON.stringify({ learns, training })}`;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

/** The tuning teacher, trained or found. */
async function prepare(
  dataDir: string,
  work: string,
): Promise<{ readonly settings: PrimerSettings; readonly places: PrimerPlaces }> {
  mkdirSync(work, { recursive: true });
  const mnist = await loadMnist(dataDir);
  const images = mnist.train.labels.length;
  const teacher = join(work, 'teacher');
  const data = {
    train: mnistDataset(mnistPart(mnist.train, 0, VALIDATION_START)),
    evaluation: mnistDataset(mnistPart(mnist.train, VALIDATION_START, images)),
  };
  const { hidden, learningRate, ...training } = TEACHER;
  await runTraining({
    ...training,
    model: mlp({ hidden: [hidden], ...MNIST_NORMALISATION }),
    method: supervised(),
    optimizer: adam({ learningRate }),
    data,
    evalBatchSize: 1000,
    threads: 1,
    outputDir: teacher,
    resume: true,
  });
  const { contentHash } = await loadModel(teacher);
  return {
    settings: {
      teacherHash: contentHash,
      scoredOn: 'validation',
      data: { train: describeData(data.train), validation: describeData(data.evaluation) },
    },
    places: { dataDir, teacher, runs: null },
  };
}
