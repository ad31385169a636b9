/** @file The section `method`: its name, and the options that the method of that name has. */
import { OptionError } from '../../errors/failures.js';
import { checkedOptions, type OptionSpecs, specsBeside } from '../../methods/define-method.js';
import { METHODS, type MethodName } from '../../methods/table.js';
import { distillUsage } from '../commands/distill/usage.js';
import { type ConfigEntry, kindText, unknownKey } from './config-entry.js';
import type { YamlMap, YamlTree } from './yaml-tree.js';

/** Options that every command line has a flag for, and a flag overrides; the others travel together. */
const WITH_FLAG = ['alpha', 'temperature'] as const;

/**
 * The method, by its name alone or with its options.
 * @throws OptionError with the line for a name or option that is unknown, or a value that the option does not take.
 */
export function readMethod(tree: YamlTree, path: string, line: number): ConfigEntry[] {
  const where = `${path}:${line} method`;
  if (tree.kind === 'scalar' && tree.value === null) return [];
  if (tree.kind === 'scalar') return [named(tree, where)];
  if (tree.kind === 'list') throw new OptionError({ where, wanted: 'a name, or a name with options', got: 'a list' });
  const { name: given } = Object.fromEntries(tree.entries);
  const name = given === undefined ? undefined : named(given.value, `${path}:${given.line} method.name`);
  const method = (name?.written ?? distillUsage.options.method.default) as MethodName; // `named` has looked it up
  return [...(name === undefined ? [] : [name]), ...optionEntries(method, tree, path, line)];
}

/** Whether some method has an option of that name. */
export function isMethodOption(name: string): boolean {
  return Object.values(METHODS).some(({ definition }) => Object.hasOwn(definition.options, name));
}

function named(tree: YamlTree, where: string): ConfigEntry {
  const names = Object.keys(METHODS);
  if (tree.kind !== 'scalar' || typeof tree.value !== 'string') {
    throw new OptionError({ where, wanted: `one of ${names.join(', ')}`, got: kindText(tree) });
  }
  if (!names.includes(tree.source)) throw unknownKey(where, tree.source, names);
  return entry('name', 'method', tree.source, where);
}

function optionEntries(method: MethodName, { entries }: YamlMap, path: string, line: number): ConfigEntry[] {
  const given = [...entries].flatMap(([name, { value }]) =>
    value.kind === 'scalar' ? [[name, value.value] as const] : [],
  );
  const specs = specsBeside(METHODS[method], Object.fromEntries(given));
  const withFlag: ConfigEntry[] = [];
  const others: string[] = [];
  for (const [name, { line: at, value }] of entries) {
    if (name === 'name') continue;
    const where = `${path}:${at} method.${name}`;
    if (!Object.hasOwn(specs, name)) throw unknownKey(`${path}:${at} method ${method}`, name, Object.keys(specs));
    const written = checkedSource(method, specs, name, value, where);
    const flag = WITH_FLAG.find((option) => option === name);
    if (flag === undefined) others.push(`${name}=${written}`);
    else withFlag.push(entry(name, flag, written, where));
  }
  if (others.length === 0) return withFlag;
  return [...withFlag, entry('options', 'methodOptions', others.join(','), `${path}:${line} method`)];
}

function checkedSource(method: MethodName, specs: OptionSpecs, name: string, tree: YamlTree, where: string): string {
  if (tree.kind !== 'scalar' || tree.value === null) {
    throw new OptionError({ where, wanted: 'a number or a word', got: kindText(tree) });
  }
  try {
    checkedOptions(method, specs, { [name]: tree.value });
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError({ where, wanted: error.wanted, got: kindText(tree), cause: error });
  }
  return tree.source;
}

function entry(name: string, option: ConfigEntry['option'], written: string, where: string): ConfigEntry {
  return { section: 'method', name, option, written, where };
}
