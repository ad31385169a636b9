/** @file One recorded answer: what its row says, of which kind, as a target. */

import { FileError } from '../errors/failures.js';
import type { RetortError } from '../errors/retort-error.js';
import { shortened } from '../errors/shortened.js';
import { isJsonObject } from '../options/json.js';
import {
  holeTarget,
  LARGEST_TARGET,
  LEAST_FLOAT,
  labelTarget,
  RUNGS,
  type Rung,
  roundedTarget,
  sampleTarget,
  type Target,
  topKTarget,
} from './targets.js';

export type RecordedOptions = {
  /** Told of an answer that cannot be read; its row is then a hole. Default: it is an error. */
  readonly onBadRow?: (failure: RetortError) => void;
  /** The mass that a hard label leaves to all classes together. Default: 0.1. */
  readonly labelSmoothing?: number;
  /** What each class is counted before any sample. Default: 0.5. */
  readonly samplePrior?: number;
};

export type RecordedAnswer = {
  readonly rung: Rung | 'refused';
  readonly target: Target;
  /** Whether all was said: what the teacher gives at one temperature then says what it would at any. */
  readonly isWhole: boolean;
};

const FIX = 'correct or delete that row, or leave such rows out (--bad_rows skip)';
/** How far above 1 the sum of a few probabilities may be for being written with few digits. */
const SUM_TOLERANCE = 0.01;
/** More decimals than these were not rounded by whoever wrote them, but are all that a computer had. */
const MOST_DECIMALS = 6;
/** How far from 1 the sum of those may be: half precision has three digits. */
const UNROUNDED_TOLERANCE = 1e-3;
/** Of sums of decimals that are no binary fractions. */
const SLACK = 1e-9;

/** Reads answers for classes of given names. */
export class AnswerReader {
  readonly #names: readonly string[];
  readonly #numberOf: ReadonlyMap<string, number>;
  readonly #options: RecordedOptions;

  constructor(labelNames: readonly string[], options: RecordedOptions) {
    this.#names = labelNames;
    this.#numberOf = new Map(labelNames.map((name, c) => [name, c]));
    this.#options = options;
  }

