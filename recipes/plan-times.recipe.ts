/**
 * @file Whether plans hold: ten small experiments on texts, each planned by `--dry_run` and then run, one after the other. Kept in
 * `results/plan-times.json`: the range that the plan gave, how long making it took, and how long the run took, all with the
 * start of the process; and the share of the processor's time that other processes had meanwhile. A plan holds while the machine
 * is as busy as it was then: where that share differs by more than a tenth of the machine between the two, nothing can be told, and
 * the next call repeats the experiment, whatever came out.
 *
 *   RETORT_DATA=… npm run build && npm run recipe -- plan-times [NUMBER …] [--outputs outputs/plan-times]
 *
 * With numbers those are run. The seventh has the teacher that the second has trained. On Linux: by `/proc`.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeEnvironment } from '../src/entries/experiments.js';
import { keptJson } from './kept-json.js';
import { timed } from './timed-command.js';
import { writeFileAtomic } from './write-file.js';

const RESULTS = join('results', 'plan-times.json');
const TEACHER = 2;

/** Each takes about 40 s on two cores. */
const EXPERIMENTS: readonly string[] = [
  'train trec --model bilstm --epochs 10 --early_stopping 0',
  'train sst2 --rows 5000 --layers 3 --epochs 2',
  'train mrpc --rows 1200 --epochs 1',
  'train stsb --rows 3000 --layers 2 --epochs 2',
  'distill trec --teacher bilstm --teacher_epochs 3 --model bilstm --hidden 50 --epochs 4 --seeds 1 --controls no-teacher,hard-labels',
  'distill sst2 --rows 1500 --teacher minilm-l6 --teacher_epochs 1 --layers 2 --epochs 1 --seeds 1',
  'distill sst2 --rows 3000 --teacher TEACHER --model bilstm --epochs 3 --seeds 1 --controls no-teacher',
  'distill mrpc --rows 400 --teacher minilm-l6 --teacher_epochs 1 --layers 2 --method tinybert --epochs 2 --seeds 1 --controls no-teacher',
  'distill cola --rows 2000 --teacher minilm-l6 --teacher_epochs 1 --layers 2 --method takd --assistants 4 --epochs 1 --seeds 1 --controls none',
  'distill banking77 --rows 1000 --teacher minilm-l6 --teacher_epochs 1 --layers 3 --method pkd --epochs 1 --seeds 1 --controls no-teacher,shuffled-teacher',
];

type Outcome = {
  readonly command: string;
  /** In seconds. */
  readonly plan: { readonly low: number; readonly high: number; readonly made: number };
  readonly took: number;
  readonly isInside: boolean;
  /** Of the time of all cores, what other processes had. */
  readonly others: { readonly plan: number; readonly run: number };
  readonly isAlike: boolean;
};

type Results = {
  readonly environment: Awaited<ReturnType<typeof describeEnvironment>>;
  /** Of the experiments whose plan and run had the machine alike. */
  readonly alike: number;
  readonly inside: number;
  readonly experiments: readonly Outcome[];
};

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { outputs: { type: 'string', default: join('outputs', 'plan-times') } },
  });
  const known = new Map((before()?.experiments ?? []).map((outcome) => [outcome.command, outcome]));
  const open = EXPERIMENTS.flatMap((command, i) => (known.get(command)?.isAlike ? [] : [i + 1]));
  const numbers = positionals.length === 0 ? open : positionals.map(Number);
  for (const number of numbers) {
    const command = EXPERIMENTS[number - 1];
    if (command === undefined) throw new Error(`there are experiments 1 to ${EXPERIMENTS.length}`);
    const outcome = outcomeOf(command, number, values.outputs);
    const { plan, took, isInside, others } = outcome;
    console.log(
      `${number}  ${isInside ? 'inside ' : 'outside'} ${plan.low.toFixed(1)} to ${plan.high.toFixed(1)} s: ${took.toFixed(1)} s (planned in ${plan.made.toFixed(1)} s; others ${others.plan.toFixed(2)}, ${others.run.toFixed(2)})  ${command}`,
    );
    known.set(command, outcome);
    const experiments = EXPERIMENTS.flatMap((each) => known.get(each) ?? []);
    const results: Results = {
      environment: await describeEnvironment({}),
      alike: experiments.filter((each) => each.isAlike).length,
      inside: experiments.filter((each) => each.isAlike && each.isInside).length,
      experiments,
    };
    await writeFileAtomic(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }
}

function before(): Results | undefined {
  return keptJson<Results | undefined>(RESULTS, undefined);
}

function outcomeOf(command: string, number: number, outputs: string): Outcome {
  const folder = join(outputs, String(number));
  rmSync(folder, { recursive: true, force: true });
  const words = command.replace('TEACHER', join(outputs, String(TEACHER))).split(' ');
  const planned = timed([...words, '--output_dir', folder, '--dry_run', '--json', '--quiet']);
  const json = JSON.parse(planned.stdout) as { secondsRange?: Range; plan?: { secondsRange: Range } };
  const range = json.plan?.secondsRange ?? json.secondsRange;
  if (range === undefined) throw new Error(`no time in the plan of ${command}`);
  const run = timed([...words, '--output_dir', folder, '--quiet']);
  return {
    command,
    plan: { ...range, made: planned.seconds },
    took: run.seconds,
    isInside: range.low <= run.seconds && run.seconds <= range.high,
    others: { plan: planned.others, run: run.others },
    isAlike: Math.abs(planned.others - run.others) <= ALIKE,
  };
}

/** Of the machine's time. */
const ALIKE = 0.1;

type Range = { readonly low: number; readonly high: number };
