/** @file The columns of a table of times: retort, and PyTorch in each of its modes, compiled in the fastest of them too. */
import { median, spread } from './figures.js';
import { hasPyTorch, pytorchModes } from './peers/peer.js';

export const RETORT = 'retort';
export const COMPILED = 'compiled';

/** Names in order: those that `wanted` lists with commas, else all; `others` come after PyTorch's, which need a PyTorch. */
export function columnNames(wanted: string | undefined, others: readonly string[] = []): readonly string[] {
  if (wanted === RETORT || !hasPyTorch()) return [RETORT];
  const all = [RETORT, ...pytorchModes(), COMPILED, ...others];
  const chosen = wanted?.split(',') ?? all;
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--columns: wanted some of ${all.join(', ')}, got ${unknown.join(', ')}`);
  return all.filter((name) => chosen.includes(name));
}

/** The columns in the order of a round: each is first once, but `compiled` never in the first round (see `flagsOf`). */
export function orderOf(columns: readonly string[], round: number): readonly string[] {
  const first = round % columns.length;
  return [...columns.slice(first), ...columns.slice(0, first)];
}

/** Times by column and case, one for each round. */
export class Times {
  readonly #byColumn = new Map<string, Map<string, number[]>>();

  add(column: string, name: string, time: number): void {
    const cases = this.#byColumn.get(column) ?? new Map<string, number[]>();
    cases.set(name, [...(cases.get(name) ?? []), time]);
    this.#byColumn.set(column, cases);
  }

  of(column: string, name: string): readonly number[] {
    return this.#byColumn.get(column)?.get(name) ?? [];
  }

  median(column: string, name: string): number {
    return median(this.of(column, name));
  }

  /** A row of a table in Markdown: each column's time, and retort's ratio to it, round by round. */
  row(name: string, columns: readonly string[], digits = 0): string {
    const ours = this.of(RETORT, name);
    const cells = columns.map((column) => {
      const times = this.of(column, name);
      if (column === RETORT || times.length === 0 || ours.length === 0) return spread(times, digits);
      const ratios = times.map((time, round) => time / (ours[round] ?? Number.NaN));
      return `${spread(times, digits)}; ${spread(ratios, 2)}`;
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  }

  /** PyTorch's flags for a mode, or for `compiled`: in the mode that took least in the first round, all cases together. */
  flagsOf(column: string): readonly string[] {
    if (column !== COMPILED) return ['--mode', column];
    const sum = (mode: string) => {
      const cases = [...(this.#byColumn.get(mode)?.values() ?? [])];
      return cases.reduce((total, times) => total + (times[0] ?? 0), cases.length === 0 ? Number.POSITIVE_INFINITY : 0);
    };
    const [best] = [...pytorchModes()].sort((a, b) => sum(a) - sum(b));
    return ['--compile', '--mode', best ?? ''];
  }
}
