import { describe, expect, test } from 'vitest';
import { lastDropped, lowbias32, RandomStream, streamKey } from '../../src/tensor/random.js';

// witness: the hash in Python's unbounded integers, reduced modulo 2^32 after each multiplication
const LOWBIAS32: [number, number][] = [
  [0x00000000, 0x00000000],
  [0x00000001, 0x688990c0],
  [0x00000002, 0xd1132181],
  [0x0000002a, 0x172733c2],
  [0x7fffffff, 0x8d29ffb8],
  [0x80000000, 0xcc4b4124],
  [0xdeadbeef, 0xe628c683],
  [0xffffffff, 0x6768824a],
];

// The same, with FNV-1a checked on its published vectors ('a' gives e40c292c, 'foobar' gives bf9cf968).
const KEYS: [number, string, number, number][] = [
  [42, 'shuffle', 0, 0x02ad2b98],
  [42, 'shuffle', 1, 0x87353cac],
  [0, 'dropout', 7, 0x39103840],
  [0xffffffff, 'init', 100_000, 0xdf0da5ea],
];

// 0.0001 and 0.9999 quantiles of chi-square, scipy.stats.chi2.ppf
const CHI_SQUARE_255 = { low: 179.42850998, high: 347.6542127 };
const CHI_SQUARE_5 = { low: 0.08217738, high: 25.74483196 };

function chiSquare(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expected = total / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function histogram(bins: number, draws: number, draw: () => number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < draws; i++) {
    const bin = draw();
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

function correlation(a: RandomStream, b: RandomStream, draws: number): number {
  let sum = 0;
  for (let i = 0; i < draws; i++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  return (sum / draws) * 12;
}

describe('lowbias32', () => {
  test.each(LOWBIAS32)('%i gives what unbounded integers give', (input, output) => {
    expect(lowbias32(input)).toBe(output);
  });

  test('half of the 32 result bits flip, on average, with any one bit of the input', () => {
    for (let bit = 0; bit < 32; bit++) {
      let flips = 0;
      for (let i = 0; i < 1000; i++) {
        const x = lowbias32(i);
        for (let d = lowbias32(x) ^ lowbias32(x ^ (1 << bit)); d !== 0; d &= d - 1) flips += 1;
      }
      // 32,000 fair coins: mean 16, standard deviation of the mean 0.089; five of them.
      expect(Math.abs(flips / 1000 - 16)).toBeLessThan(0.45);
    }
  });
});

describe('streamKey', () => {
  test.each(KEYS)('seed %i, stream %s, step %i', (seed, name, step, key) => {
    expect(streamKey(seed, name, step)).toBe(key);
  });
});

describe('RandomStream', () => {
  test('draws element i as lowbias32 of i and the key', () => {
    const stream = new RandomStream(42, 'shuffle');
    // witness: as for KEYS
    expect([stream.bits(), stream.bits(), stream.bits(), stream.bits()]).toEqual([
      2125010668, 3090483825, 2667148089, 1781591742,
    ]);
  });

  test('goes on from a saved draw as if never interrupted', () => {
    const whole = new RandomStream(1, 'x', 5);
    for (let i = 0; i < 10; i++) whole.normal();
    const resumed = new RandomStream(1, 'x', 5, whole.draw);
    expect(resumed.normal()).toBe(whole.normal());
  });

  test.each([0, 1, 42, 0xffffffff])('is uniform over 256 bins in high and low bits, seed %i', (seed) => {
    const high = new RandomStream(seed, 'chi');
    const low = new RandomStream(seed, 'chi');
    for (const counts of [
      histogram(256, 100_000, () => Math.floor(high.uniform() * 256)),
      histogram(256, 100_000, () => low.bits() & 255),
    ]) {
      expect(chiSquare(counts)).toBeGreaterThan(CHI_SQUARE_255.low);
      expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_255.high);
    }
  });

  test('streams of other seeds, names and steps are uncorrelated', () => {
    const others: [number, string, number][] = [
      [2, 'x', 0],
      [1, 'y', 0],
      [1, 'x', 1],
    ];
    for (const [seed, name, step] of others) {
      // 20,000 products of variance 1: standard deviation 0.007; five of them.
      const r = correlation(new RandomStream(1, 'x'), new RandomStream(seed, name, step), 20_000);
      expect(Math.abs(r)).toBeLessThan(0.036);
    }
  });

  test('uniform stays in [low, high)', () => {
    const stream = new RandomStream(3, 'range');
    for (let i = 0; i < 10_000; i++) {
      const value = stream.uniform(-2, 3);
      expect(value >= -2 && value < 3).toBe(true);
    }
  });

  test('normal has the moments of a standard normal', () => {
    const stream = new RandomStream(7, 'normal');
    const moments = [0, 0, 0, 0];
    const draws = 100_000;
    for (let i = 0; i < draws; i++) {
      const z = stream.normal();
      moments.forEach((sum, k) => {
        moments[k] = sum + z ** (k + 1) / draws;
      });
    }
    // Standard errors of the raw moments 1 to 4 of N(0, 1): sqrt of 1, 2, 15, 96, over sqrt of the draws; five each.
    [0, 1, 0, 3].forEach((expected, k) => {
      const error = Math.sqrt(([1, 2, 15, 96][k] as number) / draws);
      expect(Math.abs((moments[k] as number) - expected)).toBeLessThan(5 * error);
    });
  });
});

describe('lastDropped', () => {
  test('leaves the share of all 32-bit numbers that the rate says, and drops none at 0', () => {
    expect(lastDropped(0.5)).toBe(2 ** 31 - 1);
    expect(lastDropped(0.1)).toBe(Math.round(0.1 * 2 ** 32) - 1);
    expect(lastDropped(1 - 2 ** -33)).toBe(2 ** 32 - 2);
    expect([0, 1e-11].map(lastDropped)).toEqual([undefined, undefined]);
  });

  test.each([-0.1, 1, Number.NaN])('refuses %d', (rate) => {
    expect(() => lastDropped(rate)).toThrow(`dropout: wanted a rate ≥ 0 and < 1, got ${rate}`);
  });
});

describe('RandomStream.permutation', () => {
  test.each([0, 1, 2, 1000])('holds each of %i numbers once', (count) => {
    const order = new RandomStream(42, 'shuffle').permutation(count);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('gives the 6 orders of 3 elements equally often', () => {
    const names = ['012', '021', '102', '120', '201', '210'];
    let epoch = 0;
    const counts = histogram(6, 6000, () => {
      epoch += 1;
      return names.indexOf(new RandomStream(42, 'shuffle', epoch).permutation(3).join(''));
    });
    expect(chiSquare(counts)).toBeGreaterThan(CHI_SQUARE_5.low);
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_5.high);
  });
});
