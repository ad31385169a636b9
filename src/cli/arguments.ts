import { OptionError } from '../errors/failures.js';
import { nearest } from '../errors/nearest.js';
import { parseDecimal } from '../options/decimal.js';
import { type FlagSpec, flagName, type OptionTable, valueMode, wantedOf } from './options.js';

/**
 * The dashes that word processors and web pages put in place of `--` and of the minus sign: hyphen, non-breaking
 * hyphen, figure dash, en dash, em dash, horizontal bar, minus sign.
 */
const TYPOGRAPHIC = '\u2010\u2011\u2012\u2013\u2014\u2015\u2212';
const ALL_TYPOGRAPHIC = new RegExp(`[${TYPOGRAPHIC}]`, 'gu');
/** Dashes with at least one typographic among them, then a name; `\s` covers the no-break space of web pages. */
const PASTED_FLAG = new RegExp(`^-*[${TYPOGRAPHIC}][-${TYPOGRAPHIC}]*\\s*([A-Za-z][\\w-]*)(=.*)?$`, 'su');
const PASTED_DASH = new RegExp(`^-*[${TYPOGRAPHIC}][-${TYPOGRAPHIC}]*$`, 'u');
const BARE_NAME = /^[A-Za-z][\w-]*(=.*)?$/s;
const FLAG = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s;

export type NormalArguments = {
  /** ASCII flags under their canonical names, each glued to its value: `--train_batch_size=64`. */
  readonly words: readonly string[];
  /** Was a typographic dash read as an ASCII one? */
  readonly sawTypographicDash: boolean;
};

/** Commands and flags may be written in snake_case and kebab-case. */
export function sameName(a: string, b: string): boolean {
  return a.replaceAll('_', '-') === b.replaceAll('_', '-');
}

/** `—help` as pasted -> `--help`; any other word stays what it is. */
export function asciiFlag(word: string): string {
  const pasted = PASTED_FLAG.exec(word);
  return pasted === null ? word : `--${pasted[1]}${pasted[2] ?? ''}`;
}

/**
 * Rewrites the words after a command's name into the one spelling that the parser knows.
 *
 * A pasted dash (alone before a name, or glued to one) is read as `--` where the name is a flag of this command, or
 * where nothing but a flag can stand; so a value that starts with or contains a dash stays what it is. A value is
 * glued to its flag, so that `-1` cannot be taken for a flag, nor a flag for the value of the one before it. What
 * follows `--` is left alone.
 *
 * @param command the command as messages call it, `retort mnist`
 * @throws OptionError for an unknown flag (with the nearest name), a flag without its value, a switch with one, a flag
 *   with two values
 */
