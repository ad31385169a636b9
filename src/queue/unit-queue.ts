/** @file One queue of BullMQ whose jobs are units of work: what is asked of Redis, and how its replies are read. */
import type { Job, Queue, Worker } from 'bullmq';
import { FileError, OptionError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { isUnitName } from '../files/lease-folder.js';
import { parsedJson } from '../options/json.js';
import type { QueueConnection } from './connection.js';
import { type KeptResult, keptResult, MAX_RESULT_BYTES, TWO_RESULTS } from './kept-result.js';
import type { JobFields } from './unit-job.js';

export type UnitQueue = {
  readonly queue: Queue;
  /** Processes nothing by itself. */
  readonly worker: Worker;
  readonly client: QueueConnection['client'];
  /** For messages. */
  readonly where: string;
  readonly lockMs: number;
};

const PREFIX = 'retort';
/** BullMQ is not to count tries: stalled ones count as well. */
const ENOUGH = 1_000_000;
/** Of what is asked of Redis at once. */
const BATCH = 1000;
/** Units with a second result that differs. No unit is called so. */
const CONFLICTS = 'retort:conflicts';

/**
 * Takes a lock that expired, where nobody else has started the job since: 1 where we have it. Where the job waits as stalled,
 * it has not been.
 */
const RETAKE = `
  local current = redis.call('GET', KEYS[1])
  if current and current ~= ARGV[1] then return 0 end
  if redis.call('HGET', KEYS[2], 'ats') ~= ARGV[2] then return 0 end
  if not redis.call('LPOS', KEYS[3], ARGV[3]) then
    if redis.call('LREM', KEYS[5], 1, ARGV[3]) == 0 then return 0 end
    redis.call('LPUSH', KEYS[3], ARGV[3])
    redis.call('HINCRBY', KEYS[2], 'stc', -1)
  end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
  redis.call('SREM', KEYS[4], ARGV[3])
  return 1`;

/** Codes of BullMQ's errors for a job that is not, or no longer, its caller's. */
const NOT_OURS: ReadonlySet<unknown> = new Set([-1, -2, -3, -6]);

type Named = { readonly connection: QueueConnection; readonly name: string };

/** @throws OptionError for a name that is none. */
export async function openUnitQueue({
  connection,
  name,
  lockMs,
}: Named & { readonly lockMs: number }): Promise<UnitQueue> {
  const { Worker, createRedisBackend } = await import('bullmq');
  const queue = await openQueue({ connection, name });
  const timing = { lockDuration: lockMs, stalledInterval: lockMs / 2, maxStalledCount: ENOUGH };
  const options = { connection: connection.client, prefix: PREFIX, skipVersionCheck: true, autorun: false, ...timing };
  // It never blocks, so that it needs no connection of its own.
  const worker = new Worker(name, null, options, (queueName, given) =>
    createRedisBackend(queueName, given, { blocking: false }),
  );
  worker.on('error', () => {});
  await worker.startStalledCheckTimer();
  return { queue, worker, client: connection.client, where: `the queue ${name} of ${connection.where}`, lockMs };
}

async function openQueue({ connection, name }: Named): Promise<Queue> {
  if (!isUnitName(name)) {
    const wanted = 'letters, digits, -, _ and .';
    throw new OptionError({ where: 'name of a queue', wanted, got: JSON.stringify(shortened(name)) });
  }
  const { Queue } = await import('bullmq');
  // The version was seen when the connection was opened. Nobody reads the events, which repeat results.
  const streams = { events: { maxLen: 100 } };
  const queue = new Queue(name, { connection: connection.client, prefix: PREFIX, skipVersionCheck: true, streams });
  // Commands wait while Redis is away, and each call throws what is wrong with it.
  queue.on('error', () => {});
  await queue.waitUntilReady();
  return queue;
}

/** Makes jobs of units; those that are jobs already stay as they are. @throws OptionError for a name that is none. */
export async function addUnits({ queue }: UnitQueue, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    // A key of Redis is made of it, among those that BullMQ has by itself.
    if (isUnitName(unit) && !/^\d+$/u.test(unit) && !(unit in queue.keys)) continue;
    const wanted = 'a name of letters, digits, - and _ that is no number, nor one that BullMQ has';
    throw new OptionError({ where: 'unit of work', wanted, got: JSON.stringify(shortened(unit)) });
  }
  const kept = { attempts: ENOUGH, removeOnComplete: false, removeOnFail: false };
  for (let at = 0; at < units.length; at += BATCH) {
    const batch = units.slice(at, at + BATCH);
    await queue.addBulk(batch.map((jobId) => ({ name: 'unit', data: {}, opts: { ...kept, jobId } })));
  }
}

