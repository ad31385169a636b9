/** @file The side of work between processes that has the sources: it claims for its workers, and ends what a dead one had. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Lease, WorkSource, WorkSources } from '../../files/work-source.js';
import { sentError } from '../arm-run.js';
import { type FromWorker, leaseKey, type ToWorker } from './process-calls.js';
import { WORK } from './sharing.js';

type Held = { readonly source: WorkSource; readonly lease: Lease };

export type ServedSources = {
  /** Answers one more process, until it ends. What it holds then has failed. */
  readonly serve: (child: ChildProcess) => void;
  /** Units that ended with a result. */
  readonly done: () => number;
  readonly close: () => Promise<void>;
};

/** @param outputDir of the experiment, below which the sources are named */
export function serveSources(sources: WorkSources, outputDir: string): ServedSources {
  const opened = new Map<string, Promise<WorkSource>>();
  const sourceOf = (folder: string) => {
    const open = folder === WORK ? sources.runs : sources.parts;
    const source = opened.get(folder) ?? open(join(outputDir, folder));
    opened.set(folder, source);
    return source;
  };
  let done = 0;
  const serve = (child: ChildProcess) => {
    const held = new Map<string, Held>();
    const send = (message: ToWorker) => {
      // Whoever died is told nothing.
      if (child.connected) child.send(message, () => {});
    };
    const take = async (message: FromWorker) => {
      const { folder } = message;
      const source = await sourceOf(folder);
      if (message.type === 'renew') {
        const { lease, fraction, seconds } = message;
        if (!source.renew(lease, fraction, seconds)) send({ type: 'lost', folder, lease });
        return;
      }
      const { id, call, args } = message;
      try {
        // Arguments are those of the same function, from `parentSources` of the same version.
        const value: unknown = await Reflect.apply(source[call], source, args);
        const [lease] = args as readonly [Lease];
        if (call === 'claim' && value !== undefined)
          held.set(leaseKey(folder, value as Lease), { source, lease: value as Lease });
        if (ENDING.has(call)) held.delete(leaseKey(folder, lease));
        if (value === 'kept' || call === 'deliver') done += 1;
        send({ type: 'answer', id, value });
      } catch (error) {
        send({ type: 'failure', id, error: sentError(error) });
      }
    };
    child.on('message', (message: FromWorker) => void take(message));
    child.on('exit', async (code, signal) => {
      for (const { source, lease } of held.values()) {
        // A process that was asked to stop has given back what it had.
        await Promise.resolve(source.fail(lease, `its process ended by ${signal ?? `exit code ${code}`}`)).catch(
          () => {},
        );
      }
      held.clear();
    });
  };
  return {
    serve,
    done: () => done,
    close: async () => {
      for (const source of opened.values()) await source.then((one) => one.close());
    },
  };
}

/** Calls after which a lease is held no more. */
const ENDING: ReadonlySet<string> = new Set(['finish', 'deliver', 'fail', 'giveBack']);
