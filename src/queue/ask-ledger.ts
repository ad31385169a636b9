/**
 * @file One ask that several processes share, in Redis: its units of rows, one budget and one rate limit for all, and every
 * reply before it counts. Only the owner of a unit's last lease can reserve or keep anything for it.
 */
import { createHash } from 'node:crypto';
import { ASK_SCRIPTS, type AskStep } from './ask-scripts.js';
import type { QueueConnection } from './connection.js';

type Client = QueueConnection['client'];

/** Ids of the asks that are open. */
const ASKS = 'retort:asks';
/** A worker that was not heard of for so long has died. */
const LEASE_MS = 15_000;
/** Leases of a unit that may end without a result before it is set aside. */
const TRIES = 3;
const MICRO = 1000;

export type AskUnit = { readonly name: string; readonly lease: number };

/** A unit with its rows, as they were published, and the replies that are kept, in the order in which they came. */
export type ClaimedUnit = AskUnit & { readonly rows: string; readonly replies: readonly string[] };

export type AskTerms = {
  /** What is asked, for the workers. */
  readonly document: string;
  /** What all requests may cost together, a whole number; absent where there is no limit. */
  readonly limit?: number | undefined;
  /** What they have cost already. */
  readonly spent: number;
  /** Between two requests; absent where the server's own limits are all. */
  readonly intervalMs?: number | undefined;
  readonly leaseMs?: number;
};

export type AskStanding = {
  readonly spent: number;
  /** Held back for requests under way, and how many these are. */
  readonly reserved: number;
  readonly underWay: number;
  /** Counted as spent in full, for requests of workers that died. */
  readonly forfeited: number;
  readonly replies: number;
  /** Why nobody sends any more. */
  readonly stop: string | undefined;
  readonly units: Readonly<Record<'open' | 'held' | 'done' | 'aside', readonly string[]>>;
};

/** `lost`: another has the unit now, and nothing of this is kept. */
export type Reserved = 'reserved' | 'wait' | 'stopped' | 'lost';

export class AskLedger {
  readonly id: string;
  readonly #client: Client;
  readonly #key: string;

  constructor(client: Client, id: string) {
    this.#client = client;
    this.id = id;
    this.#key = `retort:ask:${id}`;
  }

  static openIds(client: Client): Promise<readonly string[]> {
    return client.smembers(ASKS);
  }