  /**
   * The answer of the best kind that the row has, or of the one that is asked for.
   * @throws FileError naming the row and what is wrong with it, unless `onBadRow` is told.
   */
  read(row: Readonly<Record<string, unknown>>, where: string, use?: Rung): RecordedAnswer {
    try {
      return this.#answer(row, where, use);
    } catch (error) {
      const { onBadRow } = this.#options;
      if (onBadRow === undefined || !(error instanceof FileError)) throw error;
      onBadRow(error);
      return { rung: 'label', target: holeTarget(this.#names.length), isWhole: true };
    }
  }

  #answer(row: Readonly<Record<string, unknown>>, where: string, use: Rung | undefined): RecordedAnswer {
    // A hole: of a row that the teacher would not answer, or not in words that name a label, nothing is known.
    if (row.refused === true || row.malformed === true)
      return { rung: 'refused', target: holeTarget(this.#names.length), isWhole: true };
    const rung = use ?? RUNGS.find((name) => row[name] !== undefined && row[name] !== null);
    const value = rung === undefined ? undefined : row[rung];
    if (rung === undefined || value === undefined || value === null) {
      throw new FileError({
        where,
        wanted: use === undefined ? `one of the keys ${RUNGS.join(', ')}` : `the key '${use}'`,
        got: Object.keys(row).join(', '),
        fix: FIX,
      });
    }
    return { rung, ...this.#said(rung, value, row, where) };
  }

  #said(rung: Rung, value: unknown, row: Readonly<Record<string, unknown>>, where: string) {
    switch (rung) {
      case 'logits':
        return { target: { logits: this.#whole(value, where, rung) }, isWhole: true };
      case 'probabilities': {
        const given = this.#whole(value, where, rung);
        return { target: this.#rounded(given, value, row.decimals, where), isWhole: given.every((p) => p > 0) };
      }
      case 'logprobs':
        return this.#topK(value, row.outside, where);
      case 'samples':
        return { target: sampleTarget(this.#counts(value, where), this.#options.samplePrior), isWhole: false };
      case 'label': {
        const label = this.#number(typeof value === 'string' ? value : shown(value), where);
        return { target: labelTarget(label, this.#names.length, this.#options.labelSmoothing), isWhole: false };
      }
    }
  }

  /** Probabilities whose sum is 1 but for the rounding of each: to `decimals`, where the row says so. */
  #rounded(given: readonly number[], value: unknown, said: unknown, where: string): Target {
    const decimals = saidDecimals(said, where) ?? Math.max(...given.map(decimalsOf));
    const halfUnit = decimals === 0 ? 0 : 10 ** -decimals / 2;
    const tolerance = decimals > MOST_DECIMALS ? UNROUNDED_TOLERANCE : given.length * halfUnit + SLACK;
    const sum = given.reduce((total, p) => total + p, 0);
    if (given.every((p) => p >= 0) && Math.abs(sum - 1) <= tolerance) return roundedTarget(given, halfUnit);
    const wanted = `probabilities ≥ 0 with a sum of 1, up to ${digits(tolerance)} for rounding`;
    throw badRow(where, wanted, `${shown(value)}, whose sum is ${digits(sum)}`);
  }

  /** A number for each class, from a list in their order or an object by their names. */
  #whole(value: unknown, where: string, rung: Rung): number[] {
    const C = this.#names.length;
    if (Array.isArray(value)) {
      if (value.length !== C) throw badRow(where, `${C} ${rung}, one for each label`, `${value.length}`);
      return value.map((part) => finite(part, where, rung));
    }
    const given = this.#byLabel(value, where, rung);
    const missing = this.#names.filter((_, c) => given[c] === undefined);
    if (missing.length > 0) {
      throw badRow(where, `${rung} of all ${C} labels`, `none for ${missing.slice(0, 5).join(', ')}`);
    }
    return given.map((part) => part as number);
  }

  #topK(value: unknown, outside: unknown, where: string) {
    const given = this.#byLabel(value, where, 'logprobs');
    const known = given.flatMap((part) => part ?? []);
    const beyond = outside === undefined || outside === null ? 0 : finite(outside, where, 'outside');
    const sum = known.reduce((total, part) => total + Math.exp(part), 0) + beyond;
    const isAll = known.length === this.#names.length;
    const isNothing = isAll && known.every((part) => Math.exp(part) < LEAST_FLOAT);
    if (known.length === 0 || isNothing || beyond < 0 || beyond >= 1 || sum > 1 + SUM_TOLERANCE) {
      const got = known.length === 0 ? 'none' : `${shown(value)}, whose probabilities have a sum of ${digits(sum)}`;
      throw badRow(where, 'log-probabilities of some labels, of a sum above 0 and of at most 1', got);
    }
    // So small a number stands for what was not seen at all.
    const isWhole = isAll && known.every((part) => Math.exp(part) >= LEAST_FLOAT);
    return { target: topKTarget(given, beyond), isWhole };
  }

  /** Drawn labels in a list, or how often each was drawn by its name. */
  #counts(value: unknown, where: string): number[] {
    const counts = this.#names.map(() => 0);
    const add = (label: string, count: number) => {
      const c = this.#number(label, where);
      counts[c] = (counts[c] as number) + count;
    };
    if (Array.isArray(value)) for (const label of value) add(typeof label === 'string' ? label : shown(label), 1);
    else {
      for (const [c, count] of this.#byLabel(value, where, 'samples').entries()) {
        if (count === undefined) continue;
        if (!Number.isInteger(count) || count < 0) throw badRow(where, 'counts of samples', digits(count));
        counts[c] = count;
      }
    }
    if (counts.every((count) => count === 0)) throw badRow(where, 'at least one sample', 'none');
    return counts;
  }

  #byLabel(value: unknown, where: string, rung: Rung): (number | undefined)[] {
    if (!isJsonObject(value)) {
      throw badRow(where, `${rung} by label: { "${this.#names[0]}": … }`, shown(value));
    }
    const given: (number | undefined)[] = this.#names.map(() => undefined);
    for (const [label, part] of Object.entries(value)) {
      // A struct of Parquet has a key for every label, and null where there is no value.
      if (part !== null && part !== undefined) given[this.#number(label, where)] = finite(part, where, rung);
    }
    return given;
  }

  #number(label: string, where: string): number {
    const c = this.#numberOf.get(label.trim());
    if (c !== undefined) return c;
    throw badRow(where, `one of the labels ${this.#names.slice(0, 12).join(', ')}`, `'${label.slice(0, 60)}'`);
  }
}

function finite(value: unknown, where: string, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Math.abs(number) <= LARGEST_TARGET) return number;
  // JSON has no NaN; some writers put it there as text.
  const got = typeof value === 'number' ? String(value) : shown(value);
  throw badRow(where, `${what} that are finite numbers${Number.isFinite(number) ? ' of float32' : ''}`, got);
}

function saidDecimals(said: unknown, where: string): number | undefined {
  if (said === undefined || said === null) return undefined;
  const decimals = Number(said);
  if (Number.isInteger(decimals) && decimals >= 0) return decimals;
  throw badRow(where, 'decimals, an integer ≥ 0', shown(said));
}

/** As many as it takes to write a number. */
export function decimalsOf(value: number): number {
  const [digits = '', exponent = '0'] = String(value).split('e');
  return Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent));
}

function badRow(where: string, wanted: string, got: string): FileError {
  return new FileError({ where, wanted, got, fix: FIX });
}

function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function shown(value: unknown): string {
  const json =
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? Number(part) : part)) ?? 'nothing';
  return shortened(json);
}
