import { describe, expect, test } from 'vitest';
import {
  kaimingUniform,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from '../../src/nn/initialisers.js';
import { linear } from '../../src/nn/linear.js';
import type { Initialiser } from '../../src/nn/module.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { RandomStream } from '../../src/tensor/random.js';
import { fromNumbers } from '../../src/tensor/tensor.js';

const SHAPE = [200, 500];
const draw = (initialise: Initialiser, shape = SHAPE) => initialise(new RandomStream(1, 'test'), shape);

function moments(values: Float32Array) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance), largest: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
}

// Witness: the formulas in the documentation of torch.nn.init; a uniform ±b has standard deviation b / √3. With 100,000
// draws the standard error of a standard deviation is under 0.25 % of it; 1 % is four of those.
describe('initialisers', () => {
  test.each([
    ['uniform(−2, 2)', uniform(-2, 2), 2, 2 / Math.sqrt(3)],
    ['kaimingUniform(√5), as Linear', kaimingUniform(), 1 / Math.sqrt(500), 1 / Math.sqrt(3 * 500)],
    ['kaimingUniform(0)', kaimingUniform(0), Math.sqrt(6 / 500), Math.sqrt(2 / 500)],
    ['xavierUniform', xavierUniform(), Math.sqrt(6 / 700), Math.sqrt(2 / 700)],
    ['xavierUniform(gain 2)', xavierUniform(2), 2 * Math.sqrt(6 / 700), 2 * Math.sqrt(2 / 700)],
    ['xavierNormal', xavierNormal(), undefined, Math.sqrt(2 / 700)],
    ['normal(0.02)', normal(0.02), undefined, 0.02],
  ] as const)('%s has the bound and the spread that PyTorch documents', (_name, initialise, bound, std) => {
    const found = moments(draw(initialise));
    expect(Math.abs(found.mean)).toBeLessThan((4 * std) / Math.sqrt(100_000));
    expect(Math.abs(found.std / std - 1)).toBeLessThan(0.01);
    if (bound === undefined) expect(found.largest).toBeGreaterThan(3.5 * std);
    else {
      expect(found.largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(found.largest).toBeGreaterThan(0.999 * bound);
    }
  });

  test('fans of a convolution count the kernel', () => {
    // [out 4, in 3, kernel 5 × 5]: fanIn 75.
    expect(moments(draw(kaimingUniform(), [4, 3, 5, 5])).largest).toBeLessThanOrEqual(1 / Math.sqrt(75));
    expect(moments(draw(kaimingUniform(), [4, 3, 5, 5])).largest).toBeGreaterThan(0.9 / Math.sqrt(75));
  });

  test('zeros and ones', () => {
    expect([...draw(zeros, [3])]).toEqual([0, 0, 0]);
    expect([...draw(ones, [2])]).toEqual([1, 1]);
  });
});

describe('initialiseParameters', () => {
  const specs = [...linear('fc1', 20, 10).parameters, ...linear('fc2', 10, 5).parameters];

  test('the same seed gives the same bytes, another seed others', () => {
    expect(initialiseParameters(specs, 42)).toEqual(initialiseParameters(specs, 42));
    expect(initialiseParameters(specs, 43)['fc1.weight']).not.toEqual(initialiseParameters(specs, 42)['fc1.weight']);
  });

  test('a parameter does not depend on which others there are', () => {
    const alone = initialiseParameters(specs.slice(2), 42);
    expect(alone['fc2.weight']).toEqual(initialiseParameters(specs, 42)['fc2.weight']);
  });

  test('two parameters of one shape are drawn apart', () => {
    const twins = initialiseParameters([...linear('a', 3, 2).parameters, ...linear('b', 3, 2).parameters], 42);
    expect(twins['a.weight']).not.toEqual(twins['b.weight']);
    expect(twins['a.bias']?.data).not.toEqual(twins['a.weight']?.data.slice(0, 2));
  });

  test("biases of Linear are drawn too, within PyTorch's bound", () => {
    const { largest } = moments(initialiseParameters(specs, 1)['fc1.bias']?.data ?? new Float32Array());
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(Math.fround(1 / Math.sqrt(20)));
  });
});

describe('parameters', () => {
  test('a name that is not there is named, with those that are', () => {
    const weights = constantParameters({ 'fc1.weight': fromNumbers('float32', [1], [0]) });
    expect(() => weights.get('fc2.weight')).toThrow(
      "parameter 'fc2.weight': wanted a tensor of that name, got fc1.weight; use the weights of the same model",
    );
    expect(() => inputParameters([]).get('constructor')).toThrow('got no parameters');
  });
});
