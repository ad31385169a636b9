/**
 * @file A whole training step of a MiniLM-shaped BERT (6 layers, hidden 384, 12 heads, FF 1,536, vocabulary 30,522; 22.7 M
 * parameters, random weights), batch 32: forward, loss, backward, clipping, AdamW, catch-up of word rows, new ids each step.
 * A column for retort and for each mode of PyTorch (peers/modes.py), `compiled` for torch.compile in the fastest of them. In
 * each round each column is a process of its own that begins with the same weights and takes the same batches; columns take
 * turns at being first. Losses without dropout are compared with those of PyTorch in float32; the physical limit is that of
 * the products alone, at the rate of the fastest large product of the run.
 *
 *   npm run bench -- minilm-step [--lengths 16,32,64,128] [--dropout 0,0.1] [--rounds 5] [--columns retort,float32,medium]
 *     [--threads 2] [--plain-malloc]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bert } from '../src/models/bert.js';
import { saveHuggingFace } from '../src/models/hugging-face.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { RandomStream } from '../src/tensor/random.js';
import { COMPILED, columnNames, orderOf, RETORT, Times } from './columns.js';
import { median } from './figures.js';
import { peerScript, startPeer } from './peers/peer.js';
import { PRODUCTS, stepOperations } from './physical-limit.js';
import { rowSource } from './token-ids.js';

const ROWS = 32;
const STEPS = 3;
const BATCHES_KEPT = 16;
const SIZES = { layers: 6, hidden: 384, intermediate: 1536 } as const;
/** Column that losses are compared with. */
const WITNESS = 'float32';
/** Above the rounding of float32 in products, far below that of bfloat16. */
const FLOAT32_ERROR = 1e-5;