export function normaliseArguments(command: string, table: OptionTable, words: readonly string[]): NormalArguments {
  const normal: string[] = [];
  const flags = flagsOf(table);
  const takesOperands = Object.values(table).some((spec) => spec.kind === 'operand');
  const given = new Map<string, string>();
  let sawTypographicDash = false;

  /** @throws OptionError for a flag whose earlier value was another one: which of the two is meant? */
  const keep = (flag: NamedFlag, value: string): string => {
    const earlier = given.get(flag.name);
    if (earlier !== undefined && earlier !== value) throw givenTwice(flag, earlier, value);
    given.set(flag.name, value);
    return `--${flag.name}=${value}`;
  };

  const find = (name: string) =>
    flags.find((flag) => [flag.name, ...flag.aliases].some((known) => sameName(known, name)));

  /** The flag that starts at word i, in ASCII, and the number of words it fills. */
  const flagAt = (i: number, isValuePlace: boolean): { readonly text: string; readonly width: number } | undefined => {
    const word = words[i] ?? '';
    if (FLAG.test(word)) return { text: word, width: 1 };
    const glued = asciiFlag(word);
    const next = words[i + 1] ?? '';
    const isSplit = PASTED_DASH.test(word) && BARE_NAME.test(next);
    if (glued === word && !isSplit) return undefined;
    const found = isSplit ? { text: `--${next}`, width: 2 } : { text: glued, width: 1 };
    const mustBeFlag = !isValuePlace && !takesOperands;
    const name = FLAG.exec(found.text)?.[1] ?? '';
    return mustBeFlag || name === 'help' || find(name) !== undefined ? found : undefined;
  };

  for (let i = 0; i < words.length; ) {
    const word = words[i] ?? '';
    if (word === '--') {
      normal.push(...words.slice(i));
      break;
    }
    const found = flagAt(i, false);
    if (found === undefined) {
      if (word !== '-h' && (/^-[A-Za-z]/.test(word) || word.startsWith('--'))) throw unknownFlag(command, word, flags);
      normal.push(word);
      i += 1;
      continue;
    }
    i += found.width;
    if (found.text !== word) sawTypographicDash = true;

    const [, name = '', gluedValue] = FLAG.exec(found.text) ?? [];
    if (name === 'help') {
      normal.push('--help');
      continue;
    }
    const flag = find(name);
    if (flag === undefined) throw unknownFlag(command, `--${name}`, flags);
    const mode = valueMode(flag.spec);
    let value = gluedValue;
    if (value !== undefined && mode === 'none') throw switchWithValue(flag, value);
    if (value === undefined && mode !== 'none') {
      const next = words[i];
      const isValue = next !== undefined && next !== '--' && flagAt(i, true) === undefined;
      if (isValue) {
        value = next;
        i += 1;
      } else if (mode === 'one') {
        throw missingValue(flag, next);
      }
    }
    if (value === undefined) {
      normal.push(`--${flag.name}`);
    } else {
      const ascii = asciiNumber(flag.spec, value);
      if (ascii !== value) sawTypographicDash = true;
      normal.push(keep(flag, ascii));
    }
  }
  return { words: normal, sawTypographicDash };
}

type NamedFlag = { readonly name: string; readonly aliases: readonly string[]; readonly spec: FlagSpec };

function flagsOf(table: OptionTable): readonly NamedFlag[] {
  return Object.entries(table).flatMap(([key, spec]) =>
    spec.kind === 'operand' ? [] : [{ name: flagName(key, spec), aliases: spec.aliases ?? [], spec }],
  );
}

/** `−1` and `5e−3` as pasted become `-1` and `5e-3`, for flags that take numbers. */
function asciiNumber(spec: FlagSpec, value: string): string {
  if (spec.kind !== 'integer' && spec.kind !== 'number' && spec.kind !== 'portion') return value;
  const ascii = value.replace(ALL_TYPOGRAPHIC, '-');
  return parseDecimal(ascii) === undefined ? value : ascii;
}

function unknownFlag(command: string, written: string, flags: readonly NamedFlag[]): OptionError {
  const names = [...flags.map((flag) => flag.name), 'help'];
  const near = nearest(written.replace(/^-+/, '').replaceAll('-', '_'), names);
  return new OptionError({
    where: command,
    wanted: 'a known flag',
    got: written,
    fix: near === undefined ? `see ${command} --help` : `did you mean --${near}?`,
  });
}

function switchWithValue(flag: NamedFlag, value: string): OptionError {
  return new OptionError({
    where: `--${flag.name}`,
    wanted: wantedOf(flag.spec),
    got: `'${value}'`,
    fix: 'write the flag alone to turn it on, leave it out to turn it off',
  });
}

function givenTwice({ name }: NamedFlag, earlier: string, later: string): OptionError {
  return new OptionError({
    where: `--${name}`,
    wanted: 'one value',
    got: `'${earlier}' and '${later}'`,
    fix: 'write the flag once',
  });
}

function missingValue(flag: NamedFlag, next: string | undefined): OptionError {
  return new OptionError({
    where: `--${flag.name}`,
    wanted: wantedOf(flag.spec),
    got: next === undefined ? 'no value' : `the next flag, ${next}`,
    ...(next?.startsWith('--') && flag.spec.kind === 'text'
      ? { fix: `write --${flag.name}=${next} if that is the value` }
      : {}),
  });
}
