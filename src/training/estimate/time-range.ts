/** @file How far the time that was estimated may be off: a range for every place that shows one. */
import os from 'node:os';
import process from 'node:process';

/** In seconds. */
export type TimeRange = { readonly low: number; readonly high: number };

/** Either end is so far from the middle: together less than a factor of 1.6. What ten runs took: `npm run recipe -- plan-times`. */
const SPREAD = 1.26;

/** Around an estimate. */
export function timeRange(seconds: number): TimeRange {
  return { low: seconds / SPREAD, high: seconds * SPREAD };
}

/** What is at work on the machine, and how much of it can be at a time. */
export type MachineLoad = {
  /** In the mean of the last minute; 0 where the system does not say. */
  readonly load: number;
  readonly cores: number;
  /** Of the time of all cores, while something was timed: the share of other processes. */
  readonly others: number;
};

/** Seconds that all cores were given to work, or not, and those of them that this process had. */
export type MachineTimes = { readonly busy: number; readonly idle: number; readonly own: number };

/** Up to now. */
export function machineTimes(): MachineTimes {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / 1000;
  const times = os.cpus().map((core) => core.times);
  const { user, system } = process.cpuUsage();
  return {
    busy: sum(times.map((of) => of.user + of.nice + of.sys + of.irq)),
    idle: sum(times.map(({ idle }) => idle)),
    own: (user + system) / 1e6,
  };
}

/** @param since when what was timed began */
export function machineLoad(since: MachineTimes, now: MachineTimes = machineTimes()): MachineLoad {
  const busy = now.busy - since.busy;
  const all = busy + now.idle - since.idle;
  return {
    load: os.loadavg()[0] ?? 0,
    cores: os.availableParallelism(),
    others: all > 0 ? Math.max(0, busy - (now.own - since.own)) / all : 0,
  };
}

/** Of the time of all cores: fewer others change no time beyond its range. */
const QUIET = 0.1;

/** Whether times that were measured now hold only while the machine stays as busy. */
export function isBusy({ load, cores, others }: MachineLoad): boolean {
  return load > cores || others > QUIET;
}
