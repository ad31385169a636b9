import { describe, expect, test } from 'vitest';
import { costOf, timedCost } from '../../src/data/timed-cost.js';

/** Calls of 50 tokens a row, on a clock that only they move: 50 ms each and 10 ms a row, the very first 200 ms more. */
function calls(slower: (rows: number) => number = () => 1, tokens = 50) {
  const sizes: number[] = [];
  let ms = 0;
  const take = async (rows: number): Promise<number> => {
    ms += (sizes.length === 0 ? 200 : 0) + (50 + 10 * rows) * slower(rows);
    sizes.push(rows);
    return tokens * rows;
  };
  return { sizes, take, now: () => ms };
}

describe('timedCost', () => {
  test('finds what a call costs and what each token adds, from calls that grow to the largest', async () => {
    const { sizes, take, now } = calls();
    const cost = await timedCost(take, { most: 50, seconds: 10, now });
    // By hand: 270 + 70 + 130 + 370 ms, then 550 each within 10 s.
    expect(sizes).toEqual([2, 2, 8, 32, ...new Array(16).fill(50)]);
    expect(cost.fixed).toBeCloseTo(0.05, 9);
    expect(cost.perWork).toBeCloseTo(0.0002, 9);
    expect(cost.toWarmUp).toBeCloseTo(0.2, 9);
    expect(cost.largest).toBe(2500);
    expect(costOf(cost, 1500)).toBeCloseTo(0.35, 9);
  });

  test('stops where the next call would take longer than is left, but not before the least', async () => {
    // By hand: 270 + 70 + 130 ms for 2, 2 and 8 rows, and about 4 times 130 ms foreseen for 32.
    for (const [seconds, expected] of [
      [0, [2, 2, 8]],
      [0.9, [2, 2, 8, 8, 8, 8]],
      [1, [2, 2, 8, 32]],
    ] as const) {
      const { sizes, take, now } = calls();
      await timedCost(take, { most: 64, seconds, now });
      expect(sizes).toEqual(expected);
    }
  });

  // A BiLSTM's steps were once planned by the first of 32 rows, half as fast as the later ones.
  test('short calls are taken up to the largest, and six times, even where no time is left', async () => {
    const taken: number[] = [];
    let ms = 0;
    // 64 tokens a row; the first seven calls take twice as long.
    const take = async (rows: number): Promise<number> => {
      ms += (taken.length < 7 ? 2 : 1) * (2 + 0.1 * rows);
      taken.push(rows);
      return 64 * rows;
    };
    const cost = await timedCost(take, { most: 64, seconds: 0, now: () => ms });
    expect(taken).toEqual([2, 2, 8, 32, 64, 64, 64, 64, 64, 64]);
    // By hand: the last three of the six count, 2 + 0.1 · 64 ms each.
    expect(costOf(cost, 64 * 64)).toBeCloseTo(0.0084, 9);
  });

  // What each token adds was once taken from 8 short texts, of which nearly all is what a call costs anyhow.
  test('the least is counted in tokens: of short texts it is more rows', async () => {
    const { sizes, take, now } = calls(() => 1, 10);
    await timedCost(take, { most: 100, seconds: 0, now });
    expect(sizes).toEqual([2, 2, 8, 32, 100]);
  });

  test('fewer rows than the least are taken whole', async () => {
    for (const most of [1, 2, 5]) {
      const { sizes, take, now } = calls();
      const cost = await timedCost(take, { most, seconds: 0, now });
      expect(Math.max(...sizes)).toBe(most);
      expect(costOf(cost, 50 * most)).toBeCloseTo(0.05 + 0.01 * most, 9);
    }
  });

  test('where a small call took longer than a large one, no part is below zero', async () => {
    const { take, now } = calls((rows) => (rows < 8 ? 5 : 1));
    const cost = await timedCost(take, { most: 8, seconds: 0, now });
    expect(cost.fixed).toBe(0);
    expect(costOf(cost, 400)).toBeCloseTo(0.13, 9);
  });

  test('calls larger than those that were timed cost a little more a token', () => {
    const line = { fixed: 0.5, perWork: 0.001, largest: 400 };
    expect(costOf(line, 400)).toBeCloseTo(0.9, 9);
    expect(costOf(line, 4000) - 0.5).toBeGreaterThan(4);
    expect(costOf(line, 4000) - 0.5).toBeLessThan(5);
  });
});
