import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  largestRemainder,
  stratifiedRows,
  stratifiedSplit,
  stratifiedSubset,
  withDev,
} from '../../src/data/stratified.js';
import { labelCounts, type TextTable, textTable } from '../../src/data/text-table.js';
import type { TextTask } from '../../src/data/text-task.js';

/** Rows with labels 0, 1, 2 … as often as `counts` says, mixed; the text tells the row. */
function tableOf(counts: readonly number[], unlabelled = 0): TextTable {
  const labels = [
    ...counts.flatMap((count, label) => Array<number>(count).fill(label)),
    ...Array(unlabelled).fill(-100),
  ];
  // A fixed mix: neighbours differ, as 7 and the sizes used here have no common factor.
  const mixed = labels.map((_, row) => labels[(row * 7) % labels.length] as number);
  const texts = mixed.map((_, row) => `text ${row}`);
  return textTable('t', { texts, labels: mixed, labelNames: counts.map((_, label) => `l${label}`) });
}

describe('largestRemainder', () => {
  // Witness: by hand, the usual example of the largest remainder method: quotas 4.7, 1.6, 1.58, 1.2, 0.61, 0.31; whole parts
  // make 7, and the three seats left go to the remainders .7, .61, .6.
  test('gives the seats of the classic example', () => {
    expect(largestRemainder([47_000, 16_000, 15_800, 12_000, 6_100, 3_100], 10)).toEqual([5, 2, 1, 1, 1, 0]);
    expect(largestRemainder([1, 1, 1], 2)).toEqual([1, 1, 0]);
  });

  test('adds up, and is never a whole row away from the quota', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (sizes, share) => {
          const all = sizes.reduce((sum, size) => sum + size, 0);
          fc.pre(all > 0);
          const total = Math.round(share * all);
          const quotas = largestRemainder(sizes, total);
          expect(quotas.reduce((sum, quota) => sum + quota, 0)).toBe(total);
          for (const [place, size] of sizes.entries()) {
            expect(Math.abs((quotas[place] as number) - (size * total) / all)).toBeLessThan(1);
            expect(quotas[place]).toBeLessThanOrEqual(size);
          }
        },
      ),
      { seed: 1 },
    );
  });
});

describe('stratifiedSubset', () => {
  const table = tableOf([500, 300, 150], 50);

  test('holds each label in its share, and rows without one as a class of their own', () => {
    const subset = stratifiedSubset(table, { rows: 100 }, 1);
    expect(labelCounts(subset)).toEqual([50, 30, 15]);
    expect(subset.size).toBe(100);
  });

  test('is the same for a seed, another for another, in the order of the table', () => {
    const rows = stratifiedRows(table, { rows: 100 }, 1);
    expect(stratifiedRows(table, { share: 0.1 }, 1)).toEqual(rows);
    expect(stratifiedRows(table, { rows: 100 }, 2)).not.toEqual(rows);
    expect(Array.from(rows)).toEqual([...new Set(rows)].sort((a, b) => a - b));
    const subset = stratifiedSubset(table, { rows: 100 }, 1);
    expect(subset.texts).toEqual(Array.from(rows, (row) => `text ${row}`));
    expect(subset.ids).toEqual(Array.from(rows, (row) => String(row + 1)));
  });

  test('draws every row of a class equally often', () => {
    // 20 of 100 rows, 1,000 seeds: each row 200 times, standard deviation 12.6; 5 of them leave 1 in 10,000 runs to chance.
    const small = tableOf([60, 43]);
    const drawn = new Float64Array(small.size);
    for (let seed = 0; seed < 1_000; seed++) {
      for (const row of stratifiedRows(small, { share: 0.2 }, seed)) drawn[row] = (drawn[row] as number) + 1;
    }
    for (const count of drawn) expect(Math.abs(count - 200)).toBeLessThan(13 * 5);
  });

  test.each([
    [{ rows: 0 }, /rows: wanted 1 to 1000 rows of t, got 0/u],
    [{ rows: 1_001 }, /wanted 1 to 1000 rows of t, got 1001/u],
    [{ share: 0.0001 }, /share: wanted a share of 1000 rows, from one row to 1, got 0\.0001/u],
    [{ share: 1.5 }, /got 1\.5/u],
  ])('refuses %j', (portion, message) => {
    expect(() => stratifiedRows(table, portion, 1)).toThrow(message);
  });
});

describe('withDev', () => {
  test('cuts rows that can be judged, at least one of them', () => {
    const task = (train: TextTable): TextTask => ({
      ...{ name: 'own', train, labelNames: ['a', 'b'], metrics: ['accuracy'], isPair: false, isRegression: false },
    });
    // 58 rows without a label and 2 with one: a tenth of all was 6 rows without any.
    const cut = withDev(task(tableOf([1, 1], 58)), { seed: 1 });
    expect([cut.dev?.size, cut.train?.size]).toEqual([1, 59]);
    expect(cut.dev?.labels?.[0]).toBeGreaterThanOrEqual(0);
    expect(withDev(task(tableOf([20, 20], 60)), { seed: 1 }).dev?.size).toBe(4);
    expect(() => withDev(task(tableOf([1, 0], 5)), { seed: 1 })).toThrow(/at least two labelled rows, .* got 1/);
  });

  const train = tableOf([600, 400]);
  const task: TextTask = {
    name: 't',
    train,
    labelNames: train.labelNames,
    metrics: ['accuracy'],
    isPair: false,
    isRegression: false,
  };

  test('cuts a tenth out of the training rows, and nothing is in both', () => {
    const cut = withDev(task, { seed: 3 });
    expect([labelCounts(cut.dev as TextTable), labelCounts(cut.train as TextTable)]).toEqual([
      [60, 40],
      [540, 360],
    ]);
    expect(new Set([...(cut.train?.ids ?? []), ...(cut.dev?.ids ?? [])])).toEqual(new Set(train.ids));
  });

  // It was 'dev dev, cut from train'.
  test('a file that is called dev.csv itself gives its name once', () => {
    expect(withDev({ ...task, name: 'dev' }, { seed: 3 }).dev?.name).toBe('dev, cut from train');
    expect(withDev({ ...task, name: 'trec' }, { seed: 3 }).dev?.name).toBe('trec dev, cut from train');
  });

  test('leaves a task alone that has one', () => {
    const whole = withDev(task, { seed: 3 });
    expect(withDev(whole, { seed: 4 })).toBe(whole);
  });

  test('a split that leaves nothing is refused', () => {
    expect(() => stratifiedSplit(train, { rows: 1_000 }, 1)).toThrow(
      /portion: wanted fewer than all 1000 rows, got 1000/u,
    );
  });
});
