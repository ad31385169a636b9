import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../../src/autograd/backward.js';
import { mul } from '../../../src/autograd/ops/elementwise.js';
import { dropout, randomBits } from '../../../src/autograd/ops/random.js';
import { input, type Value } from '../../../src/autograd/value.js';
import { hashedBits, streamKey } from '../../../src/tensor/random.js';
import { fromNumbers, type Tensor, tensor, toNumbers, zeros } from '../../../src/tensor/tensor.js';
import { evaluate } from '../evaluate.js';

const key = input('key', 'uint32', []);
/** Compared as bytes: vitest takes seconds over large arrays. */
const bytesOf = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const keyOf = (value: number): Tensor => fromNumbers('uint32', [], [value]);

describe('randomBits', () => {
  const SHAPES = [[], [1], [7], [3, 5], [2, 3, 4], [4, 1], [1, 1, 9], [64, 384]] as const;
  const KEYS = [0, 1, 0x80000000, 0xffffffff, streamKey(42, 'dropout', 17)];

  // witness: the host's hashedBits, tested against the published lowbias32 with the rest of tensor/random.ts.
  test.each(SHAPES.map((shape) => [shape]))('of shape %j equal the host’s for every key', async (shape) => {
    const columns = shape.at(-1) ?? 1;
    const rows = shape.reduce<number>((product, dim) => product * dim, 1) / columns;
    for (const value of KEYS) {
      const wanted = tensor('uint32', shape, hashedBits(value, rows, columns));
      const names = shape.map((_, axis) => `N${axis}`);
      for (const dims of [shape, names]) {
        const like = input('like', 'float32', dims);
        const { bits } = await evaluate(
          { bits: randomBits(key, like) },
          { key: keyOf(value), like: zeros('float32', shape) },
        );
        expect(bits.shape).toEqual([...shape]);
        expect(bytesOf(bits).equals(bytesOf(wanted))).toBe(true);
      }
    }
  });

  // witness: the bits of the whole tensor, whose first rows they are.
  test.each([[[6, 5]], [[3, 6, 5]], [[2, 3, 7, 4]], [[4, 1, 3]]])(
    'of first rows of %j are those of the whole',
    async (shape) => {
      const columns = shape.at(-1) as number;
      const rows = shape.at(-2) as number;
      const groups = shape.slice(0, -2).reduce((product, dim) => product * dim, 1);
      const all = hashedBits(7, groups * rows, columns);
      const wanted = Array.from({ length: groups * columns }, (_, i) => {
        const group = Math.floor(i / columns);
        return all[group * rows * columns + (i % columns)];
      });
      const first = shape.with(-2, 1);
      const names = shape.map((_, axis) => `N${axis}`);
      for (const [dims, wholeDims] of [
        [first, shape],
        [names.with(-2, 'one').map((name) => (name === 'one' ? 1 : name)), names],
      ] as const) {
        const like = input('like', 'float32', dims);
        const whole = input('whole', 'float32', wholeDims);
        const feeds = { key: keyOf(7), like: zeros('float32', first), whole: zeros('float32', shape) };
        const { bits } = await evaluate({ bits: randomBits(key, like, whole) }, feeds);
        expect(toNumbers(bits)).toEqual(wanted);
      }
      expect(() =>
        randomBits(key, input('like', 'float32', shape.with(-2, 2)), input('whole', 'float32', shape)),
      ).toThrow('wanted first rows [.., 1, C] of a whole [.., R, C]');
    },
  );

  test('do not depend on the number of threads', async () => {
    const bits = randomBits(key, input('like', 'float32', [512, 300]));
    const given = { key: keyOf(5), like: zeros('float32', [512, 300]) };
    const [one, two] = await Promise.all([1, 2].map((threads) => evaluate({ bits }, given, { threads })));
    expect(bytesOf(one!.bits).equals(bytesOf(two!.bits))).toBe(true);
  });
});

describe('dropout', () => {
  const [ROWS, COLUMNS] = [100, 500];
  const count = ROWS * COLUMNS;
  const x = input('x', 'float32', [ROWS, COLUMNS]);
  const ones = fromNumbers('float32', [ROWS, COLUMNS], new Float32Array(count).fill(1));

  test.each([0.1, 0.5, 0.9])('at rate %d zeroes that share and scales the rest to keep the mean', async (rate) => {
    const { y } = await evaluate({ y: dropout(x, key, rate) }, { x: ones, key: keyOf(streamKey(1, 'mask')) });
    const values = toNumbers(y);
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - rate))]));
    // Five standard deviations of a binomial share.
    expect(Math.abs(1 - kept.length / count - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / count));
  });

  test('the mask is that of the host: an element is dropped if its bits are below rate · 2^32', async () => {
    const { y } = await evaluate({ y: dropout(x, key, 0.25) }, { x: ones, key: keyOf(77) });
    const wanted = Array.from(hashedBits(77, ROWS, COLUMNS), (bits) => (bits < 2 ** 30 ? 0 : Math.fround(4 / 3)));
    expect(toNumbers(y)).toEqual(wanted);
    // On the threshold itself an element is kept.
    const [first = 0] = hashedBits(77, ROWS, COLUMNS);
    const { edge } = await evaluate({ edge: dropout(x, key, first / 2 ** 32) }, { x: ones, key: keyOf(77) });
    expect(toNumbers(edge)[0]).toBeGreaterThan(0);
  });

  test('the gradient goes through the same mask', async () => {
    const g = input('g', 'float32', [ROWS, COLUMNS]);
    const y = dropout(x, key, 0.4);
    const [gradient] = vectorJacobianProduct([[y, g]], [x]) as [Value];
    const feeds = { x: ones, g: ones, key: keyOf(9) };
    const results = await evaluate({ y, gradient }, feeds);
    expect(bytesOf(results.gradient).equals(bytesOf(results.y))).toBe(true);
    expect(new Set(toNumbers(results.y)).size).toBe(2);
  });

  test('another key is another mask; the same key the same', async () => {
    const outputs = { y: dropout(x, key, 0.5) };
    const mask = async (value: number) => (await evaluate(outputs, { x: ones, key: keyOf(value) })).y;
    const [first, again, other] = [await mask(1), await mask(1), await mask(2)];
    expect(bytesOf(again).equals(bytesOf(first))).toBe(true);
    const others = toNumbers(other);
    const same = toNumbers(first).map((value, i): number => Number(value === others[i]));
    const share = same.reduce((total, value) => total + value, 0) / count;
    expect(Math.abs(share - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / count));
  });

  test('a rate of 0, or one too small for 32 bits, keeps everything', async () => {
    expect(dropout(x, key, 0)).toBe(x);
    // The threshold of 1e-12 is 0 of 2^32; less 1 it wrapped around and dropped all.
    const { y } = await evaluate({ y: mul(dropout(x, key, 1e-12), 1) }, { x: ones, key: keyOf(3) });
    expect(bytesOf(y).equals(bytesOf(ones))).toBe(true);
  });
});
