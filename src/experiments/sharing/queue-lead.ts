/**
 * @file The process that shares an experiment through a queue: it hands units out, does none, and puts what comes back where
 * a single process would have written it. So record, status, resumption and verification are those of any experiment.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, InterruptedError } from '../../errors/failures.js';
import { leaseFolder } from '../../files/lease-folder.js';
import { NO_LEASES, type WorkSource, type WorkSources } from '../../files/work-source.js';
import { objectOf } from '../../options/json.js';
import type { Blob, BlobStore } from '../../queue/blob.js';
import { bullSource, type QueueSource } from '../../queue/bull-source.js';
import { type Carrier, carrier } from '../../queue/carried-files.js';
import type { QueueConnection } from '../../queue/connection.js';
import { cancelPath, cancelWork } from './cancel.js';
import { inputsOf, OUTPUT, relativeName } from './inputs.js';
import { readQueuePlace, writeQueuePlace } from './queue-place.js';
import { newExperimentId, QueuedExperiments, queueName } from './queued-experiments.js';
import { readWorkPlan } from './work-plan.js';
import type { WorkPlan } from './work-plan.schema.js';

export type QueueLead = {
  readonly sources: WorkSources;
  /** Sends the files that workers need, and lets them join. @returns the experiment's id in the queue */
  readonly publish: (outputDir: string) => Promise<string>;
  /** Nothing of an experiment that is done is left in the queue; one that was cancelled is told to all. */
  readonly end: (isDone: boolean) => Promise<void>;
};

export type QueueLeadOptions = {
  readonly connection: QueueConnection;
  /** Where files travel: opened when the output folder is known. */
  readonly openStore: (outputDir: string) => Promise<BlobStore>;
  /** The URL of the server, without a password. */
  readonly queue: string;
  /** The folder that relative paths among the options start from. */
  readonly cwd: string;
  readonly onProgress?: ((text: string) => void) | undefined;
};

export function queueLead(options: QueueLeadOptions): QueueLead {
  const { connection, queue } = options;
  const experiments = new QueuedExperiments(connection);
  const opened: WorkSource[] = [];
  let shared: { readonly outputDir: string; readonly id: string; readonly store: BlobStore } | undefined;
  let isWithWorkers = true;
  const queued = async (folder: string, allowed: RegExp): Promise<WorkSource | undefined> => {
    if (shared === undefined || !isWithWorkers) return undefined;
    const { outputDir, id, store } = shared;
    const source = await bullSource({
      ...{ connection, name: queueName(id, relativeName(outputDir, folder)) },
      carrier: only(allowed, carrier({ store, root: outputDir })),
    });
    opened.push(source);
    return handedOut(source, outputDir, async () => {
      // Whoever sees the queue may call it off, as whoever sees the folder.
      if ((await experiments.find(id))?.state !== 'open') await cancelWork(outputDir);
    });
  };
  return {
    sources: {
      runs: async (folder) =>
        keptHere(
          await leaseFolder(folder),
          () => queued(folder, RUN_FILES),
          () => {
            isWithWorkers = false;
          },
        ),
      // What is to be labelled before the experiment is planned, or after the last run, is labelled here.
      parts: async (folder) => (await queued(folder, ANSWER_FILES)) ?? leaseFolder(folder),
    },
    publish: async (outputDir) => {
      const { id } = (await readQueuePlace(outputDir)) ?? { id: newExperimentId() };
      await writeQueuePlace(outputDir, { id, queue });
      const store = await options.openStore(outputDir);
      const { mirrored, inputs } = await sentInputs(options, { outputDir, store, plan: await readWorkPlan(outputDir) });
      shared = { outputDir, id, store };
      const since = new Date().toISOString();
      await experiments.publish(id, {
        ...{ kind: 'distill', name: outputDir, since, state: 'open', plan: mirrored, inputs },
      });
      return id;
    },
    end: async (isDone) => {
      if (shared !== undefined) {
        if (isDone) await experiments.remove(shared.id);
        else if (existsSync(cancelPath(shared.outputDir))) await experiments.setState(shared.id, 'cancelled');
      }
      for (const source of opened) await source.close();
    },
  };
}

/** What workers may send: nothing of theirs takes the place of a record, or of leases. */
const RUN_FILES = /^runs\/[^/]+\/./u;
const ANSWER_FILES = /^answers\/[^/]+\/[^/]+\.answers$/u;

