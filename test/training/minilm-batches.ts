/** @file The real MiniLM with a head of two classes, and batches of sentences, as `test/python/make_minilm.py` wrote them. */
import { readFileSync } from 'node:fs';
import type { Batch } from '../../src/data/dataset.js';
import { supervised } from '../../src/methods/supervised.js';
import { bert } from '../../src/models/bert.js';
import { loadHuggingFace } from '../../src/models/hugging-face.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { type HostStepOptions, openHostStep } from '../../src/training/step/host-step.js';
import type { TrainingStep } from '../../src/training/step/step.js';

type BatchRows = {
  readonly lengths: readonly number[];
  readonly labels: readonly number[];
  /** All rows behind each other. */
  readonly ids: readonly number[];
};

export type MinilmFixture = {
  readonly head: { readonly weight: readonly number[]; readonly bias: readonly number[] };
  readonly batches: readonly BatchRows[];
  /** Base64 of a float32 count sketch. */
  readonly gradients: Readonly<Record<string, { readonly norm: number; readonly sketch: string }>>;
  readonly steps: {
    readonly learningRate: number;
    readonly warmupSteps: number;
    readonly losses: readonly number[];
  };
};

export function readMinilmFixture(): MinilmFixture {
  const path = new URL('../golden/minilm.torch-2.13.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as MinilmFixture;
}

/** Rows `from` to `to` of a batch, padded to the longest row of the whole batch. */
export function batchOf({ lengths, labels, ids }: BatchRows, from = 0, to = lengths.length): Batch {
  const S = Math.max(...lengths);
  const starts = lengths.map((_, row) => lengths.slice(0, row).reduce((sum, length) => sum + length, 0));
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  const cells = (value: (row: number, at: number) => number) =>
    fromNumbers(
      'int64',
      [rows.length, S],
      rows.flatMap((row) => Array.from({ length: S }, (_, at) => (at < (lengths[row] as number) ? value(row, at) : 0))),
    );
  return {
    inputs: {
      input_ids: cells((row, at) => ids[(starts[row] as number) + at] as number),
      attention_mask: cells(() => 1),
      token_type_ids: cells(() => 0),
    },
    ids: rows,
    weights: new Float32Array(rows.length).fill(1),
    labels: fromNumbers('int64', [rows.length], labels.slice(from, to)),
  };
}

/** MiniLM's weights with the fixture's head, and a step on them without dropout. */
export async function openMinilmStep(
  folder: string,
  { head, batches: [first] }: MinilmFixture,
  options: Pick<HostStepOptions, 'optimizer' | 'groups' | 'maxNorm' | 'hasMicroBatches'>,
): Promise<{ readonly step: TrainingStep; readonly start: Readonly<Record<string, Tensor<'float32'>>> }> {
  const loaded = await loadHuggingFace(folder);
  const model = bert({ ...loaded.model.config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
  const start = {
    ...loaded.weights,
    'classifier.weight': fromNumbers('float32', [2, head.weight.length / 2], head.weight),
    'classifier.bias': fromNumbers('float32', [2], head.bias),
  };
  const { lengths = [] } = first ?? {};
  const step = await openHostStep({
    model,
    method: supervised({}),
    dims: { B: lengths.length, S: Math.max(...lengths) },
    seed: 1,
    parameters: start,
    ...options,
  });
  return { step, start };
}
