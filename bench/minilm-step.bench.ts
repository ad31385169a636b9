/**
 * @file A whole training step of a MiniLM-shaped BERT (6 layers, hidden 384, 12 heads, FF 1,536, vocabulary 30,522; 22.7 M
 * parameters, random weights), batch 32, float32: forward, loss, backward, clipping, AdamW, catch-up of word rows, with
 * fresh ids each step. Rounds alternate with PyTorch's step; each prints its ratio.
 *
 *   npm run bench -- minilm-step [--lengths 16,32,64,128] [--dropout 0,0.1] [--rounds 7] [--alone] [--plain-malloc]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Batch } from '../src/data/dataset.js';
import { supervised } from '../src/methods/supervised.js';
import { bert } from '../src/models/bert.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { adamw } from '../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../src/optim/groups.js';
import { RandomStream } from '../src/tensor/random.js';
import { fromNumbers } from '../src/tensor/tensor.js';
import { openHostStep } from '../src/training/step/host-step.js';
import type { TrainingStep } from '../src/training/step/step.js';
import { median, spread } from './figures.js';
import { hasPyTorch, startPeer } from './peers/peer.js';
import { rowSource } from './token-ids.js';

const ROWS = 32;
/** Beyond about so many tokens a run's tensors leave the cache: larger batches run as micro-batches. */
const TOKENS_PER_RUN = 2048;
const STEPS_PER_ROUND = 3;
const WARM_STEPS = 2;

function batchesOf(rows: readonly (readonly number[])[], labels: readonly number[], perRun: number): Batch[] {
  const length = rows[0]?.length ?? 0;
  return Array.from({ length: rows.length / perRun }, (_, i): Batch => {
    const part = rows.slice(i * perRun, (i + 1) * perRun);
    const shape = [perRun, length];
    const filled = (value: number) => fromNumbers('int64', shape, new Float64Array(perRun * length).fill(value));
    return {
      inputs: {
        input_ids: fromNumbers('int64', shape, part.flat()),
        attention_mask: filled(1),
        token_type_ids: filled(0),
      },
      ids: part.map((_, row) => row),
      weights: new Float32Array(perRun).fill(1),
      labels: fromNumbers('int64', [perRun], labels.slice(i * perRun, (i + 1) * perRun)),
    };
  });
}

async function openStep(length: number, dropout: number, perRun: number): Promise<TrainingStep> {
  const model = bert({
    hidden_size: 384,
    num_hidden_layers: 6,
    num_attention_heads: 12,
    intermediate_size: 1536,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  });
  return openHostStep({
    model,
    method: supervised({}),
    dims: { B: perRun, S: length },
    optimizer: adamw({ learningRate: 5e-5, weightDecay: 0.01 }),
    groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
    maxNorm: 1,
    seed: 1,
    parameters: initialiseParameters(model.parameters, 1),
    threads: 2,
    hasMicroBatches: perRun < ROWS,
  });
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lengths: { type: 'string', default: '16,32,64,128' },
      dropout: { type: 'string', default: '0,0.1' },
      rounds: { type: 'string', default: '7' },
      alone: { type: 'boolean', default: false },
      /** PyTorch as it is installed, without the allocator settings that make it faster. */
      'plain-malloc': { type: 'boolean', default: false },
    },
  });
  const lengths = values.lengths.split(',').map(Number);
  const rounds = Number(values.rounds);
  const nextRow = rowSource();
  const random = new RandomStream(1, 'bench/labels');
  const idsOf = (length: number) => Array.from({ length: ROWS }, () => nextRow(length));

  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const idsFile = join(folder, 'ids.json');
  writeFileSync(
    idsFile,
    JSON.stringify(
      Object.fromEntries(lengths.map((length) => [length, Array.from({ length: 64 }, () => idsOf(length))])),
    ),
  );
  const script = join(process.cwd(), 'bench', 'peers', 'minilm_step.py');
  const peer =
    values.alone || !hasPyTorch()
      ? undefined
      : await startPeer(script, [
          '--ids',
          idsFile,
          '--threads',
          '2',
          ...(values['plain-malloc'] ? ['--plain-malloc'] : []),
        ]);
  if (peer) console.log(`PyTorch: ${JSON.stringify(peer.greeting.environment)}`);
  try {
    for (const dropout of values.dropout.split(',').map(Number)) {
      for (const length of lengths) {
        const perRun = Math.min(ROWS, TOKENS_PER_RUN / length);
        const step = await openStep(length, dropout, perRun);
        let count = 0;
        const oneStep = async (): Promise<number> => {
          const labels = Array.from({ length: ROWS }, () => random.below(2));
          const batches = batchesOf(idsOf(length), labels, perRun);
          const start = performance.now();
          const [result] = await step.run([{ step: ++count, learningRate: 5e-5, batches, scalars: {} }]);
          if (result?.isApplied !== true) throw new Error(`step ${count} diverged`);
          return performance.now() - start;
        };
        for (let i = 0; i < WARM_STEPS; i++) await oneStep();
        const ours: number[] = [];
        const theirs: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const mine: number[] = [];
          for (let i = 0; i < STEPS_PER_ROUND; i++) mine.push(await oneStep());
          ours.push(median(mine));
          if (!peer) continue;
          const answer = await peer.ask({ length, batch: ROWS, steps: STEPS_PER_ROUND, dropout });
          if (!Array.isArray(answer.msPerStep)) throw new Error(`peer: ${JSON.stringify(answer)}`);
          theirs.push(median(answer.msPerStep as number[]));
        }
        await step.release();
        const ratios = theirs.map((value, i) => value / (ours[i] as number));
        const peerText = peer ? `  PyTorch ${spread(theirs)}  ratio ${spread(ratios, 2)}` : '';
        console.log(`${length} tokens, dropout ${dropout}: retort ${spread(ours)} ms${peerText}`);
      }
    }
  } finally {
    peer?.stop();
    rmSync(folder, { recursive: true });
  }
  console.log(`peak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}
