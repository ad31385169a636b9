/** @file Whether the owner of a lock has died, told by one who looks again and again. */
import type { LockFile } from './lock-file.js';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js';

/** An owner that gave no sign of life for so long, by the clock of whoever waits, has died. */
export const STALE_MS = 60_000;

/** Owners that were seen to be dead: what else they have left need not be watched again. */
const dead = new Set<string>();

export type Seen = {
  readonly isDead: boolean;
  /** Absent where it cannot be seen from here. */
  readonly runs: boolean | undefined;
  /** Silence says nothing of this owner: it is one of retort 0.1. */
  readonly isUntold: boolean;
};

/** What one who waits has seen of a lock, by its own clock: those of other machines may be wrong. */
export class OwnerWatch {
  #text: string | undefined;
  #since = 0;

  /** Looks once. @param now milliseconds, monotonic */
  look({ owner, beats, text }: LockFile, now: number): Seen {
    const hasBeaten = this.#text !== undefined && text !== this.#text;
    if (text !== this.#text) this.#since = now;
    this.#text = text;
    // A sign of life counts more than what the number of a process seems to say.
    const runs = hasBeaten || (owner && (isRunning(owner) ?? (dead.has(keyOf(owner)) ? false : undefined)));
    const isSilent = owner !== undefined && !beats;
    // Retort 0.1 gave no signs of life: where its process runs, or may on another host, silence says nothing.
    const isUntold = isSilent && (runs === true || owner.host !== thisProcess().host);
    if (runs === false) return { isDead: true, runs, isUntold };
    const isDead = !isUntold && now - this.#since >= STALE_MS;
    if (isDead && owner !== undefined) dead.add(keyOf(owner));
    return { isDead, runs, isUntold };
  }
}

function keyOf({ pid, started, machine, namespace }: ProcessIdentity): string {
  return `${pid} ${started} ${machine} ${namespace}`;
}
