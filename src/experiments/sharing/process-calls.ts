/** @file What a process that does units for another asks it, and is told. */
import type { Lease, WorkSource } from '../../files/work-source.js';
import type { SentError } from '../arm-run.js';

/** Calls of a source that are answered; `renew` is told, and answered only once the lease is lost. */
export type CallName = Exclude<keyof WorkSource, 'renew' | 'close'>;

/** @param folder of the source, below the output folder, with '/' */
export type FromWorker = { readonly folder: string } & (
  | { readonly type: 'call'; readonly id: number; readonly call: CallName; readonly args: readonly unknown[] }
  | { readonly type: 'renew'; readonly lease: Lease; readonly fraction: number; readonly seconds: number }
);

export type ToWorker =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: SentError }
  | { readonly type: 'lost'; readonly folder: string; readonly lease: Lease };

/** A lease among those of several sources. */
export function leaseKey(folder: string, { unit, number }: Lease): string {
  return `${folder} ${unit} ${number}`;
}

/** What tells a process that its work comes from the one that started it. */
export const FROM_PARENT = 'RETORT_WORK_FROM_PARENT';
