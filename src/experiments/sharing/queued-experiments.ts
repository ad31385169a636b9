/**
 * @file Experiments that workers anywhere may join, in Redis: a hash with one entry each. An entry says what the experiment
 * is and under which hash the list of its files lies; it names no place, and no secret.
 */
import { randomBytes } from 'node:crypto';
import { OptionError } from '../../errors/failures.js';
import { sealed, unsealed } from '../../files/sealed-json.js';
import { storedValue } from '../../files/stored-json.js';
import { jsonOf } from '../../options/json.js';
import type { QueueConnection } from '../../queue/connection.js';
import type { QueuedExperiment } from './queued-experiments.schema.js';

const KEY = 'retort:experiments';

/** All that lies in Redis for an experiment begins so. */
export function queueName(id: string, folder: string): string {
  return `retort-${id}-${folder.replaceAll('/', '-')}`;
}

export function newExperimentId(): string {
  return randomBytes(8).toString('hex');
}

export type NamedExperiment = { readonly id: string; readonly experiment: QueuedExperiment };

export class QueuedExperiments {
  readonly #connection: QueueConnection;

  constructor(connection: QueueConnection) {
    this.#connection = connection;
  }

  async publish(id: string, experiment: QueuedExperiment): Promise<void> {
    await this.#connection.client.hset(KEY, id, JSON.stringify(sealed(experiment)));
  }

  /** @throws FileError for an entry that was changed; undefined where there is none. */
  async find(id: string): Promise<QueuedExperiment | undefined> {
    const text = await this.#connection.client.hget(KEY, id);
    return text === null ? undefined : this.#read(id, text);
  }

  /** Those that may be joined, the oldest first. */
  async open(): Promise<readonly NamedExperiment[]> {
    return (await this.all()).filter(({ experiment }) => experiment.state === 'open');
  }

  /** The oldest first. */
  async all(): Promise<readonly NamedExperiment[]> {
    const entries = Object.entries(await this.#connection.client.hgetall(KEY));
    const all = await Promise.all(
      entries.map(async ([id, text]) => ({ id, experiment: await this.#read(id, String(text)) })),
    );
    return all.sort((a, b) => (a.experiment.since < b.experiment.since ? -1 : 1));
  }

  async setState(id: string, state: QueuedExperiment['state']): Promise<void> {
    const experiment = await this.find(id);
    if (experiment !== undefined) await this.publish(id, { ...experiment, state });
  }

  /** What is there of an experiment, with its units and results: nothing of it is needed any more. */
  async remove(id: string): Promise<void> {
    const { client } = this.#connection;
    await client.hdel(KEY, id);
    for await (const keys of client.scanStream({ match: `*retort-${id}-*`, count: 500 })) {
      if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
    }
  }

  async #read(id: string, text: string): Promise<QueuedExperiment> {
    const where = `experiment ${id} in ${this.#connection.where}`;
    const { queuedExperimentSchema } = await import('./queued-experiments.schema.js');
    let json: unknown;
    try {
      json = jsonOf(text);
    } catch (cause) {
      throw new OptionError({ where, wanted: 'an entry written by retort', got: 'invalid JSON', cause });
    }
    return storedValue(
      queuedExperimentSchema.safeParse(unsealed(json, where, true)),
      where,
      'an entry written by retort',
    );
  }
}