  /** Opens the ask, or goes on with the one that is there: with other limits, perhaps. @returns whether it was there. */
  async open({ document, limit, spent, intervalMs = 0, leaseMs = LEASE_MS }: AskTerms): Promise<boolean> {
    const wasThere = (await this.#client.exists(this.#key)) === 1;
    const terms = {
      ...{
        document,
        limit: limit ?? -1,
        interval: Math.ceil(intervalMs * MICRO),
        lease: leaseMs * MICRO,
        tries: TRIES,
      },
      ...(!wasThere && { spent, reserved: 0, underWay: 0, forfeited: 0, replies: 0 }),
    };
    await this.#client.hset(this.#key, terms);
    if (wasThere) await this.#run('forgive');
    await this.#client.sadd(ASKS, this.id);
    return wasThere;
  }

  /** What is asked; undefined where it has ended. */
  async document(): Promise<string | undefined> {
    return (await this.#client.hget(this.#key, 'document')) ?? undefined;
  }

  /**
   * The next unit that nobody has; what was held back for an owner who died is spent then.
   * @param claim a word that no other claim has: who asks twice by the same gets the same unit
   */
  async claim(claim: string, owner: string): Promise<ClaimedUnit | 'none' | 'stopped' | 'gone'> {
    const [what, ...unit] = await this.#run('claim', claim, owner);
    if (what !== 'unit') return what as 'none' | 'stopped' | 'gone';
    const [name, lease, rows, replies] = unit as [string, string, string, string[]];
    return { name, lease: Number(lease), rows, replies: inOrder(replies) };
  }

  /** Whether the lease still holds, and why no more requests are to be sent, if so. */
  async renew({ name, lease }: AskUnit): Promise<{ readonly holds: boolean; readonly stop?: string }> {
    const [what, stop] = await this.#run('renew', name, lease);
    return what === 'held' ? { holds: true, ...(stop !== '' && { stop: String(stop) }) } : { holds: false };
  }

  /**
   * Holds back what a request can cost at most. `wait`: requests under way may leave room for it.
   * @param request a name that no other of the unit has; those of one lease are numbered in the order of their replies
   */
  async reserve({ name, lease }: AskUnit, request: string, most: number): Promise<Reserved> {
    const [what] = await this.#run('reserve', name, lease, request, most);
    return what === 'gone' ? 'lost' : (what as Reserved);
  }

  /** Keeps the reply to a request, and counts what it cost in the place of what was held back. */
  async keep({ name, lease }: AskUnit, request: string, cost: number, reply: string): Promise<'kept' | 'lost'> {
    const [what] = await this.#run('keep', name, lease, request, cost, reply);
    return what === 'kept' ? 'kept' : 'lost';
  }

  /** Ends a request that has no reply. */
  async release({ name, lease }: AskUnit, request: string, cost = 0): Promise<void> {
    await this.#run('release', name, lease, request, cost);
  }

  async finish({ name, lease }: AskUnit, seconds: number): Promise<void> {
    await this.#run('finish', name, lease, seconds.toFixed(3));
  }

  /** A unit that failed too often is set aside. */
  async fail({ name, lease }: AskUnit, reason: string): Promise<void> {
    await this.#run('fail', name, lease, reason);
  }

  /** Ends a lease as if it had never been. */
  async giveBack({ name, lease }: AskUnit): Promise<void> {
    await this.#run('giveBack', name, lease);
  }

  /** Takes the next turn for a request. @returns milliseconds until it comes */
  async turn(): Promise<number> {
    return this.#wait('turn');
  }

  /** For so many milliseconds nobody sends a request. @returns those for which nobody does */
  async hold(ms: number): Promise<number> {
    return this.#wait('hold', Math.ceil(ms * MICRO));
  }

  async #wait(step: AskStep, ...given: readonly number[]): Promise<number> {
    const [what, wait] = await this.#run(step, ...given);
    return what === 'turn' ? Number(wait) / MICRO : 0;
  }

  /** A unit of that name which is there stays as it is. */
  async publish(name: string, rows: string): Promise<void> {
    await this.#run('publish', name, rows);
  }

  /** Undefined where nothing of the ask is there. */
  async standing(): Promise<AskStanding | undefined> {
    const [what, ...found] = await this.#run('standing');
    if (what !== 'standing') return undefined;
    const [fields, open, held, done, aside] = found as [(string | null)[], string[], string[], string[], string[]];
    const [spent = 0, reserved = 0, underWay = 0, forfeited = 0, replies = 0] = fields.slice(0, 5).map(Number);
    const units = { open, held, done, aside };
    return { spent, reserved, underWay, forfeited, replies, stop: fields[5] ?? undefined, units };
  }

  /** What is there of a unit; undefined where it was retired. */
  async unit(name: string) {
    const key = this.#unitKey(name);
    const [{ rows, owner, reason, seconds }, replies] = await Promise.all([
      this.#client.hgetall(key),
      this.#client.hgetall(`${key}:replies`),
    ]);
    if (rows === undefined) return undefined;
    return { name, rows, owner, reason, seconds: Number(seconds), replies: inOrder(Object.entries(replies).flat()) };
  }

  /** Forgets a unit that is done and whose replies are kept elsewhere. */
  async retire(name: string): Promise<void> {
    await this.#run('retire', name);
  }

  /** Nobody claims or reserves any more; the first reason stays. */
  async stop(reason: string): Promise<void> {
    await this.#run('stop', reason);
  }

  /** Forgets all of it. */
  async end(): Promise<void> {
    await this.#client.srem(ASKS, this.id);
    const [what, , ...units] = await this.#run('standing');
    if (what !== 'standing') return;
    const names = (units as string[][]).flat().map((name) => this.#unitKey(name));
    const lists = ['open', 'held', 'done', 'aside', 'claims'].map((list) => `${this.#key}:${list}`);
    const all = [this.#key, ...lists, ...names.flatMap((name) => [name, `${name}:r`, `${name}:replies`])];
    await this.#client.del(...all);
  }

  #unitKey(name: string): string {
    return `${this.#key}:unit:${name}`;
  }

  /** By its hash where Redis knows it: it forgets scripts when it restarts. */
  async #run(step: AskStep, ...given: (string | number)[]): Promise<readonly unknown[]> {
    const source = ASK_SCRIPTS[step];
    try {
      return (await this.#client.evalsha(hashOf(source), 1, this.#key, ...given)) as unknown[];
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await this.#client.eval(source, 1, this.#key, ...given)) as unknown[];
    }
  }
}

/** Of names and replies, those in the order of their names: LEASE-NUMBER. */
function inOrder(pairs: readonly string[]): readonly string[] {
  const replies = Array.from({ length: pairs.length / 2 }, (_, i) => {
    const [lease = 0, number = 0] = (pairs[2 * i] as string).split('-').map(Number);
    return { lease, number, reply: pairs[2 * i + 1] as string };
  });
  return replies.sort((a, b) => a.lease - b.lease || a.number - b.number).map(({ reply }) => reply);
}

const hashes = new Map<string, string>();

function hashOf(source: string): string {
  const known = hashes.get(source) ?? createHash('sha1').update(source).digest('hex');
  hashes.set(source, known);
  return known;
}
