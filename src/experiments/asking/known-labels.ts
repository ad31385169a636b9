/** @file What is known of texts that a teacher is asked about, and how right and how sure it is of them. */
import type { TextTable } from '../../data/text-table.js';
import { type Calibration, calibrationOf } from '../../metrics/calibration.js';
import { wilsonInterval } from '../../metrics/wilson-interval.js';
import { NO_LABEL } from '../../tensor/no-label.js';

/** Of texts whose label is known: how many are right, with a 95 % interval, and what the probabilities are worth. */
export type Known = {
  readonly rows: number;
  readonly right: number;
  readonly interval: readonly [low: number, high: number];
  /** Mean of the largest probability. */
  readonly confidence: number;
  readonly calibration: Calibration;
};

/** Numbers of the labels that are asked for; undefined where none is known. */
export function goldLabels(
  { labels, labelNames: own, name }: TextTable,
  labelNames: readonly string[],
  onNotice: (text: string) => void,
): Int32Array | undefined {
  if (labels === undefined) return undefined;
  const numbers = own.map((label) => labelNames.indexOf(label));
  const unknown = own.filter((_, i) => (numbers[i] as number) < 0);
  if (unknown.length > 0) {
    const some = unknown.slice(0, 3).join(', ');
    onNotice(
      `${name} has ${unknown.length} labels that are not asked for (${some}): their rows are compared with nothing`,
    );
  }
  return labels.map((label) => (label === NO_LABEL ? NO_LABEL : toLabel(numbers[label])));
}

function toLabel(number: number | undefined): number {
  return number === undefined || number < 0 ? NO_LABEL : number;
}

export class KnownLabels {
  readonly #classes: number;
  readonly #logits: number[] = [];
  readonly #labels: number[] = [];
  #right = 0;
  #confidence = 0;

  constructor(classes: number) {
    this.#classes = classes;
  }

  add(logProbs: readonly number[], label: number, best: number): void {
    this.#logits.push(...logProbs);
    this.#labels.push(label);
    this.#right += best === label ? 1 : 0;
    this.#confidence += Math.exp(logProbs[best] as number);
  }

  result(): Known | undefined {
    const [rows, right] = [this.#labels.length, this.#right];
    const scored = {
      logits: Float32Array.from(this.#logits),
      classes: this.#classes,
      labels: Int32Array.from(this.#labels),
    };
    const calibration = calibrationOf(scored);
    if (calibration === undefined) return undefined;
    return { rows, right, interval: wilsonInterval(right, rows), confidence: this.#confidence / rows, calibration };
  }
}
