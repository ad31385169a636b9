/** @file How far the time that was estimated may be off: a range for every place that shows one. */
import os from 'node:os';

/** In seconds. */
export type TimeRange = { readonly low: number; readonly high: number };

/** Either end is so far from the middle: together less than a factor of 1.6. What ten runs took: `npm run recipe -- plan-times`. */
const SPREAD = 1.26;

/** Around an estimate. */
export function timeRange(seconds: number): TimeRange {
  return { low: seconds / SPREAD, high: seconds * SPREAD };
}

/** What is at work on the machine, and how much of it can be at a time. */
export type MachineLoad = { readonly load: number; readonly cores: number };

/** In the mean of the last minute; 0 where the system does not say. */
export function machineLoad(): MachineLoad {
  return { load: os.loadavg()[0] ?? 0, cores: os.availableParallelism() };
}

/** Whether times that were measured now hold only while the machine stays as busy. */
export function isBusy({ load, cores }: MachineLoad): boolean {
  return load > cores;
}
