/** @file A retort.yaml, read: every key known, every value what its option takes, else a message with file and line. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { OptionError } from '../../errors/failures.js';
import { checkedValue } from '../options.js';
import { type Config, type ConfigEntry, kindText, unknownKey } from './config-entry.js';
import {
  type ConfigKey,
  isSection,
  keyOf,
  ONE_OF,
  OUTPUT,
  SECTIONS,
  type SectionName,
  SHORT_FORMS,
  specOf,
  TOP_LEVEL,
  takenByKey,
} from './keys.js';
import { isMethodOption, readMethod } from './method-section.js';
import { readYaml, type YamlScalar, type YamlTree } from './yaml-tree.js';

/** Where a value stands, and what its paths start from. */
type ValuePlace = { readonly where: string; readonly folder: string };

/**
 * Reads a config. Paths in it start at its own folder.
 * @throws FileError for a file that is missing, too large or no YAML; OptionError naming file, line and key for a key
 * that is unknown (with the nearest name), a value that is of another kind or out of range, or keys that contradict
 * each other.
 */
export async function readConfig(path: string): Promise<Config> {
  const { text, tree } = await readYaml(path);
  if (tree === undefined || tree.kind !== 'map') {
    throw new OptionError({
      where: tree === undefined ? path : `${path}:${tree.line}`,
      wanted: `sections such as ${Object.keys(TOP_LEVEL).slice(0, 4).join(', ')}, each with a colon`,
      got: tree === undefined ? 'an empty file' : kindText(tree),
      fix: 'retort init DATA writes a config to start from',
    });
  }
  const folder = dirname(path);
  const entries: ConfigEntry[] = [];
  for (const [name, { line, value }] of tree.entries) {
    const where = `${path}:${line} ${name}`;
    if (name === 'output') entries.push(...entryOf('output', name, OUTPUT, value, { where, folder }));
    else if (name === 'method') entries.push(...readMethod(value, path, line));
    else if (isSection(name)) entries.push(...sectionEntries(name, value, path, line));
    else throw unknownKey(`${path}:${line}`, name, Object.keys(TOP_LEVEL), homeOf(name));
  }
  return { path, text, entries };
}

function sectionEntries(section: SectionName, tree: YamlTree, path: string, line: number): ConfigEntry[] {
  // A section whose keys are all comments.
  if (tree.kind === 'scalar' && tree.value === null) return [];
  const short = SHORT_FORMS[section];
  const folder = dirname(path);
  const shortName = tree.kind === 'list' ? short?.list : short?.value;
  if (tree.kind !== 'map') {
    const where = `${path}:${line} ${section}`;
    const key = shortName === undefined ? undefined : keyOf(section, shortName);
    if (shortName !== undefined && key !== undefined) return entryOf(section, shortName, key, tree, { where, folder });
    const some = Object.keys(SECTIONS[section]).slice(0, 3).join(', ');
    throw new OptionError({ where, wanted: `keys such as ${some}, each with a value`, got: kindText(tree) });
  }
  const entries = [...tree.entries].flatMap(([name, { line: keyLine, value }]) => {
    const key = keyOf(section, name);
    if (key === undefined) {
      throw unknownKey(`${path}:${keyLine} ${section}`, name, Object.keys(SECTIONS[section]), homeOf(name));
    }
    return entryOf(section, name, key, value, { where: `${path}:${keyLine} ${section}.${name}`, folder });
  });
  expectOneOf(section, entries);
  return entries;
}

/** The sections that have a key of that name. */
function homeOf(name: string): string | undefined {
  const homes = Object.keys(SECTIONS).filter((section) => isSection(section) && keyOf(section, name) !== undefined);
  if (isMethodOption(name)) homes.push('method');
  return homes.length === 0 ? undefined : homes.join(' or ');
}

function expectOneOf(section: SectionName, entries: readonly ConfigEntry[]): void {
  const names = ONE_OF[section] ?? [];
  const [first, second] = entries.filter(({ name }) => names.includes(name));
  if (first === undefined || second === undefined) return;
  const got = `${first.name} too`;
  throw new OptionError({ where: second.where, wanted: `one of ${names.join(', ')}`, got, fix: 'keep one of them' });
}

/** A switch that is off says nothing. */
function entryOf(
  section: SectionName | 'output',
  name: string,
  key: ConfigKey,
  tree: YamlTree,
  place: ValuePlace,
): ConfigEntry[] {
  const spec = specOf(key);
  const { where } = place;
  const written = writtenValue(key, tree, place);
  if (written === false) return [];
  if (spec.kind !== 'operand') checkedValue(where, spec, written);
  const { option, teacher, student } = key;
  return [{ section, name, option, written, where, ...(teacher && { teacher }), ...(student && { student }) }];
}

