/** @file One rate limit for all processes that share an ask: turns are taken from Redis. */
import { type Pace, pause } from '../../outside/asking/asking-turns.js';
import type { AskLedger } from '../../queue/ask-ledger.js';

/** A request may go out so much later than its turn; one that would be later takes another turn. */
const LATE_MS = 500;
/** Timers may be early by so much. */
const TIMER_MS = 1;
const MINUTE_MS = 60_000;

/**
 * Between two turns, so that in no such time more requests go out than are allowed, even if each is as late as it may be:
 * those of a minute had their turns in a minute and `lateMs`.
 */
export function intervalMs(requests: number, { timeMs = MINUTE_MS, lateMs = LATE_MS } = {}): number {
  return (timeMs + lateMs) / requests;
}

export class SharedPace implements Pace {
  readonly #ledger: Pick<AskLedger, 'turn' | 'hold'>;

  readonly #lateMs: number;

  constructor(ledger: Pick<AskLedger, 'turn' | 'hold'>, lateMs = LATE_MS) {
    this.#ledger = ledger;
    this.#lateMs = lateMs;
  }

  async turn(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const before = performance.now();
      const wait = await this.#ledger.turn();
      if (wait > 0) await pause(wait + TIMER_MS, stop);
      // Somebody else may have been told to hold back meanwhile.
      if (wait > 0 && (await this.#ledger.hold(0)) > 0) continue;
      if (performance.now() - before - wait <= this.#lateMs) return;
    }
  }

  async hold(ms: number): Promise<void> {
    await this.#ledger.hold(ms);
  }
}

/** That of one process until others take part. */
export class ChangingPace implements Pace {
  now: Pace;

  constructor(first: Pace) {
    this.now = first;
  }

  turn(stop: AbortSignal): Promise<void> {
    return this.now.turn(stop);
  }

  hold(ms: number): void | Promise<void> {
    return this.now.hold(ms);
  }
}
