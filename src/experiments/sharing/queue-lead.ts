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
import type { UnitResult, UnitStanding, WorkSource, WorkSources } from '../../files/work-source.js';
import { objectOf } from '../../options/json.js';
import type { Blob, BlobStore } from '../../queue/blob.js';
import { bullSource, type QueueSource } from '../../queue/bull-source.js';
import { type Carrier, carrier } from '../../queue/carried-files.js';
import type { QueueConnection } from '../../queue/connection.js';
import { cancelPath } from './cancel.js';
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
  const handedOut = async (folder: string, allowed: RegExp): Promise<HandedOut | undefined> => {
    if (shared === undefined || !isWithWorkers) return undefined;
    const { outputDir, id, store } = shared;
    const source = await bullSource({
      ...{ connection, name: queueName(id, relativeName(outputDir, folder)) },
      carrier: only(allowed, carrier({ store, root: outputDir })),
    });
    opened.push(source);
    return new HandedOut(source, outputDir);
  };
  return {
    sources: {
      runs: async (folder) =>
        new KeptHere(
          await leaseFolder(folder),
          () => handedOut(folder, RUN_FILES),
          () => {
            isWithWorkers = false;
          },
        ),
      // What is to be labelled before the experiment is planned, or after the last run, is labelled here.
      parts: async (folder) => (await handedOut(folder, ANSWER_FILES)) ?? leaseFolder(folder),
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

/** Work that others do: units are put into the queue as they are asked for, and none is taken. */
class HandedOut implements WorkSource {
  readonly #source: QueueSource;
  readonly #outputDir: string;

  constructor(source: QueueSource, outputDir: string) {
    this.#source = source;
    this.#outputDir = outputDir;
  }

  /** @throws InterruptedError for an experiment that was called off: who waits for others would wait for ever. */
  async claim(units: readonly string[]) {
    if (existsSync(cancelPath(this.#outputDir))) {
      const fix = 'what is done stays: --resume continues';
      throw new InterruptedError({ where: this.#outputDir, wanted: 'all units', got: 'that it was cancelled', fix });
    }
    await this.#source.add(units);
    return undefined;
  }

  // No lease is ever had.
  renew = () => false;
  finish = async () => 'lost' as const;
  deliver = async () => 'lost' as const;
  fail = async () => {};
  giveBack = async () => {};
  standing = (units: readonly string[]) => this.#source.standing(units);
  resultOf = (unit: string) => this.#source.resultOf(unit);
  bring = (unit: string) => this.#source.bring(unit);
  failuresOf = (unit: string) => this.#source.failuresOf(unit);
  forgive = (units: readonly string[]) => this.#source.forgive(units);
  close = () => this.#source.close();
}

/** Work that others do, whose results are kept in a folder here as if they had been done on this disk. */
class KeptHere implements WorkSource {
  readonly #here: WorkSource;
  readonly #open: () => Promise<HandedOut | undefined>;
  readonly #onDone: () => void;
  #away: HandedOut | undefined;
  #forgiven: readonly string[] = [];

  /** @param onDone told that no unit is left: who works elsewhere ends then */
  constructor(here: WorkSource, open: () => Promise<HandedOut | undefined>, onDone: () => void) {
    this.#here = here;
    this.#open = open;
    this.#onDone = onDone;
  }

  async #others(): Promise<HandedOut | undefined> {
    if (this.#away !== undefined) return this.#away;
    this.#away = await this.#open();
    // What failed before the experiment was resumed.
    await this.#away?.forgive(this.#forgiven);
    return this.#away;
  }

  async claim(units: readonly string[]) {
    await (await this.#others())?.claim(units);
    return undefined;
  }

  renew = () => false;
  finish = async () => 'lost' as const;
  deliver = async () => 'lost' as const;
  fail = async () => {};
  giveBack = async () => {};
  bring = async () => {};

  async standing(units: readonly string[]): Promise<ReadonlyMap<string, UnitStanding>> {
    const here = await this.#here.standing(units);
    const open = units.filter((unit) => here.get(unit)?.state !== 'done');
    if (open.length === 0) this.#onDone();
    const others = await this.#others();
    if (others === undefined || open.length === 0) return here;
    const away = await others.standing(open);
    for (const unit of open) if (away.get(unit)?.state === 'done') await this.#keep(unit, others);
    return new Map(units.map((unit) => [unit, away.get(unit) ?? here.get(unit) ?? NOBODYS]));
  }

  /** Files first: a result says that they are there. */
  async #keep(unit: string, others: HandedOut): Promise<void> {
    await others.bring(unit);
    const given: UnitResult = await others.resultOf(unit);
    const lease = await this.#here.claim([unit]);
    if (lease !== undefined) await this.#here.finish(lease, given);
  }

  resultOf = (unit: string) => this.#here.resultOf(unit);

  async failuresOf(unit: string) {
    return [...(await this.#here.failuresOf(unit)), ...((await (await this.#others())?.failuresOf(unit)) ?? [])];
  }

  async forgive(units: readonly string[]) {
    this.#forgiven = units;
    await this.#here.forgive(units);
    await this.#away?.forgive(units);
  }

  close = async () => {};
}

const NOBODYS: UnitStanding = { state: 'open', failures: 0, results: 0 };
