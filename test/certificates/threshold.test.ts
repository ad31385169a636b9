import { describe, expect, test } from 'vitest';
import { type CertifyOptions, certifyThreshold, deltaOf, type Risk, STARTS } from '../../src/certificates/threshold.js';
import { RandomStream } from '../../src/tensor/random.js';
import { requests } from './requests.js';

describe('certifyThreshold', () => {
  const scale = Float64Array.from({ length: 1000 }, (_, i) => i / 1000);
  const perfect = Array.from({ length: 400 }, (_, i) => ({ score: i / 400, isWrong: false }));

  test('proves the loosest threshold of a student that is always right, and how much may be left', () => {
    const { found, rows, deltaOfChain } = certifyThreshold({
      rows: perfect,
      scale,
      risk: { kept: 0.02 },
      delta: 0.05,
    });
    expect(rows).toBe(400);
    expect(deltaOfChain).toBeCloseTo(0.01);
    // By hand: the grid's last threshold is its lowest score. Without an error the limit is that of 0.98^400 = δ.
    expect(found).toMatchObject({ threshold: 0, share: 1, kept: 400, wrong: 0 });
    expect(found?.p).toBeCloseTo(0.98 ** 400, 10);
    expect(found?.upper.kept).toBeCloseTo(1 - 0.05 ** (1 / 400), 8);
  });

  // By hand: 0.98^n <= 0.01 from n = 228 on, the chain's share of delta, though 149 rows would do for delta itself.
  test('says nothing of rows that are too few, however right they are', () => {
    const few = (count: number) => perfect.slice(0, count).map((row) => ({ ...row, score: 1 }));
    const options = { scale: [1], risk: { kept: 0.02 }, delta: 0.05 };
    expect(certifyThreshold({ ...options, rows: few(227) }).found).toBeUndefined();
    expect(certifyThreshold({ ...options, rows: few(228) }).found).toBeDefined();
    expect(certifyThreshold({ ...options, rows: [] }).found).toBeUndefined();
  });

  test('stops a chain at its first failure: what passes beyond it counts for nothing', () => {
    // Right at 0.6 and above, wrong from 0.6 down to 0.5, right below: the risk falls under the bound again at the end.
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      score: i / 20_000,
      isWrong: i >= 11_600 && i < 12_000,
    }));
    const { found, tested } = certifyThreshold({ rows, scale, risk: { kept: 0.03 }, delta: 0.05 });
    expect(tested.at(-1)?.p).toBeLessThan(0.01);
    // By hand: 400 of 13,333 rows are 3 %, two thirds of them. The chains from 20 % and 40 % stop before the errors, that from 60 %
    // at its first step (400 of 12,000); those from 75 % on start beyond them.
    expect(found?.start).toBe(0.75);
    const stricter = certifyThreshold({
      rows: rows.map((row, i) => ({ ...row, isWrong: i % 20 === 0 })),
      scale,
      risk: { kept: 0.03 },
      delta: 0.05,
    });
    expect(stricter.found).toBeUndefined();
  });

  test('proves a bound on all rows where the rows that it keeps have more errors', () => {
    const rows = requests(3000, new RandomStream(3, 'rows'));
    const at = (risk: Risk) =>
      certifyThreshold({ rows, scale: rows.map(({ score }) => score), risk, delta: 0.05 }).found;
    const [kept, all, both] = [at({ kept: 0.05 }), at({ all: 0.05 }), at({ kept: 0.05, all: 0.05 })];
    expect(all?.share).toBeGreaterThan(kept?.share ?? 1);
    // Both at once: the stricter of the two, and no correction for there being two.
    expect(both).toEqual(kept);
  });

  test('an answer of -Infinity is never given, and its rows count for the bound on all of them', () => {
    const rows = [...perfect, ...perfect.map(() => ({ score: -Infinity, isWrong: true }))];
    const withRare = [...scale, ...Array.from({ length: 500 }, () => -Infinity)];
    const { found } = certifyThreshold({ rows, scale: withRare, risk: { kept: 0.02 }, delta: 0.05 });
    expect(found).toMatchObject({ threshold: 0, kept: 400, wrong: 0 });
    expect(found?.share).toBeCloseTo(2 / 3);
    expect(found?.coverage.share).toBe(0.5);
  });

  test.each<[string, Partial<CertifyOptions>, RegExp]>([
    ['no bound', { risk: {} }, /risk.*a bound on the rows that the student keeps, on all rows, or both.*none/s],
    ['a risk of 0', { risk: { all: 0 } }, /risk on all rows.*between 0 and 1.*0/s],
    ['percent for shares', { delta: 5 }, /delta.*between 0 and 1.*5/s],
    ['no scale', { scale: [] }, /scale.*texts outside training and calibration.*none/s],
    ['NaN', { scale: [0.5, NaN] }, /scale.*NaN/s],
    ['a score that is NaN', { rows: [{ score: NaN, isWrong: false }] }, /calibration.*NaN/s],
  ])('refuses %s', (_name, part, message) => {
    expect(() => certifyThreshold({ rows: perfect, scale, risk: { kept: 0.02 }, delta: 0.05, ...part })).toThrow(
      message,
    );
  });
});

describe('deltaOf', () => {
  test('adds up to delta over all rounds, and is divided among the students of one', () => {
    let sum = 0;
    for (let round = 1; round < 20_000; round++) sum += deltaOf({ delta: 0.05, round });
    expect(sum).toBeCloseTo(0.05, 5);
    expect(sum).toBeLessThan(0.05);
    expect(deltaOf({ delta: 0.05, students: 4, round: 2 })).toBeCloseTo(deltaOf({ delta: 0.05 }) / 16, 12);
    expect(() => deltaOf({ delta: 0.05, round: 0 })).toThrow(/round.*integer ≥ 1.*0/s);
  });

  test('starts are a list in rising order, so that chains are fixed before a row is seen', () => {
    expect([...STARTS].sort()).toEqual([...STARTS]);
  });
});
