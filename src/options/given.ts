/** @file Options on their way from a caller to what takes them: some are not given, some have defaults. */
import type { OptionValue } from './option-spec.js';
import type { AnySettings } from './setting.js';

/** As flags come, and callers who hand their own options on have them: what was not given may be there and undefined. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

type Present<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without what is undefined, for what takes an option or none. */
export function defined<T extends object>(options: T): Present<T> {
  // The same values under the same names.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** The values of a table's settings: those that have a default are there. */
export type SettingValues<T> = {
  readonly [K in keyof T]: T[K] extends { kind: 'switch' } | { default: unknown }
    ? OptionValue<T[K]>
    : OptionValue<T[K]> | undefined;
};

/** Of what was given the settings of a table, and its defaults for the others. */
export function settingsOf<const T extends AnySettings>(
  table: T,
  options: { readonly [K in keyof T]?: unknown },
): SettingValues<T> {
  const values = Object.entries(table).map(([name, spec]) => {
    return [name, options[name] ?? spec.default ?? (spec.kind === 'switch' ? false : undefined)] as const;
  });
  return Object.fromEntries(values) as SettingValues<T>; // as callers of the typed functions have to give them
}

/** Some of an object's options, without those that are undefined. */
type GivenOptions<T, K extends keyof T> = { readonly [Key in K]?: Exclude<T[Key], undefined> };

/** Those of some options that were given: for who hands on what he was handed, undefined or not. */
export function givenOptions<T extends object, const K extends keyof T>(
  options: T,
  names: readonly K[],
): GivenOptions<T, K> {
  const given = names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]));
  return Object.fromEntries(given) as GivenOptions<T, K>; // each value under its own name
}
