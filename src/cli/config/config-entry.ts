/** @file What a config says once it is read, and how messages speak of it. */
import { OptionError } from '../../errors/failures.js';
import { nearest } from '../../errors/nearest.js';
import type { SectionName } from './keys.js';
import type { YamlTree } from './yaml-tree.js';

/** A value of a config as the command line would have it. */
export type ConfigEntry = {
  readonly section: SectionName | 'method' | 'output';
  readonly name: string;
  readonly option: string;
  readonly teacher?: string;
  readonly student?: string;
  /** As after a flag; `true` for a switch that is on. */
  readonly written: string | true;
  /** For messages: `retort.yaml:12 training.epochs`. */
  readonly where: string;
};

export type Config = {
  readonly path: string;
  /** The file as it stands, to be recorded with what it asked for. */
  readonly text: string;
  readonly entries: readonly ConfigEntry[];
};

/**
 * A key or name that is none, with the nearest that is one.
 * @param home the section that has a key of that very name
 */
export function unknownKey(where: string, name: string, known: readonly string[], home?: string): OptionError {
  const near = nearest(name, known);
  const wanted = known.length === 0 ? 'no further keys' : `one of ${known.join(', ')}`;
  const hint = near === undefined ? 'see docs/config.md for all keys' : `did you mean ${near}?`;
  const fix = home === undefined ? hint : `write it under ${home}`;
  return new OptionError({ where, wanted, got: `'${name}'`, fix });
}

/** What stands there, in a few words. */
export function kindText(tree: YamlTree): string {
  if (tree.kind !== 'scalar') return tree.kind === 'list' ? 'a list' : 'keys with values';
  if (tree.value === null) return 'nothing';
  return `'${tree.source.length > 60 ? `${tree.source.slice(0, 59)}…` : tree.source}'`;
}
