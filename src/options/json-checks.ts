/**
 * @file What JSON has to hold, said as data. A check knows the type of what passes, and names the first place that does
 * not. Plain functions, since whoever answers in a browser loads them.
 */
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { isJsonObject } from './json.js';

/** What is wrong, and the keys on the way to it from the outside in. */
export type Problem = { readonly path: readonly (string | number)[]; readonly wanted: string; readonly got: string };

/** undefined for a value that passes. `type` is never there: it carries what such a value is. */
export type Check<T> = ((value: unknown) => Problem | undefined) & { readonly type?: T };

export type Checked<C> = C extends Check<infer T> ? T : never;

type Checks = Readonly<Record<string, Check<unknown>>>;
type OptionalKeys<S> = { [K in keyof S]: undefined extends Checked<S[K]> ? K : never }[keyof S];
type Keys<S> = { [K in Exclude<keyof S, OptionalKeys<S>>]: Checked<S[K]> } & {
  [K in OptionalKeys<S>]?: Checked<S[K]>;
};
type Others = { readonly [key: string]: unknown };

/**
 * The value as what the check says it is.
 * @throws FileError naming the first place that is not.
 */
export function checkedJson<T>(check: Check<T>, value: unknown, where: string, fix: string): T {
  const problem = check(value);
  if (problem === undefined) return value as T;
  const { path, wanted, got } = problem;
  throw new FileError({ where: path.length === 0 ? where : `${where}: ${path.join('.')}`, wanted, got, fix });
}

/** A value for which `test` is true. */
export function such<T>(wanted: string, test: (value: unknown) => boolean): Check<T> {
  return (value) => (test(value) ? undefined : { path: [], wanted, got: described(value) });
}

export const flag: Check<boolean> = such('true or false', (value) => typeof value === 'boolean');

export function text(least = 0, most = 10_000): Check<string> {
  const wanted = `a text of ${least} to ${most} characters`;
  return such(wanted, (value) => typeof value === 'string' && value.length >= least && value.length <= most);
}

export function whole(least: number, most: number): Check<number> {
  const wanted = `an integer from ${least} to ${most}`;
  return such(wanted, (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most);
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Check<T> {
  const wanted = values.map((value) => JSON.stringify(value)).join(' or ');
  return such(wanted, (value) => (values as readonly unknown[]).includes(value));
}

/** Also nothing at all. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value) => (value === undefined ? undefined : check(value));
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value) => (value === null ? undefined : check(value));
}

export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return (value) => (first(value) === undefined ? undefined : second(value));
}

export function list<T>(item: Check<T>, least = 0, most = 2 ** 31): Check<T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      const got = Array.isArray(value) ? `a list of ${value.length}` : described(value);
      return { path: [], wanted: `a list of ${least} to ${most}`, got };
    }
    for (let i = 0; i < value.length; i++) {
      const problem = item(value[i]);
      if (problem !== undefined) return inside(i, problem);
    }
    return undefined;
  };
}

export function pairOf<A, B>(first: Check<A>, second: Check<B>): Check<[A, B]> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2)
      return { path: [], wanted: 'a list of two', got: described(value) };
    const [a, b] = [first(value[0]), second(value[1])];
    return a !== undefined ? inside(0, a) : b !== undefined ? inside(1, b) : undefined;
  };
}

/** An object whose values all pass. */
export function mapOf<T>(item: Check<T>): Check<Record<string, T>> {
  return (value) => {
    if (!isJsonObject(value)) return { path: [], wanted: 'an object', got: described(value) };
    for (const [key, one] of Object.entries(value)) {
      const problem = item(one);
      if (problem !== undefined) return inside(key, problem);
    }
    return undefined;
  };
}

/** An object that has these keys, and maybe others. */
export function object<const S extends Checks>(keys: S): Check<Keys<S> & Others> {
  return (value) => {
    if (!isJsonObject(value)) return { path: [], wanted: 'an object', got: described(value) };
    for (const [key, check] of Object.entries(keys)) {
      const problem = check(Object.hasOwn(value, key) ? value[key] : undefined);
      if (problem !== undefined) return inside(key, problem);
    }
    return undefined;
  };
}

/** An object that has these keys and no others. */
export function strictObject<const S extends Checks>(keys: S): Check<Keys<S>> {
  const loose = object(keys);
  return (value) => {
    const strange = isJsonObject(value) ? Object.keys(value).find((key) => !Object.hasOwn(keys, key)) : undefined;
    if (strange === undefined) return loose(value);
    return {
      path: [],
      wanted: `the keys ${Object.keys(keys).join(', ')} alone`,
      got: JSON.stringify(shortened(strange)),
    };
  };
}

/** An object of one of several sorts, as its key `type` says. */
export function byType<const M extends Checks>(
  sorts: M,
): Check<{ [K in keyof M & string]: Checked<M[K]> & { readonly type: K } }[keyof M & string]> {
  return (value) => {
    if (!isJsonObject(value)) return { path: [], wanted: 'an object', got: described(value) };
    const { type } = value;
    const sort = typeof type === 'string' && Object.hasOwn(sorts, type) ? sorts[type] : undefined;
    if (sort !== undefined) return sort(value);
    return { path: ['type'], wanted: `one of ${Object.keys(sorts).join(', ')}`, got: described(type) };
  };
}

/** A check of the parts, and then one of the whole: what is wrong with it, if anything. */
export function also<T>(
  check: Check<T>,
  problemOf: (value: T) => Pick<Problem, 'wanted' | 'got'> | undefined,
): Check<T> {
  return (value) => {
    const problem = check(value);
    if (problem !== undefined) return problem;
    const found = problemOf(value as T);
    return found && { path: [], ...found };
  };
}

function inside(key: string | number, { path, ...rest }: Problem): Problem {
  // A key of a stranger's file may hold anything, line ends too.
  return { ...rest, path: [typeof key === 'string' ? JSON.stringify(shortened(key)).slice(1, -1) : key, ...path] };
}

/** Any value in a few words. */
export function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
