/**
 * @file Peak memory (maximum resident set size) of processes of their own: reading rows for training, keeping a teacher's
 * outputs to them, and steps of a MiniLM from short texts to long ones.
 *
 *   RETORT_DATA=… npm run bench -- memory [--rows 10000,100000,1000000] [--lengths 16,64,128,256,512] [--dropout 0.1]
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Batch } from '../src/data/dataset.js';
import { supervised } from '../src/methods/supervised.js';
import { bert } from '../src/models/bert.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { adamw } from '../src/optim/adamw.js';
import { RandomStream } from '../src/tensor/random.js';
import { fromNumbers, zeros } from '../src/tensor/tensor.js';
import { openHostStep } from '../src/training/step/host-step.js';
import { planTexts, rowsPerRun } from '../src/training/step/micro-batches.js';
import { rowSource } from './token-ids.js';

/** Rows of a batch, as encoders are fine-tuned. */
const BATCH = 32;
const LETTERS = { least: 30, most: 90 };

/** Rows of about sixty letters, put together from SST-2's phrases; no two are likely to be the same. */
function writeRows(path: string, rows: number): void {
  const source = join(process.env.RETORT_DATA ?? '', 'sst2', 'train.tsv');
  const phrases = readFileSync(source, 'utf8').trimEnd().split('\n').slice(1);
  const random = new RandomStream(1, 'bench/rows');
  const file = openSync(path, 'w');
  let lines = 'text,label\n';
  for (let row = 0; row < rows; row++) {
    const length = LETTERS.least + random.below(LETTERS.most - LETTERS.least);
    let text = '';
    while (text.length < length) text += phrases[random.below(phrases.length)]?.split('\t', 1)[0] ?? '';
    lines += `"${text.slice(0, length).trim().replaceAll('"', '""')}",${row % 2}\n`;
    if (lines.length < 2 ** 20) continue;
    writeSync(file, lines);
    lines = '';
  }
  writeSync(file, lines);
  closeSync(file);
}

/** Megabytes of a process at its most, and its seconds. */
function measured(args: readonly string[]): { readonly megabytes: number; readonly seconds: number } {
  const begun = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', process.execPath, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  const megabytes = Number(stderr.trim().split('\n').at(-1)) / 1024;
  return { megabytes, seconds: (performance.now() - begun) / 1000 };
}

/** As a training cuts a batch of texts of this length. */
function rowsOfPart(length: number): number {
  const plan = planTexts({ text: { lengths: Uint32Array.of(length) } }, { model: {} });
  return plan === undefined ? BATCH : rowsPerRun(plan, length, BATCH);
}

/** Of a MiniLM's shape: 6 layers, hidden 384, 12 heads, 30,522 pieces, random weights; AdamW, gradients accumulated. */
async function takeSteps(length: number, dropout: number): Promise<void> {
  const rows = rowsOfPart(length);
  const model = bert({
    ...{ hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
    ...{ hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout },
  });
  const opened = await openHostStep({
    model,
    method: supervised({}),
    dims: { B: rows, S: length },
    optimizer: adamw({ learningRate: 5e-5 }),
    maxNorm: 1,
    seed: 1,
    parameters: initialiseParameters(model.parameters, 1),
    hasMicroBatches: rows < BATCH,
  });
  const nextRow = rowSource();
  const batch = (): Batch => {
    const shape = [rows, length];
    const ids = Array.from({ length: rows }, () => nextRow(length)).flat();
    return {
      inputs: {
        input_ids: fromNumbers('int64', shape, ids),
        attention_mask: fromNumbers('int64', shape, new Uint8Array(ids.length).fill(1)),
        token_type_ids: zeros('int64', shape),
      },
      ids: Array.from({ length: rows }, (_, row) => row),
      weights: new Float32Array(rows).fill(1),
      labels: zeros('int64', [rows]),
    };
  };
  for (let step = 1; step <= 2; step++) {
    const batches = rows < BATCH ? [batch(), batch()] : [batch()];
    await opened.run([{ step, learningRate: 5e-5, batches, scalars: {} }]);
  }
  await opened.release();
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '10000,100000,1000000' },
      lengths: { type: 'string', default: '16,64,128,256,512' },
      dropout: { type: 'string', default: '0.1' },
      /** In a process of its own: two steps of one micro-batch of this length, or two where a batch has more. */
      step: { type: 'string' },
    },
  });
  if (values.step !== undefined) return takeSteps(Number(values.step), Number(values.dropout));
  const listed = (text: string) => text.split(',').filter(Boolean).map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const retort = (line: string) => {
    const place = (word: string) => (word.startsWith('@') ? join(folder, word.slice(1)) : word);
    return measured([join(process.cwd(), 'dist', 'cli', 'main.js'), ...line.split(' ').map(place)]);
  };
  try {
    const rows = listed(values.rows);
    if (rows.length > 0) {
      writeRows(join(folder, 'dev.csv'), 200);
      writeFileSync(join(folder, 'vectors.txt'), 'good 1 0 0\nbad 0 1 0\nfilm 0 0 1\n');
    }
    const one = '--dev @dev.csv --epochs 1 --max_steps 1 --quiet';
    const small = '--model bilstm --vocabulary @vectors.txt --hidden 5';
    for (const size of rows) {
      writeRows(join(folder, 'rows.csv'), size);
      const report = (what: string, { megabytes, seconds }: ReturnType<typeof measured>) =>
        console.log(`${size} rows, ${what}: ${megabytes.toFixed(0)} MB, ${seconds.toFixed(0)} s`);
      report('training of a BiLSTM', retort(`train @rows.csv --model bilstm ${one} --output_dir @bilstm-${size}`));
      report('of one with five hidden units', retort(`train @rows.csv ${small} ${one} --output_dir @small-${size}`));
      const line = `distill @rows.csv ${small} --teacher @small-${size} --quick ${one}`;
      report('labelled by that one, then trained on', retort(`${line} --output_dir @distilled-${size}`));
    }
    for (const length of listed(values.lengths)) {
      const line = `memory --step ${length} --dropout ${values.dropout}`;
      const { megabytes } = measured([process.argv[1] ?? '', ...line.split(' ')]);
      const rows = rowsOfPart(length);
      console.log(`steps of ${length} tokens, micro-batches of ${rows} rows: ${megabytes.toFixed(0)} MB`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
