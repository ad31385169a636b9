import { OptionError } from '../errors/failures.js';
import { parseDecimal } from './decimal.js';

/**
 * Options as data. One table per command says everything about its flags; parsing, `--help`, the error texts and
 * the type of the parsed values derive from it. A key is the camelCase name in code; its flag is the same name in
 * snake_case (`trainBatchSize` -> `--train_batch_size`), and users may write it in kebab-case as well.
 */
export type OptionSpec =
  | (FlagBase & Presence<number> & NumberRange & { readonly kind: 'integer' })
  | (FlagBase & Presence<number> & NumberRange & { readonly kind: 'number' })
  /** A count of batches (`100`) or a fraction of them (`0.25`, `1.0`), as in PyTorch Lightning. */
  | (FlagBase & Presence<Portion> & { readonly kind: 'portion'; readonly orNone?: true })
  | (FlagBase & Presence<string> & { readonly kind: 'text'; readonly placeholder: string })
  | (FlagBase & Presence<string> & { readonly kind: 'choice'; readonly choices: readonly string[] })
  /** Off unless written. */
  | (FlagBase & { readonly kind: 'switch'; readonly conflictsWith?: string })
  /** Known from other programs, but offering nothing here: the values that mean "off" pass, the rest is an error. */
  | (FlagBase & { readonly kind: 'fixed'; readonly accepted: readonly string[]; readonly fix: string })
  /** A word without a flag, in the order of the table; `many` takes all that are left. */
  | {
      readonly kind: 'operand';
      readonly help: string;
      readonly placeholder: string;
      readonly required?: true;
      readonly many?: true;
    };

type FlagBase = {
  readonly help: string;
  /** Heading of the help page under which the flag stands. */
  readonly group: string;
  /** The flag without its dashes, where it is not the snake_case form of the key. */
  readonly flag?: string;
  /** Shorter names under which it may be written too. */
  readonly aliases?: readonly string[];
  /** What to do when a required flag is missing. */
  readonly fixWhenMissing?: string;
};

type Presence<T> = { readonly default?: T; readonly required?: true };

type NumberRange = {
  /** Inclusive bounds, and the exclusive lower bound. */
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  /** One value outside the range that has a meaning of its own. */
  readonly also?: { readonly value: number; readonly means: string };
  /** A sentence for the user about a value that is taken but does less than they may think. */
  readonly notice?: (value: number) => string | undefined;
};

export type Portion = { readonly batches: number } | { readonly fraction: number };

export type OptionTable = { readonly [key: string]: OptionSpec };

type FlagValue<S> = S extends { kind: 'integer' | 'number' }
  ? number
  : S extends { kind: 'portion' }
    ? Portion
    : S extends { kind: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : string;

type OptionValue<S> = S extends { kind: 'switch' }
  ? boolean
  : S extends { kind: 'operand'; many: true }
    ? readonly string[]
    : S extends { default: unknown } | { required: true }
      ? FlagValue<S>
      : FlagValue<S> | undefined;

/** The parsed values of a table: every key is there; a flag without default that was not given is `undefined`. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T as T[K] extends { kind: 'fixed' } ? never : K]: OptionValue<T[K]>;
};

/** What was written on the command line: by key, `true` for a flag without a value; and the words without a flag. */
export type RawOptions = {
  readonly flags: ReadonlyMap<string, string | true>;
  readonly operands: readonly string[];
};

/** The flag of a table's key, without dashes: `trainBatchSize` -> `train_batch_size`. */
export function flagName(key: string, spec: OptionSpec): string {
  if (spec.kind !== 'operand' && spec.flag !== undefined) return spec.flag;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Does the flag take a value? `fixed` flags may stand alone or with one. */
export function valueMode(spec: OptionSpec): 'none' | 'optional' | 'one' {
  if (spec.kind === 'switch') return 'none';
  return spec.kind === 'fixed' ? 'optional' : 'one';
}

/** The values a flag takes, in words: "an integer ≥ 1, or -1 for all rows". */
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
      return `one of ${spec.choices.join(', ')}`;
    case 'fixed':
      return `one of ${spec.accepted.join(', ')}, or the flag left out`;
    case 'switch':
      return 'no value';
    default:
      return `a ${spec.placeholder}`;
  }
}

function rangeText(range: NumberRange): string {
  if (range.above !== undefined) return ` > ${range.above}${range.max === undefined ? '' : `, at most ${range.max}`}`;
  if (range.min !== undefined && range.max !== undefined) return ` from ${range.min} to ${range.max}`;
  if (range.min !== undefined) return ` ≥ ${range.min}`;
  return '';
}

/** A default as a user would write it. */
export function defaultText(spec: OptionSpec): string | undefined {
  if (spec.kind === 'switch' || spec.kind === 'fixed' || spec.kind === 'operand') return undefined;
  if (spec.default === undefined) return undefined;
  if (typeof spec.default !== 'object') return String(spec.default);
  return 'batches' in spec.default ? String(spec.default.batches) : spec.default.fraction.toFixed(1);
}

