import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/data/dataset.js';
import { textDataset } from '../../../src/data/text-dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { hinton } from '../../../src/methods/hinton.js';
import { supervised } from '../../../src/methods/supervised.js';
import { bert } from '../../../src/models/bert.js';
import { mlp } from '../../../src/models/mlp.js';
import { constantParameters, initialiseParameters } from '../../../src/nn/parameters.js';
import { sgd } from '../../../src/optim/sgd.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, tensor } from '../../../src/tensor/tensor.js';
import { openTermMeter } from '../../../src/training/checks/term-norms.js';
import { openHostStep } from '../../../src/training/step/host-step.js';
import { words } from '../../data/words.js';

const ROWS = 6;
const INPUTS = 4;
const CLASSES = 3;

const softmax = (logits: readonly number[]): number[] => {
  const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
  return logits.map((z) => Math.exp(z) / total);
};

/** ‖mean over rows of d ⊗ (x, 1)‖: the gradient of softmax regression, from that by its logits [B, C]. */
function regressionNorm(byLogits: readonly (readonly number[])[], x: readonly (readonly number[])[], rows: number) {
  let square = 0;
  for (let c = 0; c < CLASSES; c++) {
    for (let i = 0; i <= INPUTS; i++) {
      const sum = byLogits.reduce((total, d, row) => total + (d[c] ?? 0) * (x[row]?.[i] ?? 1), 0);
      square += (sum / rows) ** 2;
    }
  }
  return Math.sqrt(square);
}

