/** @file How the questions of a run stand, by number, in a byte each: their replies are in the log. */
import { ANSWER_KINDS, type Reading, type Standing } from './outside.js';

type Kind = Standing['kind'];

const KINDS: readonly Kind[] = [...ANSWER_KINDS, 'open'];
/** Of a question that was not asked for. */
const NONE = 0;
/** A question whose most likely label is not the one that its reply names. */
const DIFFERS = 0x80;

export class Standings {
  /** One more than the place of the kind in `KINDS`, and whether the reply differs. */
  #kinds = new Uint8Array(1024);
  /** Outside and exact of each reading by log-probabilities; none are made for others. */
  #shares = new Float64Array(0);
  readonly #counts = new Map<Kind, number>();
  #size = 0;
  #outside = 0;
  #exact = 0;
  #differing = 0;

  /** Questions that were asked for. */
  get size(): number {
    return this.#size;
  }

  /** Of all readings by log-probabilities: the sums of their mass outside and of their shares of known labels. */
  get sums(): { readonly outside: number; readonly exact: number; readonly differing: number } {
    return { outside: this.#outside, exact: this.#exact, differing: this.#differing };
  }

  count(kind: Kind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Undefined for a question that was not asked for. */
  kindOf(question: number): Kind | undefined {
    const kept = this.#kinds[question] ?? NONE;
    return kept === NONE ? undefined : KINDS[(kept & ~DIFFERS) - 1];
  }

  /** The first question that stands so. */
  first(kind: Kind): number | undefined {
    const wanted = KINDS.indexOf(kind) + 1;
    const found = this.#kinds.findIndex((kept) => (kept & ~DIFFERS) === wanted);
    return found < 0 ? undefined : found;
  }

  /** Notes how a question stands now. */
  set(question: number, standing: Standing): void {
    this.#forget(question);
    if (question >= this.#kinds.length) this.#kinds = longer(this.#kinds, new Uint8Array(2 * question));
    const { outside = 0, exact = 0, differs = false }: Partial<Reading> = standing.kind === 'open' ? {} : standing;
    this.#kinds[question] = KINDS.indexOf(standing.kind) + 1 + (differs ? DIFFERS : 0);
    this.#counts.set(standing.kind, this.count(standing.kind) + 1);
    this.#size += 1;
    this.#differing += differs ? 1 : 0;
    if (outside === 0 && exact === 0) return;
    if (2 * question >= this.#shares.length) {
      this.#shares = longer(this.#shares, new Float64Array(2 * this.#kinds.length));
    }
    this.#shares.set([outside, exact], 2 * question);
    this.#outside += outside;
    this.#exact += exact;
  }

  #forget(question: number): void {
    const kind = this.kindOf(question);
    if (kind === undefined) return;
    this.#counts.set(kind, this.count(kind) - 1);
    this.#size -= 1;
    this.#differing -= (this.#kinds[question] as number) & DIFFERS ? 1 : 0;
    this.#outside -= this.#shares[2 * question] ?? 0;
    this.#exact -= this.#shares[2 * question + 1] ?? 0;
    this.#shares.fill(0, 2 * question, 2 * question + 2);
  }
}

function longer<A extends Uint8Array | Float64Array>(numbers: A, room: A): A {
  room.set(numbers);
  return room;
}
