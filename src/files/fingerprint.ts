/** @file What decides numbers, as plain JSON: written down when something starts, compared when it is resumed. */

import { OptionError } from '../errors/failures.js';
import { isJsonObject, type Json } from '../options/json.js';
import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../options/run-settings.js';
import { type AnySettings, decidingNothing } from '../options/setting.js';
import { numerics } from './numerics.js';

export type Fingerprint = { readonly [option: string]: Json };

/**
 * Options that decide no number, and why. All others are compared: an option is left out by saying so in its entry as a
 * setting, or by being named here where it is none.
 */
const DECIDES_NOTHING: Readonly<Record<string, string>> = {
  ...decidingNothing(COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS),
  places: 'paths',
  resultsFile: 'a path',
  saveLast: 'what is kept',
  question: 'written down beside the model',
  stateSeconds: 'when it is kept',
  command: 'for the record',
  config: 'for the record: what it says is in the options',
  parallel: 'the processes that runs are divided among',
  work: 'the processes that runs are divided among',
  sharing: 'the processes that runs are divided among',
  signal: 'ends it',
  onEvent: 'a callback',
  onProgress: 'a callback',
  openEvaluator: 'code of the caller, who answers for it',
  openStep: 'code of the caller, who answers for it',
  run: 'code of the caller, who answers for it',
};

/**
 * Options as they are compared: all of them, but for those that decide nothing.
 * @param described What stands for options that are no plain values, or that mean the same in several ways; `undefined`
 *   for one that follows from others. What follows from plain options so comes behind them, and they are what a message
 *   names.
 * @param tables of settings that are among the options, besides those that every run has.
 * @throws OptionError naming an option that is neither plain nor described.
 */
export function comparable(
  options: object,
  described: Readonly<Record<string, unknown>> = {},
  tables: readonly AnySettings[] = [],
): Fingerprint {
  const left = { ...DECIDES_NOTHING, ...decidingNothing(...tables), ...described };
  const plainOnes = Object.entries(options).filter(([name]) => !(name in left));
  return plainEntries([...plainOnes, ...Object.entries(described)]);
}

/** `comparable`, with what decides numbers beside all options. */
export function fingerprint(options: object, described: Readonly<Record<string, unknown>> = {}): Fingerprint {
  return { numerics: numerics(), ...comparable(options, described) };
}

/** The same value from the second time on. */
export function onceAsked<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function plainEntries(entries: readonly (readonly [string, unknown])[], within = ''): Fingerprint {
  const given = entries.filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, plain(value, `${within}${name}`)]));
}

function plain(value: unknown, name: string): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // JSON has no NaN and no infinity.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((item, i) => plain(item ?? null, `${name}.${i}`));
  if (isPlainObject(value)) return plainEntries(Object.entries(value), `${name}.`);
  throw new OptionError({
    where: `option '${name}'`,
    wanted: 'plain values (numbers, strings, lists and objects of them), which can be recorded and compared',
    got: typeof value === 'object' ? value.constructor.name : `a ${typeof value}`,
    fix: 'leave it out, or describe it in files/fingerprint.ts',
  });
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value as JSON has it, without functions and `undefined`. */
export function asJson(value: object): Fingerprint {
  return JSON.parse(JSON.stringify(value));
}

type Difference = { readonly option: string; readonly then: Json | undefined; readonly now: Json | undefined };

/** The first place where two JSON values differ, as a dotted path. */
export function firstDifference(then: Json | undefined, now: Json | undefined, option = ''): Difference | undefined {
  if (isJsonObject(then) && isJsonObject(now)) {
    for (const key of new Set([...Object.keys(then), ...Object.keys(now)])) {
      const found = firstDifference(then[key], now[key], option === '' ? key : `${option}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return JSON.stringify(then) === JSON.stringify(now) ? undefined : { option, then, now };
}

/** @throws OptionError naming the first option that is not as it was, whatever was made of `path`: a run, a pool. */
export function expectSame(path: string, then: Json, now: Json): void {
  const different = firstDifference(then, now);
  if (different === undefined) return;
  throw new OptionError({
    where: `${path}: resuming with another ${different.option}`,
    wanted: `${shown(different.then)}, as at the start`,
    got: shown(different.now),
    fix: fixOf(different) ?? 'resume with the original options, or start over with --overwrite or in another place',
  });
}

/** What runs and experiments call their test split. */
const TEST_SPLITS: readonly string[] = ['test', 'testData'];

/** What to do about a difference that nobody may have asked for. */
export function fixOf({ option, then }: Difference): string | undefined {
  const name = option.split('.').at(-1);
  if (name === 'hash')
    return 'what is read there has changed since: continue with the original rows and tokenizer, or start over';
  if (TEST_SPLITS.includes(option) && then === undefined) {
    return "it began without a test split: continue with --test none (in code test: 'none')";
  }
  if (name !== 'threads') return undefined;
  return `give --threads ${then}: another number changes the rounding of sums, and the default depends on the machine`;
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** For what was begun before fingerprints held all options and all rows: nobody can tell whether it would be the same. */
export function begunByOlder(path: string, version: string): OptionError {
  return new OptionError({
    where: `resuming ${path}`,
    wanted: 'a run started by retort 0.2.0 or later, which records all options',
    got: `one started by retort ${version}`,
    fix: `finish it with retort ${version}, or start over with --overwrite or in another place`,
  });
}
