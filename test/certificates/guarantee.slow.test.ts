import { describe, expect, test } from 'vitest';
import { type CalibrationRow, certifyThreshold, type Risk } from '../../src/certificates/threshold.js';
import { lowerRate } from '../../src/metrics/statistics.js';
import { RandomStream } from '../../src/tensor/random.js';
import { requests, riskOf } from './requests.js';
import { stoppedAt } from './streams.js';

/**
 * The claim itself: calibration rows are drawn from a population with replacement, 2,000 times; the population's own risk at the
 * threshold may exceed the bound in at most a share delta of them, as far as 2,000 draws can tell.
 */
describe('the guarantee', () => {
  const [DRAWS, ROWS] = [2000, 600];
  const delta = 0.1;
  const populations: readonly [string, (u: number) => number][] = [
    ['scores that tell', (u) => u],
    ['flat scores', () => 0.5],
    ['ties: three different scores', (u) => Math.round(u * 2) / 2],
    ['scores that mislead', (u) => 1 - u],
  ];
  const cases = populations.flatMap(([name, scoreOf]) =>
    ([{ kept: 0.08 }, { all: 0.06 }, { kept: 0.08, all: 0.06 }] as const).map((risk) => [name, risk, scoreOf] as const),
  );

  test.each(cases)('holds for %s and %o', (_name, risk, scoreOf) => {
    const random = new RandomStream(17, 'guarantee');
    const population = requests(8000, random, scoreOf);
    const scale = requests(2000, random, scoreOf).map(({ score }) => score);
    const risks = new Map<number, ReturnType<typeof riskOf>>();
    let exceeded = 0;
    for (let draw = 0; draw < DRAWS; draw++) {
      const rows = Array.from({ length: ROWS }, () => population[random.below(population.length)] as CalibrationRow);
      const { found } = certifyThreshold({ rows, scale, risk, delta });
      if (found === undefined) continue;
      const known = risks.get(found.threshold) ?? riskOf(population, found.threshold);
      risks.set(found.threshold, known);
      const asked: Risk = risk;
      if (known.kept > (asked.kept ?? 1) || known.all > (asked.all ?? 1)) exceeded += 1;
    }
    expect(lowerRate(exceeded, DRAWS, 0.05)).toBeLessThanOrEqual(delta);
  });

  test('holds for a population of one class that is always wrong, or always right: nothing and all of it is kept', () => {
    const scale = Float64Array.from({ length: 500 }, (_, i) => i / 500);
    const of = (isWrong: boolean) => Array.from({ length: ROWS }, (_, i) => ({ score: i / ROWS, isWrong }));
    const certify = (rows: readonly CalibrationRow[]) => certifyThreshold({ rows, scale, risk: { kept: 0.08 }, delta });
    expect(certify(of(true)).found).toBeUndefined();
    expect(certify(of(false)).found?.coverage.share).toBe(1);
    expect(certify([]).found).toBeUndefined();
  });

  test('says nothing of a shift: rows that are easier than the requests break it', () => {
    const random = new RandomStream(29, 'shift');
    const population = requests(8000, random);
    const scale = requests(2000, random).map(({ score }) => score);
    const easy = population.filter(({ isWrong }, row) => !isWrong || row % 4 === 0);
    let exceeded = 0;
    for (let draw = 0; draw < 400; draw++) {
      const rows = Array.from({ length: ROWS }, () => easy[random.below(easy.length)] as CalibrationRow);
      const { found } = certifyThreshold({ rows, scale, risk: { kept: 0.05 }, delta });
      if (found !== undefined && riskOf(population, found.threshold).kept > 0.05) exceeded += 1;
    }
    expect(lowerRate(exceeded, 400, 0.05)).toBeGreaterThan(delta);
  });

  test('is not vacuous: with starts that are chosen by the rows themselves it would fail', () => {
    const random = new RandomStream(23, 'cheat');
    const population = requests(8000, random, () => 0.5).map((row) => ({ ...row, score: random.uniform() }));
    const bound = riskOf(population, 0).kept;
    let exceeded = 0;
    for (let draw = 0; draw < 400; draw++) {
      const rows = Array.from({ length: ROWS }, () => population[random.below(population.length)] as CalibrationRow);
      const { tested } = certifyThreshold({
        rows,
        scale: rows.map(({ score }) => score),
        risk: { kept: 0.9 * bound },
        delta,
      });
      if (tested.some(({ p, threshold }) => p <= delta && riskOf(population, threshold).kept > 0.9 * bound))
        exceeded += 1;
    }
    expect(lowerRate(exceeded, 400, 0.05)).toBeGreaterThan(delta);
  });
});

describe('the audit', () => {
  // 600 streams of 10,000 exactly at the bound, as the claim is made: false stops in at most a share delta.
  test('stops a student that keeps to the bound in at most a share delta of streams', () => {
    const streams = 600;
    const random = new RandomStream(5, 'audit');
    let stopped = 0;
    for (let i = 0; i < streams; i++) if (stoppedAt(0.02, random) !== undefined) stopped += 1;
    expect(lowerRate(stopped, streams, 0.05)).toBeLessThanOrEqual(0.05);
    expect(stopped).toBeGreaterThan(0);
  });
});