function writtenValue(key: ConfigKey, tree: YamlTree, place: ValuePlace): string | boolean {
  const { form, choices } = key;
  const { where } = place;
  if (form === 'words') return wordsOf(tree, where);
  if (form === 'descriptions') return descriptionsOf(tree, key, place);
  if (form === 'numbers' || (form === 'list' && tree.kind === 'list')) {
    if (tree.kind !== 'list' || tree.items.length === 0) {
      throw wrong(where, key, tree.kind === 'list' ? 'an empty list' : kindText(tree));
    }
    return tree.items.map((item) => listItem(key, item, place)).join(',');
  }
  const scalar = expectScalar(tree, key, where);
  if ((form === 'list' || form === 'column') && typeof scalar.value === 'number') return scalar.source;
  const written = scalarText(scalar, key, where);
  if (typeof written === 'boolean') return written;
  if (written === '') throw wrong(where, key, "''");
  if (choices !== undefined && !choices.includes(written)) throw unknownKey(where, written, choices);
  return placed(written, key, place);
}

/** A value of a list that the command line parts by commas. */
function listItem(key: ConfigKey, item: YamlTree, place: ValuePlace): string {
  const { where } = place;
  const isNumber = item.kind === 'scalar' && typeof item.value === 'number';
  const isText = item.kind === 'scalar' && typeof item.value === 'string' && item.value !== '';
  if (isNumber || (isText && key.form === 'list' && !item.source.includes(','))) return placed(item.source, key, place);
  const wanted = key.form === 'numbers' ? 'numbers' : 'names or numbers without commas';
  throw new OptionError({ where, wanted, got: kindText(item) });
}

/** `positive: [good, great]` as `positive=good|great`. */
function wordsOf(tree: YamlTree, where: string): string {
  if (tree.kind !== 'map' || tree.entries.size === 0) {
    throw new OptionError({ where, wanted: 'labels, each with a word or a list of them', got: kindText(tree) });
  }
  const parts = [...tree.entries].map(([label, { value }]) => {
    const items = value.kind === 'list' ? value.items : [value];
    const words = items.map((item) => (item.kind === 'scalar' ? item.source : ''));
    const wrongOne = [label, ...words].find((word) => word === '' || /[,=|]/.test(word));
    if (wrongOne !== undefined || words.length === 0) {
      const got = `'${wrongOne ?? ''}' for ${label}`;
      throw new OptionError({ where, wanted: 'label words without , = and |', got });
    }
    return `${label}=${words.join('|')}`;
  });
  return parts.join(',');
}

/** `billing: money matters` as `{"billing":"money matters"}`; a text alone is as after the flag. */
function descriptionsOf(tree: YamlTree, key: ConfigKey, place: ValuePlace): string {
  const { where } = place;
  if (tree.kind === 'scalar' && typeof tree.value === 'string' && tree.value.startsWith('@')) {
    return placed(tree.source, { ...key, place: 'prompt' }, place);
  }
  if (tree.kind !== 'map' || tree.entries.size === 0) throw wrong(where, key, kindText(tree));
  const described = [...tree.entries].map(([label, { value }]) => {
    if (value.kind !== 'scalar') throw wrong(where, key, `${kindText(value)} for ${label}`);
    return [label, value.value === null ? null : value.source] as const;
  });
  return JSON.stringify(Object.fromEntries(described));
}

function expectScalar(tree: YamlTree, key: ConfigKey, where: string): YamlScalar {
  if (tree.kind !== 'scalar') throw wrong(where, key, kindText(tree));
  if (tree.value !== null) return tree;
  throw wrong(where, key, 'nothing', 'leave the line out for the default');
}

/** The value as a flag would have it, if it is of the kind that the option takes. */
function scalarText({ value, source }: YamlScalar, key: ConfigKey, where: string): string | boolean {
  const got = `${typeof value === 'string' ? 'the text ' : ''}'${source}'`;
  switch (specOf(key).kind) {
    case 'integer':
    case 'number':
    case 'portion':
      if (typeof value !== 'number') throw wrong(where, key, got);
      return source;
    case 'switch':
      if (typeof value !== 'boolean') throw wrong(where, key, got);
      return value;
    case 'yes-no':
      if (typeof value !== 'boolean') throw wrong(where, key, got);
      return value ? 'yes' : 'no';
    default:
      if (typeof value !== 'string') {
        throw wrong(where, key, `the ${typeof value} ${source}`, `write '${source}' in quotes if that is the name`);
      }
      return source;
  }
}

/** A path of the config as one of the process. */
function placed(written: string, { place }: ConfigKey, { folder }: ValuePlace): string {
  if (place === undefined) return written;
  if (place === 'prompt') return written.startsWith('@') ? `@${fromFolder(folder, written.slice(1))}` : written;
  const isPath = place === 'path' || /^\.\.?[\\/]/.test(written) || existsSync(fromFolder(folder, written));
  return isPath ? fromFolder(folder, written) : written;
}

function fromFolder(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function wrong(where: string, key: ConfigKey, got: string, fix?: string): OptionError {
  return new OptionError({ where, wanted: takenByKey(key), got, ...(fix !== undefined && { fix }) });
}
