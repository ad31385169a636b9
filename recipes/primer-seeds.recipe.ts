/**
 * @file The primer on fresh seeds, 62 … 81: the figures that the documentation reports. Its settings come from
 * `primer-search`, which used other seeds and no test image. Seeds 42 … 61 had been used up before the search's second
 * part: their figures are known for the settings of the first.
 *
 *   npm run recipe -- primer-seeds [--seeds 20] [--first-seed 62] [--out results/primer-20-seeds.json] [--data .bench/mnist]
 *
 * An interrupted one goes on.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finishedRuns, runPrimer } from '../src/entries/experiments.js';
import { writeFileAtomic } from './write-file.js';

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '20' },
      'first-seed': { type: 'string', default: '62' },
      out: { type: 'string', default: 'results/primer-20-seeds.json' },
      data: { type: 'string', default: '.bench/mnist' },
      work: { type: 'string', default: '.bench/primer-seeds' },
      workers: { type: 'string', default: '2' },
    },
  });
  const { figures, record } = await runPrimer({
    seeds: Number(values.seeds),
    firstSeed: Number(values['first-seed']),
    outputDir: values.work,
    dataDir: values.data,
    workers: Number(values.workers),
    resume: true,
    command: 'npm run recipe -- primer-seeds',
    onEvent: (each) => {
      if (each.type !== 'experiment' || each.event.type !== 'run-end') return;
      const { arm, seed, score, seconds, finished, runs } = each.event;
      console.log(`${finished}/${runs} ${arm} ${seed}: ${(100 * score).toFixed(2)} in ${seconds.toFixed(1)} s`);
    },
  });
  // Which images were right, for `rejudge`.
  const runs = (await finishedRuns(join(values.work, 'results.jsonl'))).filter(({ seed }) =>
    record.seeds.includes(seed),
  );
  const lines = runs.map(({ result: { score, parameters, right }, ...run }) =>
    JSON.stringify({ type: 'run', ...run, result: { score, parameters, right } }),
  );
  await writeFileAtomic(values.out.replace(/\.json$/, '.jsonl'), `${lines.join('\n')}\n`);
  const { environment, softTargets, seeds } = record;
  const { retort, node, onnxruntime, cpu, cores } = environment;
  const settings = Object.fromEntries(record.arms.map((arm) => [arm.name, arm.settings]));
  const report = { seeds, settings, ...figures, softTargets, environment: { retort, node, onnxruntime, cpu, cores } };
  await writeFileAtomic(values.out, `${JSON.stringify(report, null, 1)}\n`);
  for (const { name, mean, sd, accuracies } of figures.arms) {
    console.log(
      `${name.padEnd(18)} ${mean.toFixed(2)} ± ${sd?.toFixed(2)}, lowest ${Math.min(...accuracies).toFixed(1)}`,
    );
  }
  for (const { text } of record.gains) console.log(text);
  console.log(softTargets?.text, `${figures.seconds.toFixed(0)} s`);
}