type Rate = { readonly gflops: number; readonly product: string; readonly error: number };

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lengths: { type: 'string', default: '16,32,64,128' },
      dropout: { type: 'string', default: '0,0.1' },
      rounds: { type: 'string', default: '5' },
      columns: { type: 'string' },
      threads: { type: 'string', default: '2' },
      /** PyTorch as it is installed, without the allocator settings that make it faster. */
      'plain-malloc': { type: 'boolean', default: false },
    },
  });
  const lengths = values.lengths.split(',').map(Number);
  const columns = columnNames(values.columns);
  const cases = values.dropout
    .split(',')
    .flatMap((dropout) => lengths.map((length) => ({ length, dropout: Number(dropout), steps: STEPS })));
  const nameOf = ({ length, dropout }: { length: number; dropout: number }) => `${length} | ${dropout}`;
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const times = new Times();
  const witnessed = new Map<string, Record<string, unknown>>();
  const rates = new Map<string, Rate>();

  const round = async (column: string, isFirst: boolean): Promise<void> => {
    const files = [join(folder, 'model'), join(folder, 'batches.json')] as const;
    const plain = values['plain-malloc'] ? ['--plain-malloc'] : [];
    const flags = ['--model', files[0], '--batches', files[1], '--threads', values.threads, ...plain];
    const peer =
      column === RETORT
        ? await startPeer(fileURLToPath(new URL('minilm-step-run.js', import.meta.url)), [...files, values.threads])
        : await startPeer(peerScript('minilm_step'), [...flags, ...times.flagsOf(column)]);
    if (isFirst) console.log(`${column}: ${JSON.stringify(peer.greeting.environment)}`);
    const rounded: string[] = [];
    for (const each of cases) {
      const answer = await peer.ask(each);
      const ms = median(answer.msPerStep as number[]);
      times.add(column, nameOf(each), ms);
      rounded.push(ms.toFixed(0));
      witnessed.set(`${column} ${nameOf(each)}`, answer);
    }
    const { gflops, errors } = (await peer.ask({ products: PRODUCTS })) as Record<string, readonly number[]>;
    for (const [i, product] of PRODUCTS.entries()) {
      const rate = { gflops: gflops?.[i] ?? 0, product: product.join(' × '), error: errors?.[i] ?? Number.NaN };
      if (rate.gflops > (rates.get(column)?.gflops ?? 0)) rates.set(column, rate);
    }
    await peer.stop();
    console.log(`${column}: ${rounded.join(', ')} ms`);
  };

  try {
    const model = bert({ ...configOf(SIZES), num_attention_heads: 12 });
    const weights = initialiseParameters(model.parameters, 1);
    await saveHuggingFace(join(folder, 'model'), { model, weights, labelNames: ['0', '1'] });
    const nextRow = rowSource();
    const random = new RandomStream(1, 'bench/labels');
    const batch = (length: number) => ({
      ids: Array.from({ length: ROWS }, () => nextRow(length)),
      labels: Array.from({ length: ROWS }, () => random.below(2)),
    });
    const kept = lengths.map((length) => [length, Array.from({ length: BATCHES_KEPT }, () => batch(length))] as const);
    writeFileSync(join(folder, 'batches.json'), JSON.stringify(Object.fromEntries(kept)));
    for (let count = 0; count < Number(values.rounds); count++) {
      for (const column of orderOf(columns, count)) await round(column, count === 0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }

  if (columns.includes(COMPILED)) console.log(`${COMPILED} is ${times.flagsOf(COMPILED).join(' ')}`);
  console.log('\nMilliseconds a step, median (min–max, n); the same divided by that of retort in the round');
  console.log(`| tokens | dropout | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 2)}`);
  for (const each of cases) console.log(times.row(nameOf(each), columns));

  console.log(
    `\nWithout dropout, ${STEPS + 2} steps: largest difference of loss, of gradient norm relative to PyTorch's ${WITNESS}`,
  );
  for (const each of cases.filter(({ dropout }) => dropout === 0)) {
    const differences = columns.map((column) => {
      const [got, expected] = [column, WITNESS].map((side) => witnessed.get(`${side} ${nameOf(each)}`));
      const largest = ['losses', 'gradientNorms'].map((key) =>
        difference(got?.[key], expected?.[key]).toExponential(1),
      );
      return `${column} ${largest.join(', ')}`;
    });
    console.log(`${each.length} tokens: ${differences.join('; ')}`);
  }

  console.log('\nFastest large product, GFLOP/s; error relative to float64');
  for (const [column, { gflops, product, error }] of rates) {
    console.log(`${column}: ${gflops.toFixed(0)} (${product}), ${error.toExponential(1)}`);
  }
  const isFloat32 = (column: string) => (rates.get(column)?.error ?? 0) < FLOAT32_ERROR;
  const fastest = (column: string) => {
    const alike = [...rates].filter(([other]) => isFloat32(other) === isFloat32(column));
    return Math.max(...alike.map(([, { gflops }]) => gflops));
  };
  console.log('\nTime of the products of a step alone, at the rate of the fastest large product of the same precision');
  for (const each of cases) {
    const parts = columns.map((column) => {
      const isLastWhole = column !== RETORT;
      const limit = stepOperations(SIZES, { rows: ROWS, length: each.length, isLastWhole }) / fastest(column) / 1e6;
      return `${column} ${limit.toFixed(0)} ms, ${((100 * limit) / times.median(column, nameOf(each))).toFixed(0)} % of the step`;
    });
    console.log(`${each.length} tokens, dropout ${each.dropout}: ${parts.join('; ')}`);
  }
}

function configOf({ layers, hidden, intermediate }: typeof SIZES): Record<string, number> {
  return { hidden_size: hidden, num_hidden_layers: layers, intermediate_size: intermediate };
}

/** The largest of two lists of numbers, relative to the second. */
function difference(got: unknown, expected: unknown): number {
  const [ours, theirs] = [got, expected] as (readonly number[] | undefined)[];
  if (ours === undefined || theirs === undefined) return Number.NaN;
  return Math.max(...ours.slice(0, theirs.length).map((value, i) => Math.abs(value / (theirs[i] as number) - 1)));
}
