import { FileError, OptionError } from '../errors/failures.js';
import { type OptionSpec, type OptionValue, wantedText, writtenValue } from '../options/option-spec.js';
import type { FlagBase } from '../options/setting.js';

/**
 * What a command takes, as data. One table per command says everything about its flags; parsing, `--help`, the error texts
 * and the type of the parsed values derive from it. A key is the camelCase name in code; its flag is the same name in
 * snake_case (`trainBatchSize` -> `--train_batch_size`), and users may write it in kebab-case as well.
 */
export type FlagSpec =
  | (OptionSpec & FlagBase)
  /** Known from other programs, but offering nothing here: the values that mean "off" pass, the rest is an error. */
  | (FlagBase & {
      readonly kind: 'fixed';
      readonly help: string;
      readonly accepted: readonly string[];
      readonly fix: string;
    })
  /** A word without a flag, in the order of the table; `many` takes all that are left. */
  | {
      readonly kind: 'operand';
      readonly help: string;
      readonly placeholder: string;
      readonly required?: true;
      readonly many?: true;
    };

export type OptionTable = { readonly [key: string]: FlagSpec };

type ReadValue<S> = S extends { kind: 'operand' }
  ? S extends { many: true }
    ? readonly string[]
    : S extends { required: true }
      ? string
      : string | undefined
  : S extends { kind: 'switch' } | { default: unknown } | { required: true }
    ? OptionValue<S>
    : OptionValue<S> | undefined;

/** The parsed values of a table: every key is there; a flag without default that was not given is `undefined`. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T as T[K] extends { kind: 'fixed' } ? never : K]: ReadValue<T[K]>;
};

/** What was written on the command line: by key, `true` for a flag without a value; and the words without a flag. */
export type RawOptions = { readonly flags: ReadonlyMap<string, string | true>; readonly operands: readonly string[] };

