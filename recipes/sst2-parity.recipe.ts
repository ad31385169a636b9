/**
 * @file MiniLM fine-tuned on SST-2 by retort and by PyTorch, from the same weights and on the same batches: do they come to
 * the same end? 10,000 rows, 2 epochs; without dropout 3 seeds, with it 5, whose masks differ. `--full`: all 67,349 rows, 2
 * epochs, one seed, retort alone.
 *
 *   RETORT_DATA=… RETORT_PYTHON=… npm run recipe -- sst2-parity [--full] [--threads 2] [--out results/sst2-parity.json]
 *
 * Resumes by arm, seed and side; each finished pair is added to the results.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, median } from '../bench/figures.js';
import { FINETUNING, type FinetuneJob, type FinetuneRun, finetune, finetuneByPeer } from '../bench/finetune.js';
import { loadTextSet, splitOf } from '../src/entries/data.js';
import { packRightRows } from '../src/entries/experiments.js';
import { keptJson } from './kept-json.js';
import { pairedGain, type ScoredRun } from './paired-gain.js';
import { LIMITS, limitsOf } from './run-limits.js';
import { writeFileAtomic } from './write-file.js';

type Arm = Omit<FinetuneJob, 'seed'> & { readonly name: string; readonly seeds: number; readonly hasPeer: boolean };

const ARMS: readonly Arm[] = [
  { name: 'no-dropout', rows: 10_000, epochs: 2, dropout: 0, seeds: 3, hasPeer: true },
  { name: 'dropout', rows: 10_000, epochs: 2, dropout: 0.1, seeds: 5, hasPeer: true },
];
const FULL: Arm = { name: 'full', epochs: 2, dropout: 0.1, seeds: 1, hasPeer: false };
const FIRST_STEPS = 50;

type Side = {
  /** Percent of 872 dev rows. */
  readonly accuracy: number;
  readonly seconds: number;
  readonly msPerStep: number;
  readonly peakMegabytes: number;
  readonly firstLosses: readonly number[];
  /** A digit for each dev row. */
  readonly predictions: string;
};
/** `threads`: where they were others than the settings say; times are then no measure. */
type Pair = {
  readonly arm: string;
  readonly seed: number;
  readonly threads?: number;
  readonly retort: Side;
  readonly pytorch?: Side;
};
type Results = { readonly settings: object; readonly machine: string; readonly runs: Pair[] };

function sideOf({ accuracy, seconds, stepMs, peakMegabytes, losses, predictions }: FinetuneRun): Side {
  return {
    accuracy: Number((100 * accuracy).toFixed(2)),
    seconds: Number(seconds.toFixed(1)),
    msPerStep: Number(median(stepMs).toFixed(1)),
    peakMegabytes: Math.round(peakMegabytes),
    firstLosses: losses.slice(0, FIRST_STEPS).map((loss) => Number(loss.toPrecision(7))),
    predictions: predictions.join(''),
  };
}

/** The largest relative difference of the first losses. */
function lossDifference({ retort, pytorch }: Pair): number {
  const theirs = pytorch?.firstLosses ?? [];
  return Math.max(...theirs.map((loss, i) => Math.abs((retort.firstLosses[i] ?? Number.NaN) - loss) / loss));
}

/** Percent of the dev rows that both answer alike. */
function agreement({ retort, pytorch }: Pair): number {
  const theirs = pytorch?.predictions ?? '';
  const alike = Array.from(theirs).filter((digit, i) => digit === retort.predictions[i]).length;
  return (100 * alike) / theirs.length;
}

function sayPair(pair: Pair): void {
  const { arm, seed, retort, pytorch } = pair;
  const told = ({ accuracy, msPerStep, peakMegabytes }: Side) =>
    `${accuracy.toFixed(2)} %, ${msPerStep.toFixed(0)} ms a step, ${peakMegabytes} MB`;
  console.log(`${arm} ${seed}: retort ${told(retort)}${pytorch ? `; PyTorch ${told(pytorch)}` : ''}`);
  if (pytorch === undefined) return;
  const alike = agreement(pair).toFixed(2);
  console.log(
    `  first ${retort.firstLosses.length} losses within ${lossDifference(pair).toExponential(1)}, ${alike} % of predictions equal`,
  );
}

function sayArm(arm: string, pairs: readonly Pair[], labels: ArrayLike<number>): void {
  const scored = ({ accuracy, predictions }: Side): ScoredRun => ({
    score: accuracy,
    right: packRightRows(Array.from(predictions, (digit, row) => Number(digit) === labels[row])),
  });
  const both = pairs.flatMap(({ seed, retort, pytorch }) => (pytorch ? [{ seed, retort, pytorch }] : []));
  const runsOf = (of: 'retort' | 'pytorch') => new Map(both.map((pair) => [pair.seed, scored(pair[of])]));
  const gain = pairedGain(runsOf('retort'), runsOf('pytorch'));
  if (!('low' in gain)) return;
  const { mean: difference, low, high, fromSeeds, fromRows } = gain;
  const ends = [low, high, fromSeeds, fromRows].map((value) => value.toFixed(2));
  console.log(
    `${arm}: retort − PyTorch ${difference.toFixed(2)} points, 95 % interval ${ends[0]} to ${ends[1]} (± ${ends[2]} from ${gain.seeds} seeds, ± ${ends[3]} from ${labels.length} rows)`,
  );
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: 'results/sst2-parity.json' },
      work: { type: 'string', default: '.bench/sst2-parity' },
      full: { type: 'boolean', default: false },
      ...LIMITS,
    },
  });
  const { maxSteps, ...threads } = limitsOf(values);
  const settings = { ...FINETUNING, arms: [...ARMS, FULL] };
  const results = keptJson<Results>(values.out, { settings, machine: machine(), runs: [] });
  const arms = values.full ? [FULL] : ARMS;
  for (const { name, seeds, hasPeer, ...options } of arms) {
    for (let seed = 1; seed <= seeds; seed++) {
      if (results.runs.some((run) => run.arm === name && run.seed === seed)) continue;
      const folder = join(values.work, `${name}-${seed}`);
      mkdirSync(folder, { recursive: true });
      const run = finetune(folder, { ...options, ...threads, seed, ...(maxSteps !== undefined && { maxSteps }) });
      const pytorch = hasPeer ? { pytorch: sideOf(finetuneByPeer(folder, run)) } : {};
      results.runs.push({ arm: name, seed, ...threads, retort: sideOf(run), ...pytorch });
      await writeFileAtomic(values.out, `${JSON.stringify(results, null, 1)}\n`);
    }
  }
  const dev = splitOf(await loadTextSet('sst2', { dir: process.env.RETORT_DATA }), 'dev');
  for (const { name } of [...ARMS, FULL]) {
    const pairs = results.runs.filter(({ arm }) => arm === name);
    for (const pair of pairs) sayPair(pair);
    sayArm(name, pairs, dev.labels ?? []);
  }
}
