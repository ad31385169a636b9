import { describe, expect, test } from 'vitest';
import { adam } from '../../src/optim/adam.js';
import { adamw } from '../../src/optim/adamw.js';
import { HostOptimizer } from '../../src/optim/host-optimizer.js';
import type { Optimizer } from '../../src/optim/optimizer.js';
import { sgd } from '../../src/optim/sgd.js';
import { RandomStream } from '../../src/tensor/random.js';
import { expectSameBits } from './reference.js';
import { TracedStep } from './traced-step.js';

const RULES: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  adam: adam({ weightDecay: 0.01 }),
  adamw: adamw(),
};
// Long enough for ONNX Runtime's vector code and its rests, and for two threads.
const parameters = [
  { name: 'w', shape: [37, 1201] },
  { name: 'b', shape: [1201] },
  { name: 'scale', shape: [] },
];

function draw(length: number, random: RandomStream, scale: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal() * scale);
}

describe('tracedUpdate', () => {
  for (const [name, optimizer] of Object.entries(RULES)) {
    // Witness: the host's kernel, which has PyTorch's trajectories and exact rounding as its own.
    test(`${name}: graph and host give the same bits, clipped or not`, async () => {
      const random = new RandomStream(3, name);
      const groups = [{ match: ['b'], weightDecay: 0, learningRateFactor: 2 }];
      const options = { optimizer, parameters, groups, maxNorm: 100 };
      const host = new HostOptimizer(options);
      const traced = await TracedStep.open(options);
      for (const one of parameters) {
        const initial = draw(host.parameter(one.name).length, random, 1);
        host.parameter(one.name).set(initial);
        traced.get(one.name).set(initial);
      }
      const factors: number[] = [];
      for (let step = 1; step <= 12; step++) {
        const gradients: Record<string, Float32Array> = {};
        for (const one of parameters) {
          gradients[one.name] = draw(host.gradient(one.name).length, random, step % 2 === 0 ? 1 : 1e-3);
          host.gradient(one.name).set(gradients[one.name]!);
        }
        const at = { step, learningRate: optimizer.learningRate / step };
        const result = host.step(at);
        await traced.step(at, gradients);
        factors.push(result.clipFactor);
        // ONNX Runtime adds in another order: float64 sums agree to a few units of 2^-52 n.
        expect(traced.gradientNorm / result.gradientNorm).toBeCloseTo(1, 12);
        for (const one of parameters) {
          expectSameBits(traced.get(one.name), host.parameter(one.name));
          for (const slot of optimizer.slots) {
            expectSameBits(traced.get(`${one.name}.${slot}`), host.slot(one.name, slot));
          }
        }
      }
      expect(factors.filter((factor) => factor === 1)).toHaveLength(6);
      await traced.release();
    });
  }

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a gradient with %d changes nothing', async (bad) => {
    const options = { optimizer: adamw(), parameters };
    const traced = await TracedStep.open(options);
    const random = new RandomStream(4, 'diverged');
    for (const { name } of parameters) traced.get(name).set(draw(traced.get(name).length, random, 1));
    const gradients = Object.fromEntries(
      parameters.map(({ name }) => [name, draw(traced.get(name).length, random, 1)]),
    );
    await traced.step({ step: 1, learningRate: 0.1 }, gradients);
    const keys = parameters.flatMap(({ name }) => [name, `${name}.exp_avg`, `${name}.exp_avg_sq`]);
    const before = keys.map((key) => traced.get(key).slice());
    gradients.b![7] = bad;
    await traced.step({ step: 2, learningRate: 0.1 }, gradients);
    expect(traced.gradientNorm).not.toBeLessThan(Number.POSITIVE_INFINITY);
    expect(keys.map((key) => traced.get(key).slice())).toEqual(before);
    await traced.release();
  });
});
