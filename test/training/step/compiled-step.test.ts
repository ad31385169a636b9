import { describe, expect, test } from 'vitest';
import { neg } from '../../../src/autograd/ops/elementwise.js';
import { pick } from '../../../src/autograd/ops/indexing.js';
import { logSoftmax } from '../../../src/autograd/ops/normalise.js';
import { expandLike } from '../../../src/autograd/ops/shaping.js';
import { scalar } from '../../../src/autograd/value.js';
import type { Batch } from '../../../src/data/dataset.js';
import type { Method } from '../../../src/methods/method.js';
import { mlp } from '../../../src/models/mlp.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adamw } from '../../../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../../../src/optim/groups.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { fromNumbers, tensor } from '../../../src/tensor/tensor.js';
import { openHostStep } from '../../../src/training/step/host-step.js';
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
