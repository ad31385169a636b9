/**
 * @file The second act of the primer, with the seeds that `retort primer` runs: the figures that the documentation reports.
 *
 *   npm run recipe -- never-seen [--seeds 10] [--out results/never-seen.json] [--data .bench/mnist]
 *   npm run recipe -- never-seen --search     # the students' learning rate, on validation images, with other seeds
 *
 * An interrupted one goes on.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMnist, mnistDataset } from '../src/entries/data.js';
import {
  describeEnvironment,
  mean,
  type NeverSeen,
  type NeverSeenOptions,
  runNeverSeen,
} from '../src/entries/experiments.js';
import { loadModel } from '../src/entries/models.js';
import { openEvaluator } from '../src/entries/training.js';
import { writeFileAtomic } from './write-file.js';

const LEARNING_RATES = [0.005, 0.01, 0.02];
const SEARCH = { scoredOn: 'validation', firstSeed: 1000, seeds: 3 } as const;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      search: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '10' },
      out: { type: 'string' },
      data: { type: 'string', default: '.bench/mnist' },
      work: { type: 'string', default: '.bench/never-seen' },
      workers: { type: 'string', default: '2' },
    },
  });
  const run = (name: string, more: Partial<NeverSeenOptions>) =>
    runNeverSeen({
      outputDir: join(values.work, name),
      dataDir: values.data,
      workers: Number(values.workers),
      resume: true,
      ...more,
    });
  if (values.search) return search(run, values.out ?? 'results/never-seen-search.json');
  const found = await run('test', { seeds: Number(values.seeds) });
  print(found);
  for (const { text } of [...found.gains.all, ...found.gains.digit]) console.log(text);
  const { retort, node, onnxruntime, cpu, cores } = await describeEnvironment({ threads: 1 });
  const medianProbability = await medianProbabilities(found, values.data, join(values.work, 'test', 'teacher'));
  // Of a resumed one they say nothing.
  const { seconds: _seconds, ...figures } = found;
  const report = { ...figures, medianProbability, environment: { retort, node, onnxruntime, cpu, cores } };
  await writeFileAtomic(values.out ?? 'results/never-seen.json', `${JSON.stringify(report, null, 1)}\n`);
}

const TEMPERATURES = [1, 4, 20];
const CLASSES = 10;

/** What the teacher gives to the digit on training images of each other digit, in the middle one, by temperature. */
async function medianProbabilities({ digit }: NeverSeen, dataDir: string, path: string) {
  const { train } = await loadMnist(dataDir);
  const { model, weights } = await loadModel(path);
  const evaluator = await openEvaluator({ model, data: mnistDataset(train), threads: 1 });
  const { logits } = await evaluator.predict(weights);
  await evaluator.release();
  return TEMPERATURES.map((temperature) => ({
    temperature,
    ofDigit: Array.from({ length: CLASSES }, (_, other) => {
      const rows = Array.from(train.labels.keys()).filter((row) => train.labels[row] === other);
      const given = rows.map((row) => {
        const powers = Array.from(logits.subarray(row * CLASSES, (row + 1) * CLASSES), (z) =>
          Math.exp(z / temperature),
        );
        return (powers[digit] ?? 0) / powers.reduce((sum, power) => sum + power, 0);
      });
      return Number((given.toSorted((a, b) => a - b)[given.length >> 1] ?? 0).toPrecision(3));
    }),
  }));
}

type Run = (name: string, more: Partial<NeverSeenOptions>) => Promise<NeverSeen>;

async function search(run: Run, out: string): Promise<void> {
  const trials: { learningRate: number; arms: { name: string; all: number[]; digit: number[] }[] }[] = [];
  for (const learningRate of LEARNING_RATES) {
    console.log(`learning rate ${learningRate}`);
    const { arms } = await run(`rate-${learningRate}`, { ...SEARCH, training: { learningRate } });
    print({ arms });
    trials.push({
      learningRate,
      arms: arms.map(({ name, all, digit }) => ({ name, all: all.scores, digit: digit.scores })),
    });
  }
  const { scoredOn, firstSeed, seeds } = SEARCH;
  const report = { scoredOn: `${scoredOn}: the last 10,000 training images`, firstSeed, seeds, trials };
  await writeFileAtomic(out, `${JSON.stringify(report, null, 1)}\n`);
}

function print({ arms }: Pick<NeverSeen, 'arms'>): void {
  for (const { name, all, digit } of arms) {
    console.log(`${name.padEnd(12)} ${mean(all.scores).toFixed(2)} ${mean(digit.scores).toFixed(1)}`);
  }
}
