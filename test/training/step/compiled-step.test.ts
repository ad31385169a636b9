import { describe, expect, test } from 'vitest';
import { neg } from '../../../src/autograd/ops/elementwise.js';
import { pick } from '../../../src/autograd/ops/indexing.js';
import { logSoftmax } from '../../../src/autograd/ops/normalise.js';
import { expandLike } from '../../../src/autograd/ops/shaping.js';
import { scalar } from '../../../src/autograd/value.js';
import type { Batch } from '../../../src/data/dataset.js';
import type { Method } from '../../../src/methods/method.js';
import { mlp } from '../../../src/models/mlp.js';
import { staticModel } from '../../../src/models/static-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adamw } from '../../../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../../../src/optim/groups.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, type Tensor, tensor } from '../../../src/tensor/tensor.js';
import { openHostStep, parameterReads } from '../../../src/training/step/host-step.js';
import { openInGraphStep } from '../../../src/training/step/in-graph-step.js';
import type { StepInput, StepResult, TrainingStep } from '../../../src/training/step/step.js';

const ROWS = 6;
const model = mlp({ inputs: 12, hidden: [5], classes: 3 });

/** Cross-entropy, written out. */
const labelsOnly: Method = {
  name: 'labels-only',
  needs: [],
  options: {},
  losses: ({ student, labels }) => {
    const sum = neg(pick(logSoftmax(student.logits, { axis: -1 }), labels));
    return { hard: { sum, count: expandLike(scalar(1), sum) } };
  },
};

function batchOf(random: RandomStream, padding = 0): Batch {
  const labels = fromNumbers(
    'int64',
    [ROWS],
    Float64Array.from({ length: ROWS }, () => random.below(3)),
  );
  return {
    inputs: {
      pixels: tensor(
        'uint8',
        [ROWS, 12],
        Uint8Array.from({ length: ROWS * 12 }, () => random.below(256)),
      ),
    },
    ids: [...Array(ROWS).keys()],
    weights: new Float32Array(ROWS).fill(1, 0, ROWS - padding),
    labels,
  };
}

function stepsOf(count: number, seed = 3): StepInput[] {
  const random = new RandomStream(seed, 'test');
  return Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    learningRate: 0.01 / (i + 1),
    batches: [batchOf(random, i % 3)],
    scalars: {},
  }));
}

const options = {
  model,
  method: labelsOnly,
  dims: { B: ROWS },
  optimizer: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
  maxNorm: 0.5,
  seed: 1,
  parameters: initialiseParameters(model.parameters, 7),
};

async function run(step: TrainingStep, steps: readonly StepInput[], perRun: number) {
  const results: StepResult[] = [];
  for (let i = 0; i < steps.length; i += perRun) results.push(...(await step.run(steps.slice(i, i + perRun))));
  return results;
}

describe('openInGraphStep', () => {
  test('the bytes of the state do not depend on how steps are cut into runs', async () => {
    const steps = stepsOf(20);
    const states: ReturnType<TrainingStep['state']>[] = [];
    for (const perRun of [1, 3, 20]) {
      const step = await openInGraphStep(options);
      await run(step, steps, perRun);
      states.push(step.state());
      await step.release();
    }
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });

  test('a step that is not finite changes nothing, and neither do those after it', async () => {
    const steps = stepsOf(6);
    const bad = steps.with(3, {
      ...(steps[3] as StepInput),
      learningRate: 1,
      batches: [poisoned(steps[3] as StepInput)],
    });
    const step = await openInGraphStep(options);
    const results = await run(step, bad, 6);
    const reference = await openInGraphStep(options);
    await run(reference, steps.slice(0, 3), 3);
    expect(results.map(({ isApplied }) => isApplied)).toEqual([true, true, true, false, false, false]);
    expect(step.state()).toEqual(reference.state());
  });
});

/** A weight of infinity makes the loss NaN. */
function poisoned({ batches: [batch] }: StepInput): Batch {
  return { ...(batch as Batch), weights: new Float32Array(ROWS).fill(Number.POSITIVE_INFINITY) };
}

describe('openHostStep', () => {
  test('equals the step in the graph', async () => {
    const steps = stepsOf(20);
    const inGraph = await openInGraphStep(options);
    const host = await openHostStep(options);
    const a = await run(inGraph, steps, 20);
    const b = await run(host, steps, 1);
    for (const [i, { loss, gradientNorm }] of a.entries()) {
      expect(b[i]?.loss).toBeCloseTo(loss, 5);
      expect(b[i]?.gradientNorm).toBeCloseTo(gradientNorm, 5);
    }
    const state = inGraph.state();
    for (const [name, { data }] of Object.entries(host.state())) {
      for (const [i, value] of data.entries()) expect(value).toBeCloseTo(state[name]?.data[i] as number, 5);
    }
    expect(host.state()).toEqual(state);
  });

  test('hashes n-grams as the graph does, and updates their rows alone', async () => {
    const ngrams = staticModel({
      vocab_size: 20,
      embedding_size: 4,
      hidden_sizes: [3],
      dropout: 0,
      ngram_sizes: [2, 3],
      ngram_buckets: 30,
      num_labels: 3,
    });
    const given = { ...options, model: ngrams, parameters: initialiseParameters(ngrams.parameters, 7) };
    const [S, random] = [5, new RandomStream(3, 'test')];
    const shape = [ROWS, S];
    const steps = stepsOf(20).map((step): StepInput => {
      const ids = Array.from({ length: ROWS * S }, () => 1 + random.below(19));
      const lengths = Array.from({ length: ROWS }, () => random.below(S + 1));
      const mask = ids.map((_, i) => Number(i % S < (lengths[Math.floor(i / S)] as number)));
      const inputs = {
        input_ids: fromNumbers('int64', shape, ids),
        attention_mask: fromNumbers('int64', shape, mask),
      };
      return { ...step, batches: [{ ...(step.batches[0] as Batch), inputs }] };
    });
    const inGraph = await openInGraphStep({ ...given, dims: { B: ROWS, S } });
    const host = await openHostStep({ ...given, dims: { B: ROWS, S } });
    await run(inGraph, steps, 20);
    await run(host, steps, 1);
    const state = inGraph.state();
    for (const [name, { data }] of Object.entries(host.state())) {
      for (const [i, value] of data.entries()) expect(value, name).toBeCloseTo(state[name]?.data[i] as number, 5);
    }
    const rows = (host.state()['model.ngrams.weight'] as Tensor).data;
    expect(rows.slice(0, 4)).toEqual(new Float32Array(4));
    expect(rows.some((value) => value !== 0)).toBe(true);
    // By row: its gradients have no place for the whole table.
    expect(parameterReads({ ...given, dims: { B: ROWS, S } }).tables.get('ngrams.weight')).toBe(2);
  });

  test('a step in micro-batches equals the step in one batch', async () => {
    const random = new RandomStream(5, 'test');
    const halves = Array.from({ length: 6 }, (_, i) => [batchOf(random), batchOf(random, i % 4)]);
    const steps = halves.map((batches, i): StepInput => ({ step: i + 1, learningRate: 0.01, batches, scalars: {} }));
    const whole = await openInGraphStep({ ...options, dims: { B: 2 * ROWS } });
    const parts = await openHostStep({ ...options, hasMicroBatches: true });
    await run(whole, steps, 6);
    await run(parts, steps, 1);
    const state = whole.state();
    for (const [name, { data }] of Object.entries(parts.state())) {
      for (const [i, value] of data.entries()) expect(value).toBeCloseTo(state[name]?.data[i] as number, 5);
    }
  });
});
