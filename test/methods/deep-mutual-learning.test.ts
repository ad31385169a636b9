/** @file Deep mutual learning: its terms by the golden vector, and peers in whole runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { add } from '../../src/autograd/ops/elementwise.js';
import { input, type Value } from '../../src/autograd/value.js';
import type { Dataset } from '../../src/data/dataset.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { deepMutualLearning } from '../../src/methods/deep-mutual-learning.js';
import type { LossInputs, Method } from '../../src/methods/method.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { mlp } from '../../src/models/mlp.js';
import type { Model } from '../../src/models/model.js';
import { loadModel } from '../../src/models/saved-model.js';
import { staticModel } from '../../src/models/static-model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { sgd } from '../../src/optim/sgd.js';
import { readSafetensors } from '../../src/tensor/safetensors-file.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { runTraining } from '../../src/training/run/run.js';
import type { RunOptions } from '../../src/training/run/run-options.js';
import { parameterReads } from '../../src/training/step/host-step.js';
import { modelInTraining } from '../../src/training/step/method-parameters.js';
import { words, wordTable } from '../data/words.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';
import { blobs, CLASSES, PIXELS } from '../training/blobs.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-peers-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const logitsOf = (rows: number, classes: number, count: number): LossInputs => ({
  student: { logits: input('z', 'float32', [rows, classes]) },
  teacher: { logits: input('unused', 'float32', [rows, classes]) },
  labels: input('y', 'int64', [rows]),
  scores: input('r', 'float32', [rows]),
  scalars: {},
  context: evaluationContext(inputParameters([])),
  views: {},
  peers: Array.from({ length: count }, (_, i) => ({ logits: input(`z${i + 2}`, 'float32', [rows, classes]) })),
});

describe('deep-mutual-learning', () => {
  test('is cross-entropy and the divergence from the other, which is a constant', async () => {
    type Case = {
      readonly inputs: Readonly<Record<'student_logits' | 'peer_logits' | 'labels', Nested>>;
      readonly expected: { readonly loss: number; readonly grad: { readonly student_logits: Nested } };
    };
    const { inputs, expected } = readGolden<Record<string, Case>>('golden.json')['dml/two_peers_loss1'] as Case;
    const traced = logitsOf(3, 3, 1);
    const method = deepMutualLearning();
    const { hard, mutual, ...others } = method.losses(traced, method.options);
    const loss = add(meanOf(hard as NonNullable<typeof hard>), meanOf(mutual as NonNullable<typeof mutual>));
    const all = Object.values(others).reduce((total, term) => add(total, meanOf(term)), loss);
    // Of the whole sum: what the peer is taught by the student adds nothing to the student's own gradient.
    const [g] = gradients(all, [traced.student.logits]) as [Value];
    const results = await evaluate(
      { loss, g },
      {
        z: nestedTensor('float32', inputs.student_logits),
        z2: nestedTensor('float32', inputs.peer_logits),
        y: nestedTensor('int64', inputs.labels),
      },
    );
    expectGolden(results.loss, expected.loss, 2e-5, 'loss');
    expectGolden(results.g, expected.grad.student_logits, 2e-5, 'gradient');
  });

  test('of one score: squared errors, the others’ mean', async () => {
    const method = deepMutualLearning({ peers: 3 });
    const terms = method.losses(logitsOf(1, 1, 2), method.options);
    const one = (value: number) => fromNumbers('float32', [1, 1], [value]);
    const results = await evaluate(
      Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, meanOf(term)])),
      { z: one(1), z2: one(2), z3: one(4), r: fromNumbers('float32', [1], [0]) },
    );
    // By hand, of scores 1, 2, 4 and truth 0: 1; (1 + 9) / 2; 4 + 16; (1 + 4) / 2 + (9 + 4) / 2.
    const means = Object.fromEntries(Object.entries(results).map(([name, mean]) => [name, toNumbers(mean)[0]]));
    expect(means).toEqual({ hard: 1, mutual: 5, peerHard: 20, peerMutual: 9 });
  });

  test.each([1, 2.5])('refuses %d peers', (peers) => {
    expect(() => deepMutualLearning({ peers })).toThrow("peers of method 'deep-mutual-learning': wanted a");
  });
});

const sizes = { vocab_size: words.vocabularySize, hidden_size: 8, num_attention_heads: 2, intermediate_size: 8 };
const MODELS: Readonly<Record<string, Model>> = {
  mlp: mlp({ inputs: PIXELS, hidden: [6], classes: CLASSES, mean: 0.5, std: 0.25 }),
  bert: bert({ ...sizes, num_hidden_layers: 1, max_position_embeddings: 16 }),
  bilstm: bilstm({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_size: 4, dense_size: 5 }),
  static: staticModel({ vocab_size: words.vocabularySize, embedding_size: 6, hidden_sizes: [5] }),
};
const dataFor = (model: Model, split: string, size: number): Dataset =>
  model.kind === 'mlp' ? blobs(split, size) : textDataset(wordTable(split, size), words, { model });
const options = (name: string, folder: string, more: Partial<RunOptions> = {}): RunOptions => {
  const model = MODELS[name] as Model;
  return {
    model,
    method: deepMutualLearning(),
    data: { train: dataFor(model, 'train', 40), evaluation: dataFor(model, 'dev', 8) },
    optimizer: adamw({ learningRate: 0.02 }),
    epochs: 3,
    batchSize: 8,
    seed: 5,
    threads: 1,
    outputDir: join(scratch, `${name}-${folder}`),
    ...more,
  };
};

describe('peers', () => {
  test.each(Object.keys(MODELS))(
    '%s: are checkpointed and trained, are not kept, and resumed end in the same bytes',
    async (name) => {
      const whole = await runTraining(options(name, 'whole'));
      const stop = new AbortController();
      const parted = options(name, 'parted');
      const stopped = runTraining({
        ...parted,
        stateSeconds: 0,
        signal: stop.signal,
        onEvent: ({ type }) => type === 'checkpoint' && stop.abort(),
      });
      await expect(stopped).rejects.toThrow('interruption');
      const { model } = parted;
      const own = model.parameters.map((spec) => spec.name).sort();
      const { tensors } = await readSafetensors(join(parted.outputDir, 'resume', 'method.safetensors'));
      expect([...tensors.keys()].sort()).toEqual(own.map((parameter) => `method.peer.2.${parameter}`));
      const resumed = await runTraining({ ...parted, resume: true });
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.record.epochs.map(({ losses }) => losses)).toEqual(
        whole.record.epochs.map(({ losses }) => losses),
      );
      expect(Object.keys((await loadModel(whole.lastPath as string)).weights).sort()).toEqual(own);
      const [first, , last] = whole.record.epochs;
      expect(Object.keys(last?.losses ?? {})).toEqual(['hard', 'mutual', 'peerHard', 'peerMutual']);
      expect(last?.losses.peerHard as number).toBeLessThan(first?.losses.peerHard as number);
    },
    60_000,
  );

  test('start from other random values and drop other units: not one bit is the student’s', async () => {
    const { record } = await runTraining(options('mlp', 'other', { maxSteps: 1 }));
    expect(record.epochs[0]?.losses.mutual).toBeGreaterThan(1e-4);
    // From one start the dropout alone tells them apart.
    const model = MODELS.bert as Model;
    const weights = initialiseParameters(model.parameters, 1);
    const same = await runTraining(options('bert', 'same', { weights, peerWeights: [weights], maxSteps: 1 }));
    expect(same.record.epochs[0]?.losses.mutual).toBeGreaterThan(0);
  });

  test('word tables of peers are read and updated by row', () => {
    for (const [name, tables] of [
      ['bert', ['embeddings.word_embeddings.weight']],
      ['bilstm', ['embed.weight']],
      ['static', ['embed.weight', 'token_weight.weight']],
    ] as const) {
      const method: Method = deepMutualLearning({ peers: 3 });
      const model = modelInTraining(MODELS[name] as Model, method, undefined);
      const reads = parameterReads({
        model,
        method,
        dims: { B: 2, S: 4 },
        optimizer: sgd({ learningRate: 0 }),
        seed: 1,
        parameters: initialiseParameters(model.parameters, 1),
      });
      const prefixes = ['', 'method.peer.2.', 'method.peer.3.'];
      expect([...reads.tables.keys()]).toEqual(prefixes.flatMap((peer) => tables.map((table) => `${peer}${table}`)));
    }
  });

  test('a student with a start and peers without one are refused, as are starts of peers that are not there', async () => {
    const weights = initialiseParameters((MODELS.mlp as Model).parameters, 1);
    await expect(runTraining(options('mlp', 'no', { weights }))).rejects.toThrow(
      "peerWeights for method 'deep-mutual-learning': wanted weights for 1 peers, as the student has, got 0; initialise each like the",
    );
    const none = deepMutualLearning.fromRecord({});
    const plain: Method = { ...none, name: 'plain', peers: 0 };
    await expect(runTraining(options('mlp', 'no', { method: plain, peerWeights: [weights] }))).rejects.toThrow(
      "peerWeights for method 'plain': wanted none: it has no peers, got 1",
    );
  });
});
