import { describe, expect, test } from 'vitest';
import { lowerToGraph, toProgram } from '../../src/autograd/lower.js';
import { input } from '../../src/autograd/value.js';
import { mlp } from '../../src/models/mlp.js';
import { evaluationContext } from '../../src/nn/context.js';
import { constantParameters, initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { openSession } from '../../src/runtime/session.js';
import { RandomStream } from '../../src/tensor/random.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

const size = (hidden: readonly number[]) =>
  mlp({ hidden }).parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);

/** The forward pass in plain float64 loops: the witness. */
function reference(pixels: number[], weights: Record<string, Tensor>): number[] {
  const dense = (x: number[], name: string): number[] => {
    const w = toNumbers(weights[`${name}.weight`] as Tensor);
    const b = toNumbers(weights[`${name}.bias`] as Tensor);
    return b.map((bias, o) => x.reduce((y, xi, i) => y + xi * (w[o * x.length + i] as number), bias));
  };
  const x = pixels.map((p) => (p / 255 - 0.1307) / 0.3081);
  return dense(
    dense(x, 'fc1').map((h) => Math.max(h, 0)),
    'fc2',
  );
}

describe('mlp', () => {
  test("has the article's sizes: 784-16-10 and 784-4-10", () => {
    // Closed form: 785 · 16 + 17 · 10 and 785 · 4 + 5 · 10.
    expect(size([16])).toBe(12_730);
    expect(size([4])).toBe(3_190);
    expect(mlp().parameters.map(({ name }) => name)).toEqual(['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']);
    expect(mlp({ hidden: [8, 4] }).parameters.at(-2)).toMatchObject({ name: 'fc3.weight', shape: [10, 4] });
  });

  test('one exported graph with batch N gives the reference logits at 1 and at 7 rows', async () => {
    const model = mlp({ hidden: [16] });
    const weights = initialiseParameters(model.parameters, 42);
    const pixels = input('pixels', 'uint8', ['N', 784]);
    const { logits } = model.forward(evaluationContext(constantParameters(weights)), { pixels });
    expect(logits.shape).toEqual(['N', 10]);
    const session = await openSession(toProgram({ outputs: { logits }, form: 'export' }), { threads: 1 });
    const random = new RandomStream(1, 'pixels');
    try {
      for (const rows of [1, 7]) {
        const bytes = fromNumbers(
          'uint8',
          [rows, 784],
          Float64Array.from({ length: rows * 784 }, () => random.below(256)),
        );
        const { logits: got } = await session.run({ pixels: bytes });
        expect(got?.shape).toEqual([rows, 10]);
        for (let row = 0; row < rows; row++) {
          const wanted = reference(toNumbers(bytes).slice(row * 784, (row + 1) * 784), weights);
          const ours = toNumbers(got as Tensor).slice(row * 10, (row + 1) * 10);
          // float32 against float64 over 784 terms.
          for (const [i, logit] of ours.entries()) expect(Math.abs(logit - (wanted[i] as number))).toBeLessThan(2e-5);
        }
      }
    } finally {
      await session.release();
    }
  });

  test('without hidden layers it is a linear classifier', async () => {
    const model = mlp({ inputs: 2, hidden: [], classes: 2, mean: 0.5, std: 1 });
    const parameters = inputParameters(model.parameters, 'float64');
    const { logits } = model.forward(evaluationContext(parameters), { pixels: input('pixels', 'uint8', [1, 2]) });
    const results = await evaluate(
      { logits },
      {
        pixels: fromNumbers('uint8', [1, 2], [255, 51]),
        'fc1.weight': fromNumbers('float64', [2, 2], [1, 2, 3, 4]),
        'fc1.bias': fromNumbers('float64', [2], [10, 20]),
      },
    );
    // By hand, from pixels 0.5 and −0.3: 0.5 − 0.6 + 10 and 1.5 − 1.2 + 20.
    expect(toNumbers(results.logits)[0]).toBeCloseTo(9.9, 12);
    expect(toNumbers(results.logits)[1]).toBeCloseTo(20.3, 12);
  });

  test('is a dozen nodes', () => {
    const model = mlp();
    const pixels = input('pixels', 'uint8', [64, 784]);
    const { logits } = model.forward(evaluationContext(inputParameters(model.parameters)), { pixels });
    expect(lowerToGraph({ outputs: { logits } }).nodes.length).toBeLessThanOrEqual(12);
  });

  test.each([
    [{ hidden: [0] }, 'mlp: wanted widths that are integers ≥ 1, got 784-0-10'],
    [{ classes: 2.5 }, 'mlp: wanted widths that are integers ≥ 1, got 784-16-2.5'],
    [{ std: 0 }, 'mlp: wanted a finite mean and std > 0, got mean 0.1307, std 0'],
  ])('refuses %j', (config, message) => {
    expect(() => mlp(config)).toThrow(message);
  });

  test('refuses images of another size, and none', () => {
    const context = evaluationContext(inputParameters(mlp().parameters));
    expect(() => mlp().forward(context, { pixels: input('pixels', 'uint8', [2, 100]) })).toThrow(
      'mlp pixels: wanted shape [B, 784], got [2, 100] (B=2)',
    );
    expect(() => mlp().forward(context, {})).toThrow("mlp: wanted input 'pixels', got none");
  });
});
