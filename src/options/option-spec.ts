/**
 * @file An option as data: its kind, its range, its default and a line of help. Options of methods, settings of trainings and
 * flags of commands are all written so; checks, `--help`, the keys of a retort.yaml, its JSON Schema and the docs derive
 * from it.
 */
import { OptionError } from '../errors/failures.js';
import { parseDecimal } from './decimal.js';

export type OptionSpec = { readonly help: string } & (
  | (Presence<number> & NumberRange & { readonly kind: 'integer' | 'number' })
  /** A count of batches (`100`) or a fraction of them (`0.25`, `1.0`), as in PyTorch Lightning. */
  | (Presence<Portion> & { readonly kind: 'portion'; readonly orNone?: true })
  | (Presence<string> & { readonly kind: 'text'; readonly placeholder: string })
  | (Presence<string> & {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      /** What it takes besides, and how to say so. */
      readonly form?: { readonly pattern: RegExp; readonly says: string };
    })
  /** Off unless it is written, or its default is true. */
  | { readonly kind: 'switch'; readonly default?: boolean }
  /** A switch whose default depends on something else, so that both values can be written. */
  | (Presence<never> & { readonly kind: 'yes-no' })
);

type Presence<T> = {
  readonly default?: T;
  /** A default for each sort of model. */
  readonly usual?: Readonly<Record<ModelSort, T>>;
  readonly required?: true;
  /** A default in words, where it is no single value. */
  readonly defaultSays?: string;
};

/**
 * Models that are trained differently where nobody says how: a pre-trained encoder, a BiLSTM that starts from words, a model
 * over n-grams, one of static word vectors.
 */
export type ModelSort = 'encoder' | 'bilstm' | 'ngram' | 'static';

type NumberRange = {
  /** Inclusive bounds, and the exclusive lower bound. */
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  /** One value outside the range that has a meaning of its own. */
  readonly also?: { readonly value: number; readonly means: string };
};

/** A count of batches, or a fraction of those there are. */
export type Portion = { readonly batches: number } | { readonly fraction: number };

/** The type of an option's value. */
export type OptionValue<S> = S extends { readonly kind: 'integer' | 'number' }
  ? number
  : S extends { readonly kind: 'portion' }
    ? Portion
    : S extends { readonly kind: 'switch' | 'yes-no' }
      ? boolean
      : S extends { readonly form: object }
        ? string
        : S extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
          ? Choice
          : string;

/** The values an option takes, in words: "an integer ≥ 1, or -1 for all rows". */
export function wantedText(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'integer':
    case 'number': {
      const noun = spec.kind === 'integer' ? 'an integer' : 'a number';
      const also = spec.also === undefined ? '' : `, or ${spec.also.value} for ${spec.also.means}`;
      return `${noun}${rangeText(spec)}${also}`;
    }
    case 'portion':
      return `a number of batches ≥ ${spec.orNone ? 0 : 1}, or a fraction with a decimal point up to 1.0`;
    case 'choice':
      return `one of ${spec.choices.join(', ')}${spec.form === undefined ? '' : `, or ${spec.form.says}`}`;
    case 'switch':
      return 'true or false';
    case 'yes-no':
      return 'yes or no';
    default:
      return `a ${spec.placeholder}`;
  }
}

function rangeText({ min, max, above }: NumberRange): string {
  if (above !== undefined) return ` > ${above}${max === undefined ? '' : ` and ≤ ${max}`}`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` ≥ ${min}`;
  return '';
}

/** A default as a user would write it, or in words. */
export function defaultText(spec: OptionSpec): string | undefined {
  if (spec.kind === 'switch') return spec.default === true ? 'true' : undefined;
  if (spec.default !== undefined) return written(spec.default);
  if (spec.usual === undefined) return spec.defaultSays;
  const { encoder, ...others } = spec.usual;
  return [written(encoder), ...Object.entries(others).map(([sort, value]) => `${sort}: ${written(value)}`)].join('; ');
}

function written(value: number | string | Portion): string {
  if (typeof value === 'number' && value > 0 && value <= 1e-3) return value.toExponential();
  if (typeof value !== 'object') return String(value);
  return 'batches' in value ? String(value.batches) : value.fraction.toFixed(1);
}

/** Whether an option takes a value. */
export function fits(spec: OptionSpec, value: unknown): boolean {
  switch (spec.kind) {
    case 'integer':
    case 'number':
      return typeof value === 'number' && isInRange(value, spec);
    case 'portion':
      return isPortion(value, spec.orNone === true);
    case 'choice':
      return typeof value === 'string' && (spec.choices.includes(value) || spec.form?.pattern.test(value) === true);
    case 'switch':
    case 'yes-no':
      return typeof value === 'boolean';
    default:
      return typeof value === 'string' && value !== '';
  }
}

/** @throws OptionError for a value that the option does not take. */
export function expectFitting(where: string, spec: OptionSpec, value: unknown): void {
  if (fits(spec, value)) return;
  const got = typeof value === 'object' ? JSON.stringify(value) : String(value);
  throw new OptionError({ where, wanted: wantedText(spec), got });
}

function isInRange(value: number, spec: NumberRange & { readonly kind: 'integer' | 'number' }): boolean {
  if (!(spec.kind === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value))) return false;
  if (value === spec.also?.value) return true;
  if (spec.above !== undefined && value <= spec.above) return false;
  return value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
}

function isPortion(value: unknown, mayBeNone: boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if ('batches' in value) return Number.isSafeInteger(value.batches) && Number(value.batches) >= (mayBeNone ? 0 : 1);
  return 'fraction' in value && Number(value.fraction) > 0 && Number(value.fraction) <= 1;
}

/**
 * The value of what was written for an option that takes one.
 * @throws OptionError for a value that the option does not take. @param where a flag, or a line of a config
 */
export function writtenValue(where: string, spec: OptionSpec, written: string): unknown {
  const value = readAs(spec, written);
  if (value !== undefined && fits(spec, value)) return value;
  const got = written === '' ? 'an empty value' : `'${written}'`;
  throw new OptionError({ where, wanted: wantedText(spec), got });
}

function readAs(spec: OptionSpec, written: string): unknown {
  switch (spec.kind) {
    case 'integer':
    case 'number':
      return parseDecimal(written);
    case 'portion':
      return portionOf(written);
    case 'switch':
      return written === 'true' || (written === 'false' ? false : undefined);
    case 'yes-no':
      return written === 'yes' || (written === 'no' ? false : undefined);
    default:
      return written;
  }
}

/** `1` is one batch and `1.0` is all of them: the decimal point decides, as the type does in Lightning. */
function portionOf(written: string): Portion | undefined {
  const value = parseDecimal(written);
  if (value === undefined) return undefined;
  return /^\+?\d+$/.test(written) ? { batches: value } : { fraction: value };
}
