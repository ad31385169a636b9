/** @file One arm on one seed: what runs it, and how it fails. */
import { join } from 'node:path';
import process from 'node:process';
import { type ErrorDetails, type ExitCode, RetortError } from '../errors/retort-error.js';
import type { Json } from '../options/json.js';
import type { ArmResult } from './arm-result.js';

const RUNS = 'runs';

/** One way to train, by name; whatever else it has is its settings. Plain JSON, since it is written down and sent. */
export type Arm = { readonly name: string; readonly [setting: string]: Json | undefined };

/** What all arms have in common. */
export type Settings = { readonly [setting: string]: Json | undefined };

export type RunContext = {
  readonly settings: Settings;
  /** Aborted when the user asks to stop: end soon, by throwing. Never aborted in a child process, which gets SIGTERM. */
  readonly signal: AbortSignal;
  /** Tells how far this run is, 0 … 1. */
  readonly progress: (fraction: number) => void;
};

/** Trains and evaluates one arm with one seed. It must give the same for the same arm, seed and settings. */
export type ArmRun<A extends Arm = Arm> = (arm: A, seed: number, context: RunContext) => Promise<TimedResult>;

/** `seconds`: what training took, calls before an interruption included. Default: what the call took. */
export type TimedResult = ArmResult & { readonly seconds?: number };

/** A run of an arm that failed. The other runs are kept. */
export class ArmError extends RetortError {
  override readonly exitCode: ExitCode;

  constructor(details: ErrorDetails, exitCode: ExitCode = 1) {
    super(details);
    this.exitCode = exitCode;
  }
}

/** The folder of a run, from that of the experiment. */
export function runFolder(arm: string, seed: number): string {
  return join(RUNS, `${arm}-${seed}`);
}

export function placeOf(arm: string, seed: number): string {
  return `arm ${arm}, seed ${seed}`;
}

/** A user's failure with arm and seed before its place; our own defects as they are. */
export function inArm(error: unknown, arm: string, seed: number): unknown {
  if (!(error instanceof RetortError)) return error;
  const { where, wanted, got, fix, exitCode } = error;
  const details = { where: `${placeOf(arm, seed)}: ${where}`, wanted, got, cause: error };
  return new ArmError({ ...details, ...(fix !== undefined && { fix }) }, exitCode);
}

export type MeasuredResult = {
  readonly result: ArmResult;
  readonly seconds: number;
  /** The most memory that the process has held so far. */
  readonly peakRssBytes: number;
};

/**
 * Runs an arm and says what it took.
 * @throws ArmError for a score that is none. It is looked at on this side, since NaN does not survive the way.
 */
export async function measured(work: () => Promise<TimedResult>): Promise<MeasuredResult> {
  const started = performance.now();
  const { seconds: trained = 0, ...result } = await work();
  const seconds = Math.max(trained, (performance.now() - started) / 1000);
  for (const { score } of [result, result.test ?? []].flat()) {
    if (score >= -1 && score <= 1) continue;
    throw new ArmError({ where: 'score', wanted: 'a number from -1 to 1', got: String(score) });
  }
  // Node gives maxRSS in kibibytes on every system.
  return { result, seconds, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}

/** An error as a message between processes. */
export type SentError =
  | { readonly kind: 'retort'; readonly details: Omit<ErrorDetails, 'cause'>; readonly exitCode: ExitCode }
  | { readonly kind: 'defect'; readonly text: string };

export function sentError(error: unknown): SentError {
  if (!(error instanceof RetortError)) {
    return { kind: 'defect', text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const { where, wanted, got, fix, exitCode } = error;
  return { kind: 'retort', details: { where, wanted, got, ...(fix !== undefined && { fix }) }, exitCode };
}

export function receivedError(sent: SentError): Error {
  return sent.kind === 'retort' ? new ArmError(sent.details, sent.exitCode) : new Error(sent.text);
}
