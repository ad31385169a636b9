/** @file What the keys of a model's config may hold, as data: checks and the schema of a saved model follow from it. */
import { OptionError } from '../errors/failures.js';

/**
 * `size` and `count` are whole numbers from 1, of what may be many and of what is few; `sizeOrNone` may be 0; `rate` is from 0 to 1, `id` a row of
 * the vocabulary.
 */
export type ConfigValue =
  | 'size'
  | 'sizes'
  | 'sizeOrNone'
  | 'count'
  | 'rate'
  | 'rateOrNull'
  | 'id'
  | 'number'
  | 'notNegative'
  | 'positive'
  | 'flag'
  | 'activation'
  | 'head';

export type ConfigValues<C> = { readonly [K in keyof C]: ConfigValue };

/** @throws OptionError for a size or count that is no whole number from 1. */
export function checkSizes<C extends object>(owner: string, config: C, values: ConfigValues<C>): void {
  for (const key of Object.keys(values) as (keyof C & string)[]) {
    const value = config[key];
    const least = { size: 1, count: 1, sizeOrNone: 0 }[String(values[key])];
    if (least === undefined || (Number.isInteger(value) && Number(value) >= least)) continue;
    throw new OptionError({ where: `${owner} ${key}`, wanted: `an integer ≥ ${least}`, got: String(value) });
  }
}
