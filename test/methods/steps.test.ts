/**
 * @file One whole training step of each method on small BERTs, the teacher traced: every term and every gradient. Witness:
 * PyTorch and transformers in float64 (`test/python/make_methods.py`).
 */
import { describe, expect, test } from 'vitest';
import { log } from '../../src/autograd/ops/elementwise.js';
import { averagedProbs } from '../../src/losses/targets.js';
import { bam } from '../../src/methods/bam.js';
import { decoupled } from '../../src/methods/decoupled.js';
import { deepMutualLearning } from '../../src/methods/deep-mutual-learning.js';
import { distilBert } from '../../src/methods/distilbert.js';
import type { Method } from '../../src/methods/method.js';
import { miniLm } from '../../src/methods/minilm.js';
import { mixKd } from '../../src/methods/mixkd.js';
import { mtDnn } from '../../src/methods/mt-dnn.js';
import { patientKd } from '../../src/methods/pkd.js';
import { selfKd } from '../../src/methods/self-kd.js';
import { tinyBert } from '../../src/methods/tinybert.js';
import { mixup } from '../../src/methods/views.js';
import { bert } from '../../src/models/bert.js';
import type { Model, Weights } from '../../src/models/model.js';
import { constantParameters } from '../../src/nn/parameters.js';
import { sgd } from '../../src/optim/sgd.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { type StaticShape, sizeOf } from '../../src/tensor/shape.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { openHostStep } from '../../src/training/step/host-step.js';
import { openInGraphStep } from '../../src/training/step/in-graph-step.js';
import { modelInTraining } from '../../src/training/step/method-parameters.js';
import type { StepTeacher } from '../../src/training/step/trace-step.js';
import { viewInput } from '../../src/training/step/views.js';
import { readGolden } from '../losses/golden-cases.js';

type Witness = {
  readonly inputs: {
    readonly ids: number[][];
    readonly mask: number[][];
    readonly labels: number[];
    readonly partners: number[];
    readonly lambda: number;
  };
  readonly cases: Readonly<
    Record<string, { readonly terms: Record<string, number>; readonly gradients: Record<string, number[]> }>
  >;
};
const golden = readGolden<Witness>('methods.torch-2.13.json');

function smallBert(layers: number, width: number): Model {
  return bert({
    vocab_size: 12,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    intermediate_size: 8,
    max_position_embeddings: 6,
    num_labels: 3,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
  });
}

/** The witness's rule for a tensor's values, from its name. */
function filled(name: string, shape: StaticShape) {
  const code = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const offset = name.endsWith('LayerNorm.weight') ? 1 : 0;
  const values = Array.from(
    { length: sizeOf(shape) },
    (_, i) => offset + (((i * i * 7 + i * 37 + code * 101) % 1009) / 1009 - 0.5) * 0.8,
  );
  return fromNumbers('float32', shape, values);
}

const filledWeights = (model: Model, suffix: string): Weights =>
  Object.fromEntries(model.parameters.map(({ name, shape }) => [name, filled(`${name}${suffix}`, shape)]));

const teacherModel = smallBert(4, 6);
const traced = { model: teacherModel, weights: filledWeights(teacherModel, 'teacher') };
const oneTeacher: StepTeacher = {
  kind: 'traced',
  model: teacherModel,
  parameters: constantParameters(traced.weights),
};
/** Two teachers in one graph, whose logits are the logarithms of their mean probabilities. */
const twoTeachers: StepTeacher = {
  ...oneTeacher,
  model: {
    ...teacherModel,
    forward: (context, inputs) => {
      const second = constantParameters(filledWeights(teacherModel, 'teacher2'));
      const both = [context, { ...context, parameters: second }].map(
        (each) => teacherModel.forward(each, inputs).logits,
      );
      return { logits: log(averagedProbs(both)) };
    },
  },
};