/**
 * Reads what was written against a command's table.
 * @param command the name that messages about missing or superfluous words use, as `retort mnist`
 * @returns the typed values, and the notices that some values call for
 * @throws OptionError naming the flag, the wanted range and what came
 */
export function readOptions<const T extends OptionTable>(
  command: string,
  table: T,
  raw: RawOptions,
): { readonly values: OptionValues<T>; readonly notices: readonly string[] } {
  const values: Record<string, unknown> = {};
  const notices: string[] = [];
  const operands = [...raw.operands];
  for (const [key, spec] of Object.entries(table)) {
    if (spec.kind === 'operand') {
      if (spec.required && operands.length === 0) throw missingOperand(command, spec.placeholder);
      values[key] = spec.many ? operands.splice(0) : operands.shift();
      continue;
    }
    const written = raw.flags.get(key);
    const value =
      written === undefined ? absentValue(command, key, spec) : checkedValue(`--${flagName(key, spec)}`, spec, written);
    if (spec.kind !== 'fixed') values[key] = value;
    if ('notice' in spec && typeof value === 'number') {
      const notice = spec.notice?.(value);
      if (notice !== undefined) notices.push(notice);
    }
  }
  if (operands[0] !== undefined) {
    throw new OptionError({
      where: command,
      wanted: raw.operands.length > operands.length ? 'fewer words' : 'only flags and their values',
      got: `'${operands[0]}'`,
      fix: `see ${command} --help`,
    });
  }
  rejectConflicts(table, values);
  // The loop has set every key of the table, each by the rule that OptionValue writes as a type.
  return { values: values as OptionValues<T>, notices };
}

function missingOperand(command: string, placeholder: string): OptionError {
  return new OptionError({ where: command, wanted: `a ${placeholder}`, got: 'nothing', fix: `see ${command} --help` });
}

function absentValue(command: string, key: string, spec: Exclude<OptionSpec, { kind: 'operand' }>): unknown {
  if (spec.kind === 'switch') return false;
  if (spec.kind === 'fixed') return undefined;
  if (spec.required) {
    throw new OptionError({
      where: `--${flagName(key, spec)}`,
      wanted: wantedText(spec),
      got: 'nothing',
      fix: spec.fixWhenMissing ?? `see ${command} --help`,
    });
  }
  return spec.default;
}

/**
 * The value of what was written for an option.
 * @param where the place that the message names: a flag, or a line of a config
 * @throws OptionError for a value that the option does not take
 */
export function checkedValue(
  where: string,
  spec: Exclude<OptionSpec, { kind: 'operand' }>,
  written: string | true,
): unknown {
  const wrong = (fix?: string) =>
    new OptionError({
      where,
      wanted: wantedText(spec),
      got: written === true ? 'the flag alone' : written === '' ? 'the empty word' : `'${written}'`,
      ...(fix === undefined ? {} : { fix }),
    });
  if (spec.kind === 'switch') return true;
  if (spec.kind === 'fixed') {
    const isOff = written !== true && spec.accepted.some((value) => value.toLowerCase() === written.toLowerCase());
    if (!isOff) throw wrong(spec.fix);
    return undefined;
  }
  if (written === true || written === '') throw wrong();
  switch (spec.kind) {
    case 'text':
      return written;
    case 'choice':
      if (!spec.choices.includes(written)) throw wrong();
      return written;
    case 'portion': {
      const portion = readPortion(written, spec.orNone === true);
      if (portion === undefined) throw wrong();
      return portion;
    }
    default: {
      const value = parseDecimal(written);
      if (value === undefined || !isInRange(value, spec)) throw wrong();
      return value;
    }
  }
}

function isInRange(value: number, spec: NumberRange & { readonly kind: 'integer' | 'number' }): boolean {
  if (spec.kind === 'integer' && !Number.isSafeInteger(value)) return false;
  if (value === spec.also?.value) return true;
  if (spec.above !== undefined && value <= spec.above) return false;
  return value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
}

/** `1` is one batch and `1.0` is all of them: the decimal point decides, as the type does in Lightning. */
function readPortion(written: string, mayBeNone: boolean): Portion | undefined {
  const value = parseDecimal(written);
  if (value === undefined || value < 0 || (value === 0 && !mayBeNone)) return undefined;
  if (/^\+?\d+$/.test(written)) return Number.isSafeInteger(value) ? { batches: value } : undefined;
  return value <= 1 ? { fraction: value } : undefined;
}

function rejectConflicts(table: OptionTable, values: Readonly<Record<string, unknown>>): void {
  for (const [key, spec] of Object.entries(table)) {
    if (spec.kind !== 'switch' || spec.conflictsWith === undefined) continue;
    const other = table[spec.conflictsWith];
    if (other === undefined || values[key] !== true || values[spec.conflictsWith] !== true) continue;
    const names = [`--${flagName(key, spec)}`, `--${flagName(spec.conflictsWith, other)}`];
    throw new OptionError({
      where: names.join(', '),
      wanted: 'at most one of the two',
      got: 'both',
      fix: 'they contradict each other: keep the one that you mean',
    });
  }
}
