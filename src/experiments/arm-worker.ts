/** @file The child's side of arms that run in parallel. */
import process from 'node:process';
import {
  type Arm,
  type ArmRun,
  type MeasuredResult,
  measured,
  type SentError,
  type Settings,
  sentError,
} from './arm-run.js';

/** What the parent sends: one at a time, the next after the answer. */
export type ArmRequest = { readonly arm: Arm; readonly seed: number; readonly settings: Settings };

export type ArmAnswer =
  | { readonly type: 'progress'; readonly fraction: number }
  | ({ readonly type: 'result' } & MeasuredResult)
  | { readonly type: 'failure'; readonly error: SentError };

/**
 * Makes this process a worker of `runExperiment`: the script named in its `parallel` option calls this once, with the
 * function that it would also run by itself. The process ends with its parent.
 */
export function serveArms<A extends Arm>(run: ArmRun<A>): void {
  const { signal } = new AbortController();
  const send = (answer: ArmAnswer) => process.send?.(answer);
  // Ctrl-C in a terminal reaches parent and children alike; the parent decides what becomes of the children.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    // Only `runExperiment` talks to this process, and its arms are those the script was written for.
    const { arm, seed, settings } = message as ArmRequest & { readonly arm: A };
    const progress = (fraction: number) => send({ type: 'progress', fraction });
    measured(() => run(arm, seed, { settings, signal, progress })).then(
      (answer) => send({ type: 'result', ...answer }),
      (error: unknown) => send({ type: 'failure', error: sentError(error) }),
    );
  });
}
