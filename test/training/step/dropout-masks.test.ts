import { describe, expect, test } from 'vitest';
import { input } from '../../../src/autograd/value.js';
import { maskedContext, trainingContext } from '../../../src/nn/context.js';
import type { Parameters } from '../../../src/nn/module.js';
import { hashedBits, lastDropped, streamKey } from '../../../src/tensor/random.js';
import { fromNumbers, tensor, toNumbers } from '../../../src/tensor/tensor.js';
import { DropoutMasks } from '../../../src/training/step/dropout-masks.js';
import { numbersOf } from '../../autograd/evaluate.js';

const key = streamKey(7, 'dropout.site', 3);

/** By the reference: row r of the mask has the bits of row r · rowStride. */
function wanted(rows: number, columns: number, rate: number, rowStride = 1): number[] {
  const bits = hashedBits(key, rows * rowStride, columns);
  const scale = Math.fround(1 / (1 - rate));
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const drawn = bits[row * rowStride * columns + column] as number;
    return drawn > (lastDropped(rate) as number) ? scale : 0;
  });
}

describe('masks from the kernel', () => {
  test.each([
    [[3, 8], 0.1, 1],
    [[2, 5, 7], 0.5, 1],
    [[4, 1], 0.3, 1],
    [[13], 0.9, 1],
    [[2, 3, 2, 23], 0.1, 1],
    [[5, 1, 16], 0.25, 9],
    [[1, 384], 1e-9, 1],
    [[300, 21], 0.999_999, 1],
  ])('of %j at %d, rows %d apart, have the bits of `hashedBits`', (shape, rate, rowStride) => {
    const [mask] = new DropoutMasks().draw([{ shape, rate, rowStride, key }]);
    const columns = shape.at(-1) as number;
    const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    expect(Array.from(mask ?? [])).toEqual(wanted(rows, columns, rate, rowStride));
  });

  test('of several sites lie apart, also where the memory grows for a larger set', () => {
    const masks = new DropoutMasks();
    const one = { shape: [3, 5], rate: 0.4, rowStride: 1, key };
    const other = { shape: [7, 11], rate: 0.2, rowStride: 1, key: streamKey(7, 'dropout.other', 3) };
    const alone = [one, other].map((each) => Array.from(new DropoutMasks().draw([each])[0] ?? []));
    for (const set of [[one], [one, other], [other, one], [one, other, one, other]]) {
      const drawn = masks.draw(set).map((mask) => Array.from(mask));
      expect(drawn).toEqual(set.map((each) => alone[each === one ? 0 : 1]));
    }
    expect(masks.draw([])).toEqual([]);
  });

  test('are refused before more than 4 GiB of them', () => {
    const large = { shape: [1 << 15, 1 << 14], rate: 0.1, rowStride: 1, key };
    expect(() => new DropoutMasks().draw([large, large, large])).toThrow(
      'dropout: wanted at most 4 GiB of masks per micro-batch, got 6.0 GiB; use smaller micro-batches (tokensPerRun), or train without dropout',
    );
  });
});

describe('a model that is fed with masks', () => {
  const none: Parameters = { get: () => expect.unreachable(), rows: () => expect.unreachable() };
  const x = tensor(
    'float32',
    [2, 3, 4],
    Float32Array.from({ length: 24 }, (_, i) => i - 11.5),
  );

  test('computes what one computes that draws them from a key', async () => {
    const value = input('x', 'float32', ['B', 'S', 4]);
    const byKey = trainingContext(none, () => input('key', 'uint32', [])).dropout(value, 0.3, 'site');
    const byMask = maskedContext(none, ({ site, shape, rate, rowStride }) => {
      expect([site, shape, rate, rowStride]).toEqual(['site', ['B', 'S', 4], 0.3, 1]);
      return input('mask', 'float32', shape);
    }).dropout(value, 0.3, 'site');
    const [mask] = new DropoutMasks().draw([{ shape: [2, 3, 4], rate: 0.3, rowStride: 1, key }]);
    const feeds = {
      x,
      key: fromNumbers('uint32', [], [key]),
      mask: tensor('float32', [2, 3, 4], mask as Float32Array),
    };
    const got = await numbersOf(byMask, feeds);
    expect(got).toEqual(await numbersOf(byKey, feeds));
    expect(got.filter((y, i) => y === 0 && toNumbers(x)[i] !== 0).length).toBeGreaterThan(2);
  });

  test('asks for the rows of the whole, and for nothing where nothing is dropped', () => {
    const first = input('x', 'float32', ['B', 1, 4]);
    const strides: unknown[] = [];
    const context = maskedContext(none, ({ shape, rowStride }) => {
      strides.push(rowStride);
      return input('mask', 'float32', shape);
    });
    context.dropout(first, 0.1, 'site', input('whole', 'float32', ['B', 'S', 8]));
    expect(strides).toEqual(['S']);
    expect(context.dropout(first, 0, 'site')).toBe(first);
    expect(() => context.dropout(first, 1, 'site')).toThrow('wanted a rate ≥ 0 and < 1, got 1');
    expect(strides.length).toBe(1);
  });
});
