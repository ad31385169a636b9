/**
 * @file Whether probabilities mean what they say: of the rows that a model is 80 % sure of, are 80 % right? Measured of the class
 * that a model answers (top-label calibration), by logits and labels.
 */
import { argmax, logSoftmax } from '../tensor/logits.js';
import { countedRows, type Scored } from './answered.js';
import { meanFoldedNormal } from './statistics.js';
import { wilsonInterval } from './wilson-interval.js';

export type ReliabilityBin = {
  readonly rows: number;
  /** Mean probability of the answers. */
  readonly confidence: number;
  /** Share that is right, with Wilson's 95 % interval. */
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
};

export type Calibration = {
  readonly rows: number;
  /** Mean −log p of the label, in nats. */
  readonly nll: number;
  /** Mean Σ_c (p_c − [c is the label])², from 0 to 2. */
  readonly brier: number;
  /** Expected calibration error, debiased: see `calibrationOf`. */
  readonly ece: number;
  /** The same as it is usually given: what chance alone gives to each bin is in it. */
  readonly eceAsCounted: number;
  /** In the order of their confidence: what a reliability diagram shows. */
  readonly bins: readonly ReliabilityBin[];
};

/** As Guo et al. 2017 have. */
const BINS = 15;

/**
 * ECE = Σ_b (n_b / N) |d_b|, d_b = accuracy_b − confidence_b, over bins of equal mass, that is of as many rows each (equal widths
 * leave most rows of a good model in one). Chance alone makes |d_b| larger than the true difference δ_b is, by the mean of |x| for
 * x normal around δ_b with σ_b² = a (1 − a) / n_b, less |δ_b|: that is taken off (Kumar, Liang & Ma 2019, "Verified uncertainty
 * calibration", section 5). Departure: their code takes d_b for δ_b, which leaves more than half of the bias in; here it is
 * √max(0, d_b² − σ_b²), their own estimate of the square. 0 at the least.
 * @param temperature The logits are divided by it.
 * @returns undefined where no row has a label, and for a regression.
 */
export function calibrationOf(scored: Scored, temperature = 1, bins = BINS): Calibration | undefined {
  const { classes: C, labels } = scored;
  const rows = C === 1 ? [] : countedRows(scored);
  if (rows.length === 0) return undefined;
  const answers = new Array<{ readonly confidence: number; readonly isRight: boolean }>(rows.length);
  let [nll, brier] = [0, 0];
  for (const [i, row] of rows.entries()) {
    const logits = Float64Array.from({ length: C }, (_, c) => (scored.logits[row * C + c] as number) / temperature);
    const logProbs = logSoftmax(logits, C);
    const label = labels[row] as number;
    const best = argmax(logProbs);
    for (const [c, logProb] of logProbs.entries()) brier += (Math.exp(logProb) - (c === label ? 1 : 0)) ** 2;
    nll -= logProbs[label] as number;
    answers[i] = { confidence: Math.exp(logProbs[best] as number), isRight: best === label };
  }
  answers.sort((a, b) => a.confidence - b.confidence);
  const N = rows.length;
  const filled = Array.from({ length: Math.min(bins, N) }, (_, b) => {
    const [from, to] = [Math.floor((b * N) / Math.min(bins, N)), Math.floor(((b + 1) * N) / Math.min(bins, N))];
    return binOf(answers.slice(from, to));
  });
  let [ece, eceAsCounted] = [0, 0];
  for (const { rows: n, confidence, accuracy } of filled) {
    const difference = accuracy - confidence;
    const variance = (accuracy * (1 - accuracy)) / n;
    const shrunk = Math.sqrt(Math.max(0, difference ** 2 - variance));
    const bias = meanFoldedNormal(shrunk, Math.sqrt(variance)) - shrunk;
    eceAsCounted += (n / N) * Math.abs(difference);
    ece += (n / N) * (Math.abs(difference) - bias);
  }
  // A sum of logarithms of nearly 1 may round to a little below 0.
  return { rows: N, nll: Math.max(0, nll / N), brier: brier / N, ece: Math.max(0, ece), eceAsCounted, bins: filled };
}

function binOf(answers: readonly { readonly confidence: number; readonly isRight: boolean }[]): ReliabilityBin {
  const right = answers.filter(({ isRight }) => isRight).length;
  const [low, high] = wilsonInterval(right, answers.length);
  // A mean of probabilities may round to a little over 1.
  const confidence = Math.min(1, answers.reduce((sum, answer) => sum + answer.confidence, 0) / answers.length);
  return { rows: answers.length, confidence, accuracy: right / answers.length, low, high };
}
