/** @file The keys that upstream has taken lately: nobody else has answers that upstream's owner pays for. */
import { createHmac, randomBytes } from 'node:crypto';

const ACCEPTED_MS = 10 * 60 * 1000;
const MOST_KEYS = 10_000;

export class AcceptedKeys {
  /** Drawn when the process starts, and never written: what is kept of a key says nothing to anybody else. */
  readonly #salt = randomBytes(32);
  /** By its hash, until when; the oldest first. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds that never go back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  has(key: string): boolean {
    const until = this.#until.get(this.#hash(key));
    return until !== undefined && this.#now() < until;
  }

  /** What upstream replied to a request with this key. */
  heard(key: string, status: number): void {
    const hash = this.#hash(key);
    if (status === 401 || status === 403) this.#until.delete(hash);
    if (status < 200 || status >= 300) return;
    this.#until.delete(hash);
    this.#until.set(hash, this.#now() + ACCEPTED_MS);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MOST_KEYS && oldest !== undefined) this.#until.delete(oldest);
  }

  #hash(key: string): string {
    return createHmac('sha256', this.#salt).update(key).digest('base64');
  }
}
