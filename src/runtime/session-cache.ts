import { createHash } from 'node:crypto';
import type { OnnxProgram } from '../onnx/program.js';
import type { Session } from './session.js';

/** A key for the sessions of a program: the SHA-256 of its bytes, in hex. */
export function programKey(program: OnnxProgram): string {
  return createHash('sha256').update(program.bytes).digest('hex');
}

type Entry<S> = { readonly session: Promise<S>; users: number };

/**
 * Keeps the sessions used last, so that batches of a few shapes each find theirs open while memory stays
 * bounded. A session in use is never released: if all are, there are more than `limit` until one is free.
 */
export class SessionCache<S extends Pick<Session, 'release'> = Session> {
  /** In the order of last use, oldest first. */
  readonly #entries = new Map<string, Entry<S>>();

  constructor(readonly limit = 4) {}

  /** Keys of the live sessions, least recently used first. */
  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Runs `work` with the session of this key, opening it if needed. It stays open until `work` settles.
   * A session that failed to open is tried again at the next use.
   */
  async use<T>(key: string, open: () => Promise<S>, work: (session: S) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key) ?? { session: this.#open(key, open), users: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return await work(await entry.session);
    } finally {
      entry.users--;
      await this.#evict(this.limit);
    }
  }

  /** Releases all sessions that are not in use. */
  async release(): Promise<void> {
    await this.#evict(0);
  }

  async #open(key: string, open: () => Promise<S>): Promise<S> {
    // Room is made first: two large sessions at once may be more than the machine has memory for.
    await this.#evict(this.limit - 1);
    try {
      return await open();
    } catch (cause) {
      this.#entries.delete(key);
      throw cause;
    }
  }

  async #evict(limit: number): Promise<void> {
    const evicted: Promise<S>[] = [];
    for (const [key, { session, users }] of this.#entries) {
      if (this.#entries.size <= limit) break;
      if (users > 0) continue;
      this.#entries.delete(key);
      evicted.push(session);
    }
    await Promise.all(evicted.map(async (session) => (await session).release()));
  }
}
