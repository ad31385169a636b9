import { describe, expect, test } from 'vitest';
import { gradients, vectorJacobianProduct } from '../../src/autograd/backward.js';
import { exp, mul, neg } from '../../src/autograd/ops/elementwise.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import { input, scalar, type Value } from '../../src/autograd/value.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate, numbersOf } from './evaluate.js';

const x = input('x', 'float32', [2, 3]);
const w = input('w', 'float32', [3]);

describe('vectorJacobianProduct', () => {
  test('a target in mid-graph and one behind it both get their gradients', async () => {
    const a = input('a', 'float64', []);
    const b = exp(a);
    const [toB, toA] = vectorJacobianProduct([[mul(b, b), scalar(1, 'float64')]], [b, a]) as [Value, Value];
    const results = await evaluate({ toA, toB }, { a: fromNumbers('float64', [], [0.5]) });
    // d b² / db = 2b; d e^(2a) / da = 2 e^(2a)
    expect(toNumbers(results.toB)[0]).toBeCloseTo(2 * Math.exp(0.5), 12);
    expect(toNumbers(results.toA)[0]).toBeCloseTo(2 * Math.exp(1), 12);
  });

  test('a target that no output depends on gets zeros of its shape', async () => {
    const [zero] = gradients(sum(x), [w]) as [Value];
    expect(zero.shape).toEqual([3]);
    expect(await numbersOf(zero)).toEqual([0, 0, 0]);
  });

  test('the output itself may be a target', async () => {
    const loss = sum(neg(x));
    const [own] = gradients(loss, [loss]) as [Value];
    expect(await numbersOf(own)).toEqual([1]);
  });

  test('several outputs add up', async () => {
    const a = input('a', 'float64', []);
    const one = scalar(1, 'float64');
    const [slope] = vectorJacobianProduct(
      [
        [mul(a, a), one],
        [mul(3, a), scalar(2, 'float64')],
      ],
      [a],
    ) as [Value];
    // 2a + 2 · 3
    expect(await numbersOf(slope, { a: fromNumbers('float64', [], [5]) })).toEqual([16]);
  });

  test('gradients can be differentiated again', async () => {
    const a = input('a', 'float64', []);
    const [first] = gradients(mul(a, mul(a, exp(a))), [a]) as [Value];
    const [second] = gradients(first, [a]) as [Value];
    // (a² eᵃ)″ = (a² + 4a + 2) eᵃ
    const [value] = await numbersOf(second, { a: fromNumbers('float64', [], [0.5]) });
    expect(value).toBeCloseTo(4.25 * Math.exp(0.5), 12);
  });
});
