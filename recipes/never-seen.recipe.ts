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
import {
  describeEnvironment,
  mean,
  type NeverSeen,
  type NeverSeenOptions,
  runNeverSeen,
} from '../src/entries/experiments.js';
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
  const report = { ...found, environment: { retort, node, onnxruntime, cpu, cores } };
  await writeFileAtomic(values.out ?? 'results/never-seen.json', `${JSON.stringify(report, null, 1)}\n`);
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