const CASES: Readonly<Record<string, { readonly method: Method; readonly teacher?: StepTeacher }>> = {
  pkd: { method: patientKd({ alpha: 0.75, beta: 20 }) },
  'pkd/pairs, sum, not normalised, primer': {
    method: patientKd({
      layerMap: '1:1,2:3',
      temperature: 5,
      beta: 0.25,
      normalised: 'no',
      scale: 'sum',
      preset: 'primer',
    }),
  },
  tinybert: { method: tinyBert({ stage: 'intermediate' }) },
  'tinybert/released, shared': {
    method: tinyBert({ stage: 'intermediate', compat: 'released', projection: 'shared' }),
  },
  'tinybert/prediction': { method: tinyBert({ stage: 'prediction' }) },
  'minilm/v1': { method: miniLm({ version: 'v1', stage: 'distillation' }) },
  'minilm/v2': { method: miniLm({ relationHeads: 1, teacherLayer: 3, stage: 'distillation' }) },
  bam: { method: bam() },
  'mt-dnn': { method: mtDnn(), teacher: twoTeachers },
  distilbert: { method: distilBert() },
  decoupled: { method: decoupled({ nonTargetWeight: 4 }) },
  mixkd: { method: mixKd() },
  'mixkd/kl': { method: mixKd({ alphaSm: 0.5, alphaTmkd: 2, divergence: 'kl', temperature: 2 }) },
  'deep-mutual-learning': { method: deepMutualLearning() },
  'deep-mutual-learning/three': { method: deepMutualLearning({ peers: 3 }) },
  'self-kd/embedding': { method: selfKd({ mode: 'embedding', warmupEpochs: 0 }) },
  'self-kd/top1': {
    method: selfKd({ mode: 'embedding', warmupEpochs: 0, approximation: 'top1', distanceScale: 0.5 }),
  },
};

const { ids, mask, labels, partners, lambda } = golden.inputs;
/** From which the witness's mixture is drawn. */
const SEED = 12;
const cells = (rows: number[][]) => fromNumbers('int64', [rows.length, rows[0]?.length ?? 0], rows.flat());
const batch = {
  inputs: {
    input_ids: cells(ids),
    attention_mask: cells(mask),
    token_type_ids: cells(ids.map((row) => row.map(() => 0))),
  },
  ids: labels.map((_, row) => row),
  weights: new Float32Array(labels.length).fill(1),
  labels: fromNumbers('int64', [labels.length], labels),
};
const norm = (numbers: readonly number[]) => Math.hypot(...numbers);

describe('a training step', () => {
  test('is checked for each case of the witness', () => {
    expect(Object.keys(CASES)).toEqual(Object.keys(golden.cases));
  });

  test('mixes the rows that the witness mixes', () => {
    const views = { mixed: mixup({ a: 0.4 }) };
    const draw = { seed: SEED, step: 1, at: 0, weights: batch.weights };
    const offsets = viewInput('view.mixed.partner', views, draw)?.data as BigInt64Array;
    expect(Array.from(offsets, (offset, row) => row + Number(offset))).toEqual(partners);
    expect(viewInput('view.mixed.lambda', views, draw)?.data[0]).toBeCloseTo(lambda, 6);
  });

  test.each(Object.entries(CASES))('%s: every term and every gradient is PyTorch’s', async (name, given) => {
    const { method, teacher = oneTeacher } = given;
    const witness = golden.cases[name] as Witness['cases'][string];
    const side: Teacher = {
      name: 'teacher',
      provides: teacherModel.signals,
      classes: 3,
      labelNames: [],
      contentHash: '',
      traced,
      answer: () => Promise.reject(new Error('traced')),
    };
    const model = modelInTraining(smallBert(2, 4), method, side);
    const parameters = Object.fromEntries(
      model.parameters.map((spec) => [spec.name, filled(spec.name.replace(/^method\./, ''), spec.shape)]),
    );
    // The first momentum is the gradient itself.
    const common = {
      model,
      method,
      teacher,
      optimizer: sgd({ learningRate: 0, momentum: 0.5 }),
      seed: SEED,
      parameters,
    };
    const scalars = method.scalars?.(method.options, { step: 3, totalSteps: 8, epoch: 0 }) ?? {};
    const dims = { B: labels.length, S: ids[0]?.length ?? 0 };
    for (const open of [openHostStep, openInGraphStep]) {
      const step = await open({ ...common, dims });
      const [result] = await step.run([{ step: 1, learningRate: 0, batches: [batch], scalars }]);
      const state = step.state();
      await step.release();
      expect(Object.keys(result?.losses ?? {}), 'terms').toEqual(Object.keys(witness.terms));
      for (const [term, wanted] of Object.entries(witness.terms)) {
        // The float32 logarithms under a small divergence round by 1e-7 each, and T² is 100.
        expect(Math.abs((result?.losses[term] as number) - wanted), term).toBeLessThan(2e-5 * wanted + 1e-5);
      }
      expect(Object.keys(parameters).sort()).toEqual(Object.keys(witness.gradients).sort());
      const largest = Math.max(...Object.values(witness.gradients).map(norm));
      for (const [parameter, wanted] of Object.entries(witness.gradients)) {
        const ours = state[`optimizer.${parameter}.momentum_buffer`]?.data as Float32Array;
        const distance = norm(wanted.map((g, i) => g - (ours[i] as number)));
        // A key's bias, among others, has a gradient of 0 but for rounding.
        expect(distance, parameter).toBeLessThan(Math.max(1e-4 * norm(wanted), 1e-6 * largest));
      }
    }
  });
});