function only(allowed: RegExp, { put, take }: Carrier): Carrier {
  return {
    put,
    take: async (files) => {
      const names = Array.isArray(files) ? files.map((file) => String(objectOf(file).name)) : [];
      const other = names.find((name) => !allowed.test(name));
      if (other === undefined) return take(files);
      const wanted = 'files of runs and of labelling alone';
      throw new FileError({
        where: 'files of a job',
        wanted,
        got: JSON.stringify(other),
        fix: 'check who can write to the queue',
      });
    },
  };
}

/** The plan as workers have it, and the list of the files that were sent. */
async function sentInputs(
  { cwd, onProgress }: QueueLeadOptions,
  { outputDir, store, plan }: { readonly outputDir: string; readonly store: BlobStore; readonly plan: WorkPlan },
) {
  const { files, start } = await inputsOf(plan.options, { cwd, outputDir });
  const list: ({ readonly name: string } & Blob)[] = [];
  for (const { path, name } of files) list.push({ name, ...(await store.put(path)) });
  const bytes = list.reduce((sum, file) => sum + file.bytes, 0);
  onProgress?.(`${list.length} files of ${Math.ceil(bytes / 1e6)} MB in ${store.where}`);
  const scratch = await mkdtemp(join(tmpdir(), 'retort-inputs-'));
  try {
    const path = join(scratch, 'inputs.json');
    await writeFile(path, JSON.stringify(list));
    return { inputs: await store.put(path), mirrored: { ...plan, from: relativeName(OUTPUT, start) } };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Work that others do: units are put into the queue as they are asked for, and none is taken. Claiming throws InterruptedError
 * for an experiment that was called off: who waits for others would wait for ever.
 * @param heed looks whether it was called off elsewhere
 */
function handedOut(source: QueueSource, outputDir: string, heed: () => Promise<void>): WorkSource {
  return {
    ...NO_LEASES,
    claim: async (units) => {
      await heed();
      if (existsSync(cancelPath(outputDir))) {
        const fix = 'what is done stays: --resume continues';
        throw new InterruptedError({ where: outputDir, wanted: 'all units', got: 'that it was cancelled', fix });
      }
      await source.add(units);
      return undefined;
    },
    standing: (units) => source.standing(units),
    resultOf: (unit) => source.resultOf(unit),
    bring: (unit) => source.bring(unit),
    failuresOf: (unit) => source.failuresOf(unit),
    forgive: (units) => source.forgive(units),
    close: () => source.close(),
  };
}

/**
 * Work that others do, whose results are kept in a folder here as if they had been done on this disk.
 * @param open undefined until others can take part
 * @param onDone told that no unit is left: who works elsewhere ends then
 */
function keptHere(here: WorkSource, open: () => Promise<WorkSource | undefined>, onDone: () => void): WorkSource {
  let away: WorkSource | undefined;
  let forgiven: readonly string[] = [];
  const others = async (): Promise<WorkSource | undefined> => {
    if (away !== undefined) return away;
    away = await open();
    // What failed before the experiment was resumed.
    await away?.forgive(forgiven);
    return away;
  };
  /** Files first: a result says that they are there. */
  const keep = async (unit: string, from: WorkSource): Promise<void> => {
    await from.bring(unit);
    const given = await from.resultOf(unit);
    const lease = await here.claim([unit]);
    if (lease !== undefined) await here.finish(lease, given);
  };
  return {
    ...NO_LEASES,
    claim: async (units) => {
      await (await others())?.claim(units);
      return undefined;
    },
    bring: async () => {},
    standing: async (units) => {
      const found = await here.standing(units);
      const left = units.filter((unit) => found.get(unit)?.state !== 'done');
      if (left.length === 0) onDone();
      const from = await others();
      if (from === undefined || left.length === 0) return found;
      const standing = await from.standing(left);
      for (const unit of left) if (standing.get(unit)?.state === 'done') await keep(unit, from);
      return new Map([...found, ...standing]);
    },
    resultOf: (unit) => here.resultOf(unit),
    failuresOf: async (unit) => [
      ...(await here.failuresOf(unit)),
      ...((await (await others())?.failuresOf(unit)) ?? []),
    ],
    forgive: async (units) => {
      forgiven = units;
      await here.forgive(units);
      await away?.forgive(units);
    },
    close: async () => {},
  };
}
