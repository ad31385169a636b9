/** @file A unit of work as a job of BullMQ: what its fields say of failures, of who has it, and how far that is. */
import type { ProcessIdentity } from '../files/process-identity.js';
import { isJsonObject, objectOf, parsedJson } from '../options/json.js';

/** Failures that were forgiven: as many of each kind count no more. */
export type Forgiven = { readonly failed: number; readonly stalled: number; readonly reasons: number };

/** What its owner says of a job that is held. */
export type Told = {
  readonly number: number;
  readonly owner: ProcessIdentity;
  readonly fraction: number;
  readonly seconds: number;
  /** Of owners before, who ended without a word. */
  readonly ended: readonly string[];
};

/** Counts as BullMQ has them. */
export type Counts = {
  /** Starts, which number the leases. */
  readonly started: number;
  /** Ended with a reason, and without a word. */
  readonly failed: number;
  readonly stalled: number;
};

/** What Redis has of a job. */
export type JobFields = {
  readonly counts: Counts;
  /** As they came. */
  readonly data: unknown;
  readonly progress: unknown;
  readonly stacktrace: string | null;
  /** With a result or set aside. */
  readonly isFinished: boolean;
  readonly hasResult: boolean;
  readonly isLocked: boolean;
};

export function failuresOf({ failed, stalled }: Counts, data: unknown): number {
  const forgiven = forgivenOf(data);
  return Math.max(0, failed - forgiven.failed) + Math.max(0, stalled - forgiven.stalled);
}

/** @param data of the job, as it came */
export function forgivenOf(data: unknown): Forgiven {
  const { forgiven } = objectOf(data);
  const { failed, stalled, reasons } = objectOf(forgiven);
  return { failed: countOf(failed), stalled: countOf(stalled), reasons: countOf(reasons) };
}

/** What the progress of a job says; undefined for one that nobody has had. */
export function toldOf(progress: unknown): Told | undefined {
  const { number, owner, fraction, seconds, ended } = objectOf(progress);
  if (typeof number !== 'number' || !isIdentity(owner)) return undefined;
  return {
    number,
    owner,
    fraction: typeof fraction === 'number' ? fraction : 0,
    seconds: typeof seconds === 'number' ? seconds : 0,
    ended: textsOf(ended),
  };
}

/** Why its owners ended without a word, after one more may have. @param stalled how often that was in all */
export function endedAfter(before: Told | undefined, stalled: number): readonly string[] {
  const known = before?.ended ?? [];
  if (known.length >= stalled) return known;
  const last = before === undefined ? 'its owner' : `its owner, process ${before.owner.pid} on ${before.owner.host},`;
  const unknown = Array.from({ length: stalled - known.length - 1 }, () => endOf('its owner'));
  return [...known, ...unknown, endOf(last)];
}

/** Reasons that count still: those that were told, then those of owners without a word. */
export function reasonsOf({ stacktrace, progress, counts, data }: JobFields): string[] {
  const forgiven = forgivenOf(data);
  const given = textsOf(parsedJson(stacktrace ?? '[]')).slice(forgiven.reasons);
  return [...given, ...endedAfter(toldOf(progress), counts.stalled).slice(forgiven.stalled)];
}

function endOf(owner: string): string {
  return `${owner} ended without a word`;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (!isJsonObject(value)) return false;
  const { pid, started, machine, host } = value;
  return typeof pid === 'number' && [started, machine, host].every((part) => typeof part === 'string');
}
