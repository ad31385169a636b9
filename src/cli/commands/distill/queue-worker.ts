/** @file `retort worker --queue`: experiments that come through Redis, done by processes of this machine. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { RetortError } from '../../../errors/retort-error.js';
import { cancelWork } from '../../../experiments/sharing/cancel.js';
import { FROM_PARENT } from '../../../experiments/sharing/process-calls.js';
import { layOut, queueSources } from '../../../experiments/sharing/queue-worker.js';
import { QueuedExperiments } from '../../../experiments/sharing/queued-experiments.js';
import type { QueuedExperiment } from '../../../experiments/sharing/queued-experiments.schema.js';
import { type ServedSources, serveSources } from '../../../experiments/sharing/serve-sources.js';
import { expectSameMachine } from '../../../experiments/sharing/work-plan.js';
import { openBlobStore } from '../../../queue/blob-store.js';
import { openConnection, type QueueConnection } from '../../../queue/connection.js';
import { TOKEN_VARIABLE } from '../../../queue/store-token.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import type { workerUsage } from './worker-usage.js';
import { endWithParent, spawnWorker } from './workers.js';

const POLL_MS = 1000;
/** A coordinator that is started again is waited for: what was trained for hours is not thrown away. */
const STORE_PATIENCE_MS = 3_600_000;
/** A process that ends by a signal again and again has a reason that the next one has too. */
const STARTS = 3;

type Options = OptionValues<typeof workerUsage.options> & { readonly queue: string };

/** Joins the experiments that are open, one after the other, until there is none. */
export async function workOnQueue(options: Options, io: CommandIo): Promise<CommandOutput> {
  endWithParent();
  const signal = io.interruption();
  const store = expectStore(options.store);
  const connection = await openConnection(options.queue, { onNotice: io.onNotice, signal });
  const experiments = new QueuedExperiments(connection);
  const given = options.folder === undefined ? undefined : resolve(options.folder);
  let units = 0;
  const joined: string[] = [];
  /** Of the last that could not be joined. */
  let failure: unknown;
  try {
    const blobs = await openBlobStore(store, {
      ...{ token: process.env[TOKEN_VARIABLE], patienceMs: STORE_PATIENCE_MS },
      ...{ signal, onNotice: io.onNotice },
    });
    let until = performance.now() + 60_000 * options.wait;
    while (!signal.aborted) {
      const open = await experiments.open();
      const next = open.find(({ id }) => !joined.includes(id) && id === (options.experiment ?? id));
      if (next === undefined) {
        if (performance.now() >= until) break;
        await sleep(POLL_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      const { id, experiment } = next;
      joined.push(id);
      const folder = given ?? (await mkdtemp(join(tmpdir(), 'retort-worker-')));
      io.say(`experiment ${id}, ${experiment.name}: joined`);
      try {
        expectSameMachine(experiment.plan, `experiment ${id}, ${experiment.name},`, options);
        const outputDir = await layOut(id, experiment, { store: blobs, folder });
        units += await workIn(
          { id, experiment, outputDir, store: blobs, connection, experiments, signal },
          options,
          io,
        );
      } catch (error) {
        // Others may be done here.
        if (!(error instanceof RetortError)) throw error;
        failure = error;
        io.onNotice(`experiment ${id} is left to others: ${error.message}`);
      } finally {
        if (given === undefined) await rm(folder, { recursive: true, force: true });
      }
      until = performance.now() + 60_000 * options.wait;
    }
  } finally {
    await connection.close();
  }
  if (failure !== undefined && units === 0 && !signal.aborted) throw failure;
  if (signal.aborted) {
    const fix = 'other workers continue what it had';
    throw new InterruptedError({ where: connection.where, wanted: 'all units', got: 'a request to stop', fix });
  }
  const text =
    joined.length === 0
      ? `no experiment is open at ${connection.where}: start retort distill --queue, or wait for it with --wait MINUTES`
      : `${formatCount(units)} units done here; the record is made where the experiment was started`;
  return { text, json: { experiments: joined, units } };
}

function expectStore(store: string | undefined): string {
  if (store !== undefined) return store;
  throw new OptionError({
    where: 'store',
    wanted: 'where files travel, as retort distill --queue says it: a folder, or a URL',
    got: 'nothing',
    fix: 'give it the same --store; or --teacher, to ask about rows that retort ask --queue shares',
  });
}

type Joined = {
  readonly id: string;
  readonly experiment: QueuedExperiment;
  readonly outputDir: string;
  readonly store: Parameters<typeof queueSources>[2]['store'];
  readonly connection: QueueConnection;
  readonly experiments: QueuedExperiments;
  readonly signal: AbortSignal;
};

/** Until every unit has a result, or the experiment is ended. @returns units that were done here */
async function workIn(joined: Joined, { workers }: Options, io: CommandIo): Promise<number> {
  const { id, outputDir, connection, store, experiments, signal } = joined;
  const served = serveSources(queueSources(connection, id, { store, outputDir }), outputDir);
  /** With the end of each. */
  const children = new Map<ChildProcess, Promise<void>>();
  const failures: string[] = [];
  let isEnding = false;
  const stateOf = async () => (await experiments.find(id))?.state;
  const start = () => {
    const child = startWorker(outputDir, served);
    /** Its error is of interest unless the experiment has just ended: what it looks for is gone then. */
    const errors: string[] = [];
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      if (errors.length > 0 || line.startsWith('error: ')) errors.push(line);
      else if (!isEnding) process.stderr.write(`${line}\n`);
    });
    const onClose = async (code: number | null, cause: NodeJS.Signals | null): Promise<void> => {
      const isOver = isEnding || code === 0 || (await stateOf().catch(() => undefined)) !== 'open';
      children.delete(child);
      if (isOver) return;
      for (const line of errors) process.stderr.write(`${line}\n`);
      failures.push(cause ?? `exit code ${code}`);
      io.onNotice(`a process of this worker (${child.pid}) ended by ${failures.at(-1)}; others take what it had`);
      // One that was killed is replaced; one that has said why it cannot work is not.
      if (cause !== null && failures.length < STARTS * workers) start();
    };
    children.set(child, new Promise((done) => child.on('close', (code, cause) => done(onClose(code, cause)))));
  };
  for (let i = 0; i < workers; i++) start();
  const stop = () => {
    isEnding = true;
    for (const child of children.keys()) child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop);
  while (children.size > 0) {
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    const state = signal.aborted ? undefined : await stateOf();
    if (state === 'open') continue;
    if (state === 'cancelled') await cancelWork(outputDir);
    if (!isEnding) stop();
    await Promise.all(children.values());
  }
  signal.removeEventListener('abort', stop);
  await served.close();
  if (!isEnding && failures.length > 0 && served.done() === 0) {
    throw new OptionError({
      where: joined.experiment.name,
      wanted: 'processes that can work on it',
      got: `${failures.length} that ended, the last by ${failures.at(-1)}`,
      fix: 'see what they said above',
    });
  }
  return served.done();
}

/** The same command on a folder, whose units come from this process. */
function startWorker(outputDir: string, served: ServedSources): ChildProcess {
  const env = { ...process.env, [FROM_PARENT]: '1' };
  const stdio: SpawnOptions['stdio'] = ['ignore', 'ignore', 'pipe', 'ipc'];
  const child = spawnWorker([outputDir], { serialization: 'advanced', env, stdio });
  served.serve(child);
  return child;
}