describe('openTermMeter', () => {
  const random = new RandomStream(5, 'term norms');
  const pixels = Uint8Array.from({ length: ROWS * INPUTS }, () => random.below(256));
  const labels = [0, 2, 1, -100, 2, 0];
  const teacherLogits = Array.from({ length: ROWS * CLASSES }, () => 2 * random.normal());
  const model = mlp({ inputs: INPUTS, hidden: [], classes: CLASSES, mean: 0, std: 1 });
  const weights = initialiseParameters(model.parameters, 1);
  const state = Object.fromEntries(Object.entries(weights).map(([name, value]) => [`model.${name}`, value]));
  const batch = (rowLabels: readonly number[]): Batch => ({
    inputs: { pixels: tensor('uint8', [ROWS, INPUTS], pixels) },
    ids: rowLabels.map((_, row) => row),
    weights: new Float32Array(ROWS).fill(1),
    labels: fromNumbers('int64', [ROWS], rowLabels),
  });
  const teacher = { kind: 'fed', signals: { logits: { dtype: 'float32', shape: [CLASSES] } } } as const;
  const step = (rowLabels: readonly number[], scalars: Readonly<Record<string, number>>) => ({
    step: 1,
    learningRate: 0.1,
    batches: [batch(rowLabels)],
    teacher: [{ logits: fromNumbers('float32', [ROWS, CLASSES], teacherLogits) }],
    scalars,
  });
  const [alpha, temperature] = [0.4, 3];
  const method = hinton({ alpha, temperature });
  const scalars = method.scalars?.(method.options, { step: 1, totalSteps: 1, epoch: 0 }) ?? {};

  test('gives the norms of both sides: those of softmax regression, whose gradients are known', async () => {
    const meter = await openTermMeter({ model, method, teacher, dims: { B: 'B' }, seed: 1, threads: 1 });
    const norms = await meter?.measure(state, step(labels, scalars));
    await meter?.release();
    const x = Array.from({ length: ROWS }, (_, row) =>
      Array.from({ length: INPUTS }, (_, i) => (pixels[row * INPUTS + i] ?? 0) / 255),
    );
    const weight = Array.from(weights['fc1.weight']?.data ?? []);
    const bias = Array.from(weights['fc1.bias']?.data ?? []);
    const student = x.map((row) =>
      bias.map((b, c) => row.reduce((sum, value, i) => sum + value * (weight[c * INPUTS + i] ?? 0), b)),
    );
    const taught = x.map((_, row) => teacherLogits.slice(row * CLASSES, (row + 1) * CLASSES));
    const softened = (z: readonly number[]) => softmax(z.map((one) => one / temperature));
    // witness: ∂L/∂z = α T (p_s − p_t) over all rows, (1 − α) (p_s − onehot) over the five that have a label
    const soft = student.map((z, row) => {
      const target = softened(taught[row] ?? []);
      return softened(z).map((p, c) => alpha * temperature * (p - (target[c] ?? 0)));
    });
    const hard = student.map((z, row) =>
      softmax(z).map((p, c) => (labels[row] === -100 ? 0 : (1 - alpha) * (p - (c === labels[row] ? 1 : 0)))),
    );
    // float32 in the graph
    expect(norms?.distillation).toBeCloseTo(regressionNorm(soft, x, ROWS), 6);
    expect(norms?.labels).toBeCloseTo(regressionNorm(hard, x, ROWS - 1), 6);
  });

  test('says nothing of a batch without labels', async () => {
    const meter = await openTermMeter({ model, method, teacher, dims: { B: 'B' }, seed: 1, threads: 1 });
    const none = new Array<number>(ROWS).fill(-100);
    expect(await meter?.measure(state, step(none, scalars))).toBeUndefined();
    await meter?.release();
  });

  test('is not opened for one side alone, nor for an alpha that asks for one', async () => {
    const common = { model, dims: { B: 'B' }, seed: 1, threads: 1 } as const;
    expect(await openTermMeter({ ...common, method: supervised() })).toBeUndefined();
    for (const extreme of [1, 0.995, 0.005]) {
      const asked = hinton({ alpha: extreme, temperature });
      expect(await openTermMeter({ ...common, method: asked, teacher }), `alpha ${extreme}`).toBeUndefined();
    }
  });

  test('of texts: word vectors count by word, dropout is that of the step, a teacher may be part of it', async () => {
    const sizes = {
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 16,
      initializer_range: 0.5,
    };
    const reader = bert({ vocab_size: words.vocabularySize, ...sizes });
    const table = textTable('train', {
      texts: ['good good film', 'bad film the end', 'a very very bad plot', 'good'],
      labels: [1, 0, 0, 1],
      labelNames: ['negative', 'positive'],
    });
    const data = textDataset(table, words, { model: reader });
    const [own, frozen] = [initialiseParameters(reader.parameters, 2), initialiseParameters(reader.parameters, 3)];
    const input = { step: 7, learningRate: 0.1, batches: [data.batch([0, 1, 2, 3])], scalars };
    const common = {
      model: reader,
      teacher: { kind: 'traced', model: reader, parameters: constantParameters(frozen) },
      seed: 4,
      threads: 1,
    } as const;
    const meter = await openTermMeter({ ...common, method, dims: { B: 'B', S: 'S' }, teacherWeights: frozen });
    const held = Object.fromEntries(Object.entries(own).map(([name, value]) => [`model.${name}`, value]));
    const norms = await meter?.measure(held, input);
    await meter?.release();
    // witness: the gradient norm that a step of each term alone reports, which PyTorch's steps hold to (methods/steps.test)
    for (const [alone, norm, share] of [
      [hinton({ alpha: 1, temperature }), norms?.distillation, alpha],
      [supervised(), norms?.labels, 1 - alpha],
    ] as const) {
      const host = await openHostStep({
        ...common,
        method: alone,
        dims: { B: 4, S: 5 },
        optimizer: sgd({ learningRate: 0.1 }),
        parameters: own,
      });
      const own1 = alone.scalars?.(alone.options, { step: 7, totalSteps: 9, epoch: 0 }) ?? {};
      const [result] = await host.run([{ ...input, scalars: own1 }]);
      await host.release();
      expect((norm ?? 0) / share / (result?.gradientNorm ?? 0)).toBeCloseTo(1, 5);
    }
  });
});