/** Of each unit what its job says. Batches do not wait for one another: a busy Redis takes a second for each round trip. */
export async function readJobs(from: UnitQueue, units: readonly string[]): Promise<readonly JobFields[]> {
  const starts = Array.from({ length: Math.ceil(units.length / BATCH) }, (_, batch) => batch * BATCH);
  return (await Promise.all(starts.map((at) => readBatch(from, units.slice(at, at + BATCH))))).flat();
}

async function readBatch({ queue, client }: UnitQueue, units: readonly string[]): Promise<readonly JobFields[]> {
  const pipeline = client.pipeline();
  for (const unit of units) {
    const key = queue.toKey(unit);
    pipeline.hmget(key, 'ats', 'atm', 'stc', 'data', 'progress', 'finishedOn', 'stacktrace');
    pipeline.hstrlen(key, 'returnvalue');
    pipeline.exists(`${key}:lock`);
  }
  const replies = (await pipeline.exec()) ?? [];
  return units.map((_, i) => {
    const [fields, result, lock] = replies.slice(3 * i, 3 * i + 3).map(([error, reply]) => {
      if (error !== null) throw error;
      return reply;
    });
    const [started, failed, stalled, data, progress, finishedOn, stacktrace] = fields as (string | null)[];
    return {
      counts: { started: Number(started), failed: Number(failed), stalled: Number(stalled) },
      data: parsedJson(data ?? '{}'),
      progress: parsedJson(progress ?? '0'),
      isFinished: typeof finishedOn === 'string',
      stacktrace: stacktrace ?? null,
      hasResult: Number(result) > 0,
      isLocked: lock === 1,
    };
  });
}

/** Whether a lock that may have expired is its owner's again. */
export async function retakeLock({ queue, client, lockMs }: UnitQueue, job: Job, token: string): Promise<boolean> {
  const id = job.id ?? '';
  const lists = ['active', 'stalled', 'wait'].map((name) => queue.toKey(name));
  const keys = [`${queue.toKey(id)}:lock`, queue.toKey(id), ...lists];
  return (await client.eval(RETAKE, keys.length, ...keys, token, job.attemptsStarted, id, lockMs)) === 1;
}

/** Whether a job could be ended: not where its lock is another's, or expired, or it is gone. */
export async function ifOurs(ending: Promise<unknown>): Promise<boolean> {
  try {
    await ending;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_OURS.has(error.code)) return false;
    throw error;
  }
}

/** The result of a unit that has one. @throws FileError for one that is refused. */
export async function keptOf({ queue, client, where }: UnitQueue, unit: string): Promise<KeptResult | undefined> {
  if ((await client.sismember(queue.toKey(CONFLICTS), unit)) === 1) {
    throw new FileError({ where: `${unit} in ${where}`, ...TWO_RESULTS });
  }
  const key = queue.toKey(unit);
  // Of what is larger nothing is read but its size.
  const isTooLarge = (await client.hstrlen(key, 'returnvalue')) > MAX_RESULT_BYTES;
  const text = isTooLarge ? 'x'.repeat(MAX_RESULT_BYTES + 1) : await client.hget(key, 'returnvalue');
  return text === null ? undefined : keptResult(unit, text, where);
}

/** Remembers a second result, after which neither is taken by anybody. */
export async function keepConflict({ queue, client }: UnitQueue, unit: string, kept: object): Promise<void> {
  const other = ['other', JSON.stringify(kept)] as const;
  await client
    .multi()
    .hset(queue.toKey(unit), ...other)
    .sadd(queue.toKey(CONFLICTS), unit)
    .exec();
}

export async function conflictsOf({ queue, client }: UnitQueue): Promise<ReadonlySet<string>> {
  return new Set(await client.smembers(queue.toKey(CONFLICTS)));
}
