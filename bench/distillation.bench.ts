/**
 * @file A whole distillation, from the start of the process to its end: MiniLM fine-tuned on SST-2 teaches three of its layers
 * by Hinton's method; texts are read and tokenized, teacher outputs computed, the student trained, evaluated and saved.
 * `retort distill` as it is built, an expert's loop in PyTorch in each of its modes (peers/distillation.py), compiled in the
 * fastest too, and TextBrewer, tuned, where it is installed. All have the same rows, teacher, initial layers, settings and
 * number of steps, and say how good their student is. Compiled code is kept from round to round: the first has none.
 *
 *   RETORT_DATA=… npm run bench -- distillation [--rows 3200] [--epochs 2] [--rounds 3] [--teacher FOLDER]
 *     [--columns retort,bf16,textbrewer] [--threads 2]
 *
 * The teacher is a Hugging Face folder of two classes, `negative` and `positive`; else one is trained on the rows first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stratifiedSubset } from '../src/data/stratified.js';
import { loadTextSet } from '../src/data/text-sets.js';
import type { TextTable } from '../src/data/text-table.js';
import { splitOf } from '../src/data/text-task.js';
import { resolveModel } from '../src/models/hugging-face-cache.js';
import { columnNames, orderOf, RETORT, Times } from './columns.js';
import { PYTHON, peerScript } from './peers/peer.js';

const TEXTBREWER = 'textbrewer';
const CASE = 'seconds';
/**
 * Of retort's settings those that are not its defaults, and of its defaults what the peers are to be told. At a lower rate so few
 * steps leave every student at one class, and their accuracies tell nothing.
 */
const SETTINGS = { epochs: 2, batchSize: 32, maxLength: 128, learningRate: 3e-4 } as const;
const DEFAULTS = {
  warmup: 0.1,
  weightDecay: 0.01,
  maxNorm: 1,
  alpha: 0.5,
  temperature: 2,
  layers: 3,
  seed: 1,
} as const;

/** What one side's process did. */
type Outcome = { readonly seconds: number; readonly accuracy: number; readonly said: string };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '3200' },
      epochs: { type: 'string', default: String(SETTINGS.epochs) },
      rounds: { type: 'string', default: '3' },
      teacher: { type: 'string' },
      columns: { type: 'string' },
      threads: { type: 'string', default: '2' },
    },
  });
  const dir = process.env.RETORT_DATA;
  if (dir === undefined) {
    console.log('RETORT_DATA is not set: no SST-2 to distil on');
    return;
  }
  const command = join(process.cwd(), 'dist', 'cli', 'main.js');
  if (!existsSync(command)) throw new Error(`${command}: wanted the built command; npm run build`);
  const others = spawnSync(PYTHON, ['-c', 'import textbrewer'], { stdio: 'ignore' }).status === 0 ? [TEXTBREWER] : [];
  if (others.length === 0) console.log(`${PYTHON} has no TextBrewer (pip install textbrewer): no such column`);
  const columns = columnNames(values.columns, others);

  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const times = new Times();
  const accuracies = new Map<string, number[]>();
  try {
    const task = await loadTextSet('sst2', { dir });
    const rows = stratifiedSubset(splitOf(task, 'train'), { rows: Number(values.rows) }, 1);
    const [train, dev] = [join(folder, 'train.tsv'), join(folder, 'dev.tsv')];
    writeFileSync(train, tsv(rows, task.labelNames));
    writeFileSync(dev, tsv(splitOf(task, 'dev'), task.labelNames));
    const { batchSize, maxLength, learningRate } = SETTINGS;
    const shared = [train, '--dev', dev, '--epochs', values.epochs, '--threads', values.threads];
    const flags = [...shared, '--batch_size', `${batchSize}`, '--max_length', `${maxLength}`];
    flags.push('--learning_rate', `${learningRate}`, '--quiet');
    const retort = (...words: readonly string[]) => ran(process.execPath, [command, ...words]);

    let { teacher } = values;
    if (teacher === undefined) {
      retort('train', ...flags, '--output_dir', join(folder, 'trained'));
      teacher = join(folder, 'teacher');
      retort('export', join(folder, 'trained'), '--to', 'hf', '--output_dir', teacher);
    }
    const job = {
      ...SETTINGS,
      ...DEFAULTS,
      epochs: Number(values.epochs),
      train,
      dev,
      labels: task.labelNames,
      teacher,
      student: await resolveModel('minilm-l6'),
      output: join(folder, 'student'),
    };
    const jobFile = join(folder, 'job.json');
    writeFileSync(jobFile, JSON.stringify(job));
    const student = ['--teacher', teacher, '--layers', `${job.layers}`, '--quick', '--json'];

    const run = (column: string, round: number): Outcome => {
      const start = performance.now();
      const said =
        column === RETORT
          ? retort('distill', ...flags, ...student, '--output_dir', join(folder, `distilled-${round}`))
          : column === TEXTBREWER
            ? ran(PYTHON, [peerScript('distillation_textbrewer'), jobFile, '--threads', values.threads])
            : ran(
                PYTHON,
                [peerScript('distillation'), jobFile, '--threads', values.threads, ...times.flagsOf(column)],
                {
                  TORCHINDUCTOR_CACHE_DIR: join(folder, 'compiled'),
                },
              );
      const seconds = (performance.now() - start) / 1000;
      return { seconds, ...(column === RETORT ? ofRecord(said) : ofPeer(said)) };
    };
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const column of orderOf(columns, round)) {
        const { seconds, accuracy, said } = run(column, round);
        times.add(column, CASE, seconds);
        accuracies.set(column, [...(accuracies.get(column) ?? []), accuracy]);
        console.log(`${column}: ${seconds.toFixed(1)} s, accuracy ${(100 * accuracy).toFixed(2)} %; ${said}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(
    '\nSeconds, median (min–max, n); the same divided by that of retort in the round; accuracy in % of each round',
  );
  console.log(`| | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}`);
  console.log(times.row(CASE, columns, 1));
  const percents = columns.map((column) =>
    accuracies
      .get(column)
      ?.map((share) => (100 * share).toFixed(1))
      .join(', '),
  );
  console.log(`| accuracy | ${percents.join(' | ')} |`);
}

function tsv({ texts, labels }: TextTable, names: readonly string[]): string {
  const lines = texts.map((text, row) => `${text}\t${names[labels?.[row] ?? 0]}`);
  return `${['text\tlabel', ...lines].join('\n')}\n`;
}

/** Runs a program to its end; what it printed last. */
function ran(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

function ofPeer(line: string): Omit<Outcome, 'seconds'> {
  const { accuracy, seconds, peakMegabytes, steps, environment } = JSON.parse(line) as {
    accuracy: number;
    peakMegabytes: number;
  } & Record<'seconds' | 'steps' | 'environment', object>;
  const said = JSON.stringify({ steps, seconds, peakMegabytes: Math.round(peakMegabytes), environment });
  return { accuracy, said };
}

function ofRecord(line: string): Omit<Outcome, 'seconds'> {
  const { arms, peakRssBytes } = JSON.parse(line) as {
    arms: readonly { readonly scores: readonly number[]; readonly train: { readonly steps: number } }[];
    peakRssBytes: number;
  };
  const [arm] = arms;
  const said = JSON.stringify({ steps: arm?.train.steps, peakMegabytes: Math.round(peakRssBytes / 2 ** 20) });
  return { accuracy: (arm?.scores[0] ?? Number.NaN) / 100, said };
}
