import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { input, type Value } from '../../src/autograd/value.js';
import { mseOfScores } from '../../src/losses/mse.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

describe('mseOfScores', () => {
  // Witness, by hand: (1 − 3)² = 4 and (2 − 2.5)² = 0.25, of two rows that count; gradient 2 (z − s) / 2.
  test('a row without a score counts nothing and has no gradient, whatever its logit', async () => {
    const logits = input('z', 'float32', [4, 1]);
    const loss = mseOfScores(logits, input('s', 'float32', [4]));
    const mean = meanOf(loss);
    const gradient = gradients(mean, [logits])[0] as Value;
    const results = await evaluate(
      { sum: loss.sum, count: loss.count, mean, gradient },
      {
        z: fromNumbers('float32', [4, 1], [1, 7, 2, 1e30]),
        s: fromNumbers('float32', [4], [3, Number.NaN, 2.5, Number.NaN]),
      },
    );
    expect(toNumbers(results.sum)).toEqual([4, 0, 0.25, 0]);
    expect(toNumbers(results.count)).toEqual([1, 0, 1, 0]);
    expect(toNumbers(results.mean)).toEqual([2.125]);
    expect(toNumbers(results.gradient).map((value) => value + 0)).toEqual([-2, 0, -0.5, 0]);
  });

  test('a batch without any score has a loss and gradient of 0', async () => {
    const logits = input('z', 'float32', [2, 1]);
    const mean = meanOf(mseOfScores(logits, input('s', 'float32', [2])));
    const results = await evaluate(
      { mean, gradient: gradients(mean, [logits])[0] as Value },
      { z: fromNumbers('float32', [2, 1], [1, 7]), s: fromNumbers('float32', [2], [Number.NaN, Number.NaN]) },
    );
    expect([...toNumbers(results.mean), ...toNumbers(results.gradient)].map((value) => value + 0)).toEqual([0, 0, 0]);
  });

  test('scores that would broadcast, and logits of several classes, are refused', () => {
    const scores = input('s', 'float32', [4]);
    expect(() => mseOfScores(input('z', 'float32', [4, 2]), scores)).toThrow(
      'mseOfScores: wanted logits [B, 1] and scores [B], got [4, 2] and [4]',
    );
    expect(() => mseOfScores(input('z', 'float32', [4, 1]), input('s', 'float32', [4, 1]))).toThrow(
      'got [4, 1] and [4, 1]',
    );
  });
});
