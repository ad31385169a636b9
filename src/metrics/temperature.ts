/**
 * @file Temperature scaling: one number that the logits are divided by, so that probabilities mean what they say. Guo, Pleiss,
 * Sun & Weinberger 2017, "On calibration of modern neural networks", arXiv:1706.04599, section 4.2. No answer changes by it.
 */
import { logSumExp } from '../tensor/logits.js';
import { RandomStream } from '../tensor/random.js';
import { countedRows, type Scored } from './answered.js';
import { fittedTemperature } from './fitted-temperature.js';
import { mean } from './statistics.js';

export type TemperatureChoice = {
  /** What to divide logits by: 1 where scaling did not help on rows that it was not fitted to. */
  readonly temperature: number;
  /** Fitted to all rows, applied or not. */
  readonly fitted: number;
  readonly isApplied: boolean;
  /** Mean −log p of the label on rows left out of the fit, in nats: without scaling and with. */
  readonly leftOut: { readonly before: number; readonly after: number };
  readonly rows: number;
};

const FOLDS = 5;
/** Of which a fifth says something. */
const ENOUGH_ROWS = 50;

/**
 * A fitted temperature, or 1 where it makes things worse: rows are divided into five parts (those of a text that is there twice
 * may fall into two), each is scored under the temperature that the other four have, and scaling is applied where their mean
 * cross-entropy falls.
 * @returns undefined for fewer than 50 labelled rows, and for a regression.
 */
export function chooseTemperature(scored: Scored, seed = 0): TemperatureChoice | undefined {
  const rows = scored.classes === 1 ? [] : countedRows(scored);
  if (rows.length < ENOUGH_ROWS) return undefined;
  const order = new RandomStream(seed, 'temperature-folds').permutation(rows.length);
  const part = (keep: (fold: number) => boolean) =>
    Array.from(order).flatMap((row, place) => (keep(place % FOLDS) ? [rows[row] as number] : []));
  const [before, after] = [[] as number[], [] as number[]];
  for (let out = 0; out < FOLDS; out++) {
    const temperature = temperatureOf(
      scored,
      part((fold) => fold !== out),
    );
    for (const row of part((fold) => fold === out)) {
      before.push(crossEntropy(scored, row, 1));
      after.push(crossEntropy(scored, row, temperature));
    }
  }
  const fitted = temperatureOf(scored, rows);
  const leftOut = { before: mean(before), after: mean(after) };
  const isApplied = leftOut.after < leftOut.before;
  return { temperature: isApplied ? fitted : 1, fitted, isApplied, leftOut, rows: rows.length };
}

function temperatureOf({ logits, classes, labels }: Scored, rows: readonly number[]): number {
  const [own, targets] = [new Float32Array(rows.length * classes), new Float32Array(rows.length * classes)];
  for (const [i, row] of rows.entries()) {
    own.set(logits.subarray(row * classes, (row + 1) * classes), i * classes);
    targets[i * classes + (labels[row] as number)] = 1;
  }
  return fittedTemperature(own, targets, classes);
}

/** −log softmax(z / T) of the label. */
function crossEntropy({ logits, classes, labels }: Scored, row: number, temperature: number): number {
  const scaled = Float64Array.from(logits.subarray(row * classes, (row + 1) * classes), (logit) => logit / temperature);
  return logSumExp(scaled) - (scaled[labels[row] as number] as number);
}