/** The flag of a table's key, without dashes: `trainBatchSize` -> `train_batch_size`. */
export function flagName(key: string, spec?: FlagSpec): string {
  if (spec !== undefined && spec.kind !== 'operand' && spec.flag !== undefined) return spec.flag;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * For what a program is told about its options: the same in flags. A setting is named by itself, in a list, or before its
 * value (`model bilstm`); in a sentence it is known by a capital (`labelColumn`). What is wrong with a file names settings
 * only in its advice.
 */
export function withFlagNames(error: unknown, table: OptionTable): unknown {
  const isOfFile = error instanceof FileError && error.constructor === FileError;
  if (!(error instanceof OptionError || isOfFile)) return error;
  const flags = new Map(
    Object.entries(table).flatMap(([key, spec]) => {
      const names = spec.kind === 'operand' ? [] : [key, ...(spec.kind === 'fixed' ? [] : (spec.saidAs ?? []))];
      return names.map((name) => [name, `--${flagName(key, spec)}`] as const);
    }),
  );
  const inSentence = (text: string) =>
    text.replace(/(?<![.\w'])[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) => flags.get(name) ?? name);
  const alone = (text: string) => {
    const listed = text.split(', ').map((part) => flags.get(part));
    if (listed.every((flag) => flag !== undefined)) return listed.join(', ');
    const [, name = '', value = ''] = /^(\w+) ([^\s']\S*)$/.exec(text) ?? [];
    const flag = flags.get(name);
    return flag === undefined ? inSentence(text) : `${flag} ${value}`;
  };
  const { where, wanted, got, fix } = error;
  if (isOfFile) {
    const advice = inSentence(fix ?? '');
    return advice === (fix ?? '') ? error : new FileError({ where, wanted, got, fix: advice, cause: error });
  }
  const said = {
    where: alone(where),
    wanted: alone(wanted),
    got: alone(got),
    ...(fix !== undefined && { fix: inSentence(fix) }),
  };
  const isSame = said.where === where && said.wanted === wanted && said.got === got && said.fix === fix;
  return isSame ? error : new OptionError({ ...said, cause: error });
}

/** Does the flag take a value? `fixed` flags may stand alone or with one. */
export function valueMode(spec: FlagSpec): 'none' | 'optional' | 'one' {
  if (spec.kind === 'switch') return 'none';
  return spec.kind === 'fixed' ? 'optional' : 'one';
}

/** The values a flag takes, in words. */
export function wantedOf(spec: FlagSpec): string {
  if (spec.kind === 'fixed') return `one of ${spec.accepted.join(', ')}, or the flag left out`;
  if (spec.kind === 'operand') return `a ${spec.placeholder}`;
  return spec.kind === 'switch' ? 'no value' : wantedText(spec);
}

/**
 * With the flags that a written switch is short for.
 * @throws OptionError where one of them is written beside it with another value
 */
export function withShortForms(table: OptionTable, raw: RawOptions): RawOptions {
  const flags = new Map(raw.flags);
  for (const [key, spec] of Object.entries(table)) {
    if (spec.kind === 'operand' || spec.shortFor === undefined || !raw.flags.has(key)) continue;
    const long = Object.entries(spec.shortFor).map(
      ([option, value]) => `--${flagName(option, table[option])} ${value}`,
    );
    for (const [option, value] of Object.entries(spec.shortFor)) {
      const written = flags.get(option) ?? value;
      if (written !== value) {
        const flag = `--${flagName(option, table[option])}`;
        throw new OptionError({
          where: `--${flagName(key, spec)}, ${flag}`,
          wanted: 'only one of them',
          got: `both, with ${flag} ${String(written)}`,
          fix: `leave one out: --${flagName(key, spec)} is short for ${long.join(' ')}`,
        });
      }
      flags.set(option, value);
    }
  }
  return { ...raw, flags };
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
    if (spec.kind !== 'fixed' && typeof value === 'number') {
      const notice = spec.notice?.(value);
      if (notice !== undefined) notices.push(notice);
    }
  }
  if (operands[0] !== undefined) {
    throw new OptionError({
      where: command,
      wanted: raw.operands.length > operands.length ? 'fewer arguments' : 'only flags and their values',
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

function absentValue(command: string, key: string, spec: Exclude<FlagSpec, { kind: 'operand' }>): unknown {
  if (spec.kind === 'switch') return spec.default ?? false;
  if (spec.kind === 'fixed') return undefined;
  if (spec.required) {
    throw new OptionError({
      where: `--${flagName(key, spec)}`,
      wanted: wantedOf(spec),
      got: 'nothing',
      fix: spec.fixWhenMissing ?? `see ${command} --help`,
    });
  }
  return spec.default;
}

/**
 * The value of what was written for a flag, or for the option behind a key of a config.
 * @param where the place that the message names: a flag, or a line of a config
 * @throws OptionError for a value that the option does not take
 */
export function checkedValue(
  where: string,
  spec: Exclude<FlagSpec, { kind: 'operand' }>,
  written: string | true,
): unknown {
  if (spec.kind === 'fixed') {
    const isOff = written !== true && spec.accepted.some((value) => value.toLowerCase() === written.toLowerCase());
    if (isOff) return undefined;
    const got = written === true ? 'no value' : `'${written}'`;
    throw new OptionError({ where, wanted: wantedOf(spec), got, fix: spec.fix });
  }
  if (spec.kind === 'switch') return true;
  if (written !== true) return writtenValue(where, spec, written);
  throw new OptionError({ where, wanted: wantedOf(spec), got: 'no value' });
}

function rejectConflicts(table: OptionTable, values: Readonly<Record<string, unknown>>): void {
  for (const [key, spec] of Object.entries(table)) {
    if (spec.kind !== 'switch' || spec.conflictsWith === undefined) continue;
    const other = table[spec.conflictsWith];
    if (other === undefined || values[key] !== true || values[spec.conflictsWith] !== true) continue;
    const names = [`--${flagName(key, spec)}`, `--${flagName(spec.conflictsWith, other)}`];
    throw new OptionError({
      where: names.join(', '),
      wanted: 'only one of them',
      got: 'both',
      fix: 'they contradict each other: keep one',
    });
  }
}
