/** @file A training step of the real MiniLM against PyTorch's: gradients by tensor, and ten steps of AdamW. */
import { describe, expect } from 'vitest';
import { adamw } from '../../src/optim/adamw.js';
import { isUsuallyUndecayed } from '../../src/optim/groups.js';
import { scheduleFor } from '../../src/optim/schedules.js';
import { sgd } from '../../src/optim/sgd.js';
import { lowbias32, streamKey } from '../../src/tensor/random.js';
import { minilmTest } from '../tokenizers/minilm-test.js';
import { batchOf, openMinilmStep, readMinilmFixture } from './minilm-batches.js';

const BUCKETS = 128;

/**
 * A count sketch: each number is added, with a random sign, to one of 128. It is linear and keeps norms, to some 6 %:
 * so the norm of a difference is known from the two sketches.
 */
function sketchOf(name: string, values: Float32Array): Float64Array {
  const key = streamKey(1, name);
  const sketch = new Float64Array(BUCKETS);
  for (const [i, value] of values.entries()) {
    if (value === 0) continue;
    const bits = lowbias32(i ^ key);
    const bucket = bits >>> 25;
    sketch[bucket] = (sketch[bucket] as number) + ((bits & 1) === 0 ? value : -value);
  }
  return sketch;
}

function norm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

function decoded(base64: string): Float32Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

// Witness of all numbers: PyTorch and transformers, see test/python/make_minilm.py. check_minilm.py compares every number of
// the gradients; this test needs no Python.
describe('openHostStep on all-MiniLM-L6-v2', () => {
  minilmTest(
    'each gradient is within 1e-4 of its norm of PyTorch’s, in one piece and in micro-batches',
    async (folder) => {
      const fixture = readMinilmFixture();
      const [rows] = fixture.batches;
      if (rows === undefined) throw new Error('the fixture has no batch');
      const half = rows.lengths.length / 2;
      const largest = Math.max(...Object.values(fixture.gradients).map((gradient) => gradient.norm));
      for (const batches of [[batchOf(rows)], [batchOf(rows, 0, half), batchOf(rows, half)]]) {
        // The first momentum is the gradient itself.
        const { step } = await openMinilmStep(folder, fixture, {
          optimizer: sgd({ learningRate: 0, momentum: 0.5 }),
          hasMicroBatches: true,
        });
        const [result] = await step.run([{ step: 1, learningRate: 0, batches, scalars: {} }]);
        expect(Math.abs((result?.loss ?? NaN) - (fixture.steps.losses[0] ?? NaN))).toBeLessThan(1e-6);
        const state = step.state();
        await step.release();
        expect(Object.keys(state).length).toBe(2 * Object.keys(fixture.gradients).length);
        for (const [name, theirs] of Object.entries(fixture.gradients)) {
          const ours = state[`optimizer.${name}.momentum_buffer`]?.data as Float32Array;
          const witness = decoded(theirs.sketch);
          const distance = norm(sketchOf(name, ours).map((x, i) => x - (witness[i] ?? NaN)));
          const limit = theirs.norm >= 1e-6 * largest ? 1e-4 * theirs.norm : 1e-6 * largest;
          // Half of the limit, because the sketch may show less than the distance: half of it or less at 6 standard deviations.
          expect(distance / limit, name).toBeLessThan(0.5);
          expect(Math.abs(norm(ours) - theirs.norm) / limit, name).toBeLessThan(1);
        }
      }
    },
  );

  minilmTest('ten AdamW steps without dropout follow PyTorch’s loss to 1e-4', async (folder) => {
    const fixture = readMinilmFixture();
    const { learningRate, warmupSteps, losses } = fixture.steps;
    const { step, start } = await openMinilmStep(folder, fixture, {
      optimizer: adamw({ learningRate, weightDecay: 0.01 }),
      groups: [{ match: isUsuallyUndecayed, weightDecay: 0 }],
      maxNorm: 1,
    });
    const factor = scheduleFor('linear', { warmupSteps, totalSteps: losses.length });
    for (const [i, rows] of fixture.batches.entries()) {
      const at = { step: i + 1, learningRate: learningRate * factor(i) };
      const [result] = await step.run([{ ...at, batches: [batchOf(rows)], scalars: {} }]);
      expect(Math.abs((result?.loss ?? NaN) - (losses[i] ?? NaN)), `step ${i + 1}`).toBeLessThan(1e-4);
    }
    const { 'pooler.dense.weight': pooler } = step.parameters();
    expect(pooler?.data).not.toEqual(start['pooler.dense.weight']?.data);
    await step.release();
  });
});
