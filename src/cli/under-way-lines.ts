/** @file Who works on a shared experiment, as lines for a log. */

import { formatCount } from '../errors/number-text.js';
import type { ExperimentEvent } from '../experiments/experiment.js';
import { TRIES } from '../files/lease-folder.js';

type UnderWay = Extract<ExperimentEvent, { readonly type: 'under-way' }>;

/** Between two lines about the same runs. */
const LINE_MS = 30_000;
/** Of many, those that are named. */
const NAMED = 4;

export class UnderWayLines {
  readonly #now: () => number;
  #saidAt = Number.NEGATIVE_INFINITY;
  #said = '';
  readonly #failures = new Map<string, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A line of who has what, every half minute where something has moved, and one for each failure. */
  take({ held, failed }: UnderWay): readonly string[] {
    const lines: string[] = [];
    for (const { unit, times } of failed) {
      if ((this.#failures.get(unit) ?? 0) >= times) continue;
      this.#failures.set(unit, times);
      lines.push(`${unit} failed, ${times} of ${TRIES} times: retort status says why`);
    }
    const time = this.#now();
    if (time - this.#saidAt < LINE_MS) return lines;
    const named = held
      .slice(0, NAMED)
      .map(({ unit, worker, fraction }) => `${unit} ${Math.floor(100 * fraction)} % (${worker})`);
    const others = held.length > NAMED ? ` and ${formatCount(held.length - NAMED)} more` : '';
    const line =
      held.length === 0
        ? 'nobody has a run at the moment: workers take them'
        : `under way: ${named.join(', ')}${others}`;
    if (line === this.#said) return lines;
    this.#said = line;
    this.#saidAt = time;
    return [...lines, line];
  }
}
