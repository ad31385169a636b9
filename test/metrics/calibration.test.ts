import { describe, expect, test } from 'vitest';
import { calibrationOf } from '../../src/metrics/calibration.js';
import { chooseTemperature } from '../../src/metrics/temperature.js';
import { NO_LABEL } from '../../src/tensor/no-label.js';
import { RandomStream } from '../../src/tensor/random.js';

/** Rows of two classes whose answer has these probabilities; right or not. */
function rows(answers: readonly (readonly [confidence: number, isRight: boolean])[]) {
  return {
    logits: Float32Array.from(answers.flatMap(([p]) => [Math.log(p), Math.log(1 - p)])),
    classes: 2,
    labels: Int32Array.from(answers, ([, isRight]) => (isRight ? 0 : 1)),
  };
}

/** N rows of C classes from a model whose probabilities are true; its logits are multiplied by `factor`. */
function sampled(count: number, classes: number, factor: number, seed: number) {
  const random = new RandomStream(seed, 'calibration');
  const [logits, labels] = [new Float32Array(count * classes), new Int32Array(count)];
  for (let row = 0; row < count; row++) {
    const own = Array.from({ length: classes }, () => 1.5 * random.normal());
    const powers = own.map(Math.exp);
    let left = random.uniform() * powers.reduce((sum, power) => sum + power, 0);
    let label = 0;
    for (; label < classes - 1 && left >= (powers[label] as number); label++) left -= powers[label] as number;
    labels[row] = label;
    logits.set(
      own.map((logit) => logit * factor),
      row * classes,
    );
  }
  return { logits, classes, labels };
}

describe('calibrationOf', () => {
  // By hand: two bins of two rows; 0.6 and 0.8 of which half is right, 0.9 and 0.9 of which all are.
  test('counts by bins of equally many rows', () => {
    const scored = rows([
      [0.9, true],
      [0.6, true],
      [0.9, true],
      [0.8, false],
    ]);
    const found = calibrationOf(scored, 1, 2);
    expect(found?.rows).toBe(4);
    expect(found?.bins.map(({ rows: n, accuracy }) => [n, accuracy])).toEqual([
      [2, 0.5],
      [2, 1],
    ]);
    expect(found?.bins[0]?.confidence).toBeCloseTo(0.7, 6);
    expect(found?.eceAsCounted).toBeCloseTo(0.5 * 0.2 + 0.5 * 0.1, 6);
    expect(found?.nll).toBeCloseTo(-(2 * Math.log(0.9) + Math.log(0.6) + Math.log(0.2)) / 4, 6);
    expect(found?.brier).toBeCloseTo((2 * 2 * 0.01 + 2 * 0.16 + 2 * 0.64) / 4, 6);
  });

  // Over draws of true probabilities the usual count is 0.8 standard errors of a bin, the debiased one less than a third of it.
  test('is near 0 for true probabilities, where the usual count is not', () => {
    const found = Array.from({ length: 20 }, (_, seed) => calibrationOf(sampled(2000, 4, 1, seed)));
    const mean = (of: 'ece' | 'eceAsCounted') => found.reduce((sum, one) => sum + (one?.[of] ?? NaN), 0) / found.length;
    expect(mean('eceAsCounted')).toBeGreaterThan(0.02);
    expect(mean('ece')).toBeLessThan(mean('eceAsCounted') / 3);
    for (const { low, confidence, high } of found[0]?.bins ?? []) {
      expect(low - 0.05).toBeLessThan(confidence);
      expect(high + 0.05).toBeGreaterThan(confidence);
    }
  });

  test('sees a model that is too sure, until its logits are divided', () => {
    const tooSure = sampled(2000, 4, 3, 1);
    expect(calibrationOf(tooSure)?.ece).toBeGreaterThan(0.1);
    expect(calibrationOf(tooSure, 3)?.ece).toBeCloseTo(calibrationOf(sampled(2000, 4, 1, 1))?.ece ?? NaN, 6);
  });

  test('leaves out rows without a label; says nothing where there is none, or of a regression', () => {
    const scored = rows([
      [0.9, true],
      [0.6, true],
    ]);
    expect(calibrationOf({ ...scored, labels: Int32Array.of(NO_LABEL, 0) })?.rows).toBe(1);
    expect(calibrationOf({ ...scored, labels: Int32Array.of(NO_LABEL, NO_LABEL) })).toBeUndefined();
    expect(calibrationOf({ ...scored, classes: 1 })).toBeUndefined();
  });
});

describe('chooseTemperature', () => {
  test('scales where rows that were left out gain by it, and not where they lose', () => {
    const off = chooseTemperature(sampled(400, 4, 3, 4));
    expect(off).toMatchObject({ isApplied: true, rows: 400 });
    expect(off?.temperature).toBe(off?.fitted);
    expect((off?.fitted ?? 0) / 3).toBeCloseTo(1, 0);
    expect(off?.leftOut.after).toBeLessThan(off?.leftOut.before ?? 0);
    // Of true probabilities a fitted temperature is noise: about half of the draws lose by it, this one among them.
    const isKept = [5, 6, 7, 8, 9].map((seed) => chooseTemperature(sampled(60, 3, 1, seed)));
    const lost = isKept.find((choice) => choice?.isApplied === false);
    expect(lost?.temperature).toBe(1);
    expect(lost?.leftOut.after).toBeGreaterThanOrEqual(lost?.leftOut.before ?? Infinity);
  });

  test('says nothing of fewer than 50 rows, and is the same each time', () => {
    expect(chooseTemperature(sampled(49, 3, 2, 1))).toBeUndefined();
    expect(chooseTemperature(sampled(80, 3, 2, 1))).toEqual(chooseTemperature(sampled(80, 3, 2, 1)));
  });
});
