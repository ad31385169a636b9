/** @file How benches print: the machine, and a median with its spread. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** The machine and the versions that a figure belongs to. */
export function machine(): string {
  const [cpu] = cpus();
  const { node } = process.versions;
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${cpu?.model.trim()}, ${availableParallelism()} cores, ${memory} GiB, Node ${node}, load ${load}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** `median (min–max, n)`. */
export function spread(values: readonly number[], digits = 1): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)}, n ${values.length})`;
}
