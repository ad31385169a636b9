/** @file How far a teacher is with its answers, as lines for a log and as one line for a bar. */
import { formatCount } from '../errors/number-text.js';
import { formatDuration, formatSeconds } from './numbers.js';

export type LabellingView = {
  /** Rows that are answered now, of those that have to be. */
  readonly done: number;
  readonly total: number;
  /** Rows whose answers were there already. */
  readonly known: number;
  /** What it cost so far, in words. */
  readonly cost?: string;
};

/** Between two lines about the same rows, where there is no bar. */
const LINE_MS = 30_000;

export class LabellingLines {
  readonly #now: () => number;
  #name = '';
  #view: LabellingView = { done: 0, total: 0, known: 0 };
  #startedAt = 0;
  #first = 0;
  #saidAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A line when it starts and one when it is done; with `often` one every half minute between. */
  take(name: string, view: LabellingView, often: boolean): readonly string[] {
    const before = this.#view;
    const isSame = name === this.#name && view.total === before.total && view.known === before.known;
    if (isSame && view.done === before.done) return [];
    const isNew = !isSame || view.done < before.done;
    this.#name = name;
    this.#view = view;
    const time = this.#now();
    const lines: string[] = [];
    if (isNew) {
      this.#startedAt = time;
      this.#saidAt = time;
      this.#first = view.done;
      // Of equal texts one alone is asked for.
      const all = view.known > 0 ? ` of ${formatCount(view.total + view.known)}` : '';
      const known = view.known > 0 ? `, ${formatCount(view.known)} are cached or of equal texts` : '';
      lines.push(
        view.total === 0
          ? `${name}: all ${formatCount(view.known)} outputs are cached`
          : `${name}: ${formatCount(view.total)}${all} outputs to compute${known}`,
      );
    }
    if (view.total === 0) return lines;
    if (view.done === view.total) {
      const took = formatSeconds((time - this.#startedAt) / 1000);
      lines.push(`${name}: ${formatCount(view.done)} outputs computed in ${took}`);
    } else if (often && time - this.#saidAt >= LINE_MS) {
      this.#saidAt = time;
      lines.push(`${name}: ${this.text()}`);
    }
    return lines;
  }

  get fraction(): number {
    return this.#view.total === 0 ? 1 : this.#view.done / this.#view.total;
  }

  /** `3,000 of 8,000 rows  250 rows/s  0:20 left`. */
  text(): string {
    const { done, total, cost } = this.#view;
    const rate = (done - this.#first) / ((this.#now() - this.#startedAt) / 1000);
    const hasRate = Number.isFinite(rate) && rate > 0;
    const speed = rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate));
    return [
      `${formatCount(done)} of ${formatCount(total)} rows`,
      ...(hasRate ? [`${speed} rows/s`, `${formatDuration((total - done) / rate)} left`] : []),
      ...(cost === undefined ? [] : [cost]),
    ].join('  ');
  }
}
