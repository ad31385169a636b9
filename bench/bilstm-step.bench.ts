/**
 * @file A whole training step of Tang et al.'s BiLSTM (vocabulary 30,522, vectors of 300, states of 150, a layer of 400; 9.8 M
 * parameters, 9.2 M of them vectors), float32: forward, loss, backward, clipping, Adam, catch-up of word rows. Both sides
 * step through the same batches of SST-2's running text: `full` of 30 tokens a row, `mixed` of 5 to 30. A column for each mode
 * of PyTorch (peers/modes.py), each a process; rounds alternate. Where all rows are full, PyTorch runs packed and as one padded
 * batch, and the faster counts.
 *
 *   npm run bench -- bilstm-step [--batches 32,64] [--rounds 7] [--steps 10] [--columns retort,float32] [--plain-malloc]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Batch } from '../src/data/dataset.js';
import { supervised } from '../src/methods/supervised.js';
import { bilstm } from '../src/models/bilstm.js';
import { initialiseParameters } from '../src/nn/parameters.js';
import { adam } from '../src/optim/adam.js';
import { RandomStream } from '../src/tensor/random.js';
import { fromNumbers } from '../src/tensor/tensor.js';
import { openHostStep } from '../src/training/step/host-step.js';
import type { TrainingStep } from '../src/training/step/step.js';
import { COMPILED, columnNames, RETORT, Times } from './columns.js';
import { median } from './figures.js';
import { type Peer, peerScript, startPeer } from './peers/peer.js';
import { rowSource } from './token-ids.js';

const TOKENS = 30;
const SHORTEST = 5;
const BATCHES_KEPT = 64;
const WARM_STEPS = 2;
const LEARNING_RATE = 1e-3;

type Rows = readonly (readonly number[])[];

function batchOf(rows: Rows, labels: readonly number[]): Batch {
  const shape = [rows.length, TOKENS];
  const cells = (value: (id: number) => number) =>
    fromNumbers(
      'int64',
      shape,
      rows.flatMap((row) => Array.from({ length: TOKENS }, (_, at) => (row[at] === undefined ? 0 : value(row[at])))),
    );
  return {
    inputs: { input_ids: cells((id) => id), attention_mask: cells(() => 1) },
    ids: rows.map((_, row) => row),
    weights: new Float32Array(rows.length).fill(1),
    labels: fromNumbers('int64', [rows.length], labels),
  };
}

function openStep(rows: number): Promise<TrainingStep> {
  const model = bilstm({ dropout: 0 });
  return openHostStep({
    model,
    method: supervised({}),
    dims: { B: rows, S: TOKENS },
    optimizer: adam({ learningRate: LEARNING_RATE }),
    maxNorm: 1,
    seed: 1,
    parameters: initialiseParameters(model.parameters, 1),
    threads: 2,
  });
}

async function peerTimes(peer: Peer, request: object): Promise<number> {
  const { msPerStep } = await peer.ask(request);
  return median(msPerStep as number[]);
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batches: { type: 'string', default: '32,64' },
      rounds: { type: 'string', default: '7' },
      steps: { type: 'string', default: '10' },
      /** Without torch.compile, which leaves an LSTM as it is. */
      columns: { type: 'string' },
      /** PyTorch as it is installed, without the allocator settings that make it faster. */
      'plain-malloc': { type: 'boolean', default: false },
    },
  });
  const steps = Number(values.steps);
  const nextRow = rowSource();
  const random = new RandomStream(1, 'bench/bilstm');
  const lengths = {
    full: () => TOKENS,
    // One row is full, so that both sides pad to the same length.
    mixed: (row: number) => (row === 0 ? TOKENS : SHORTEST + random.below(TOKENS - SHORTEST + 1)),
  };
  const cases = values.batches.split(',').flatMap((batch) =>
    Object.entries(lengths).map(([kind, lengthOf]) => {
      const rows = Number(batch);
      const made = () => Array.from({ length: rows }, (_, row) => nextRow(lengthOf(row)));
      return { name: `${kind}-${rows}`, kind, rows, batches: Array.from({ length: BATCHES_KEPT }, made) };
    }),
  );
  const folder = mkdtempSync(join(tmpdir(), 'retort-bench-'));
  const idsFile = join(folder, 'ids.json');
  writeFileSync(idsFile, JSON.stringify(Object.fromEntries(cases.map(({ name, batches }) => [name, batches]))));
  const columns = columnNames(values.columns).filter((column) => column !== COMPILED);
  const times = new Times();
  const peers = new Map<string, Peer>();
  const flags = ['--ids', idsFile, ...(values['plain-malloc'] ? ['--plain-malloc'] : [])];
  try {
    for (const column of columns) {
      if (column === RETORT) continue;
      const peer = await startPeer(peerScript('bilstm_step'), [...flags, ...times.flagsOf(column)]);
      peers.set(column, peer);
      console.log(`${column}: ${JSON.stringify(peer.greeting.environment)}`);
    }
    console.log(`| rows and tokens | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}`);
    for (const { name, kind, rows, batches } of cases) {
      const step = await openStep(rows);
      let count = 0;
      const oneStep = async (): Promise<number> => {
        const labels = Array.from({ length: rows }, () => random.below(2));
        const start = performance.now();
        const batch = batchOf(batches[count % batches.length] ?? [], labels);
        const [result] = await step.run([
          { step: ++count, learningRate: LEARNING_RATE, batches: [batch], scalars: {} },
        ]);
        if (result?.isApplied !== true) throw new Error(`step ${count} diverged`);
        return performance.now() - start;
      };
      for (let i = 0; i < WARM_STEPS; i++) await oneStep();
      const title = `${rows} rows of ${kind === 'full' ? '' : `${SHORTEST} to `}${TOKENS} tokens`;
      for (let round = 0; round < Number(values.rounds); round++) {
        const mine: number[] = [];
        for (let i = 0; i < steps; i++) mine.push(await oneStep());
        times.add(RETORT, title, median(mine));
        for (const [column, peer] of peers) {
          const forms = kind === 'full' ? [true, false] : [true];
          const theirs: number[] = [];
          for (const packed of forms) theirs.push(await peerTimes(peer, { name, batch: rows, steps, packed }));
          times.add(column, title, Math.min(...theirs));
        }
      }
      await step.release();
      console.log(times.row(title, columns, 1));
    }
  } finally {
    for (const peer of peers.values()) await peer.stop();
    rmSync(folder, { recursive: true });
  }
  console.log(`peak memory of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}
