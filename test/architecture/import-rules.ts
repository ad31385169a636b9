import { posix } from 'node:path';
import { parseAst } from 'vitest/node';
import { DOORS, GRAB_BAGS, RANKS, ROOMS } from './ranks.js';

/** Source files by their path inside `src/`, with `/` between folders. */
export type Sources = ReadonlyMap<string, string>;

/**
 * Every module a file names: `import`, `import type`, `export … from`, `import()`, and `import('…').Type`. A dynamic
 * import of anything but a plain string is returned as undefined.
 */
export function importsOf(path: string, source: string): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { type, source: target } = node as { type?: unknown; source?: unknown };
    const isImport = typeof type === 'string' && /^(Import|Export|TSImport)/.test(type);
    if (isImport && target !== null && target !== undefined) found.push(plainString(target));
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(source, { lang: 'ts' }, path));
  return found;
}

function plainString(node: unknown): string | undefined {
  const { value, quasis } = node as { value?: unknown; quasis?: { value: { cooked: string } }[] };
  if (typeof value === 'string') return value;
  return quasis?.length === 1 ? quasis[0]?.value.cooked : undefined;
}

/** The folder whose rank a file has; `index.ts` is an entry point. */
function folderOf(path: string): string {
  return path === 'index.ts' ? 'entries' : path.slice(0, Math.max(path.indexOf('/'), 0));
}

/** The folder with rooms that a file lies in. */
function roomyFolder(path: string): string | undefined {
  return Object.keys(ROOMS).find((folder) => path.startsWith(`${folder}/`));
}

/** The rank of a file among the rooms of its folder; undefined in a folder without rooms, or a room without a rank. */
function roomRank(path: string): number | undefined {
  const folder = roomyFolder(path);
  const rooms = ROOMS[folder ?? ''];
  if (folder === undefined || rooms === undefined) return undefined;
  const [room = ''] = path.slice(folder.length + 1).split('/');
  if (room.endsWith('.ts')) return rooms.length;
  const rank = rooms.findIndex((names) => names.includes(room));
  return rank < 0 ? undefined : rank;
}

/** What is wrong with the layout of these sources, one sentence each; empty if nothing is. */
export function violations(sources: Sources): string[] {
  return [...sources].flatMap(([path, source]) => violationsOf(path, source, sources));
}

/** What is wrong with one file among the others. */
export function violationsOf(path: string, source: string, sources: Sources): string[] {
  const folder = folderOf(path);
  const rank = RANKS[folder];
  if (rank === undefined) return [`${path}: the folder "${folder}" has no rank in test/architecture/ranks.ts`];

  const wrong: string[] = [];
  if (roomyFolder(path) !== undefined && roomRank(path) === undefined) {
    wrong.push(`${path}: the room has no rank in test/architecture/ranks.ts`);
  }
  const names = path.replace(/\.ts$/, '').split('/');
  for (const name of names) if (GRAB_BAGS.has(name)) wrong.push(`${path}: "${name}" names no idea`);
  if (names.at(-1) === 'index' && path !== 'index.ts') wrong.push(`${path}: no folder barrels`);

  for (const specifier of importsOf(path, source)) {
    if (specifier === undefined) wrong.push(`${path}: imports a module whose name is computed`);
    else if (/^retort-ml(\/|$)/.test(specifier)) wrong.push(`${path}: imports its own package as ${specifier}`);
    else if (specifier.startsWith('.')) wrong.push(...relativeViolations(path, rank, specifier, sources));
    else {
      const packageName = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      const shut = DOORS.filter((door) => door.packages.test(packageName) && !door.files.test(path));
      for (const door of shut) wrong.push(`${path}: imports ${specifier}, but ${door.rule}`);
    }
  }
  return wrong;
}

function relativeViolations(path: string, rank: number, specifier: string, sources: Sources): string[] {
  const target = targetOf(path, specifier);
  if (!sources.has(target)) return [`${path}: imports ${specifier}, which is no file of src/`];
  const [from, to] = [folderOf(path), folderOf(target)];
  const targetRank = RANKS[to] ?? Number.POSITIVE_INFINITY;
  if (from === to) return roomViolations(path, target);
  if (targetRank < rank) return [];
  const direction = targetRank > rank ? 'up' : 'sideways';
  return [`${path}: imports ${target}, ${direction} from ${from}/ (${rank}) to ${to}/ (${targetRank})`];
}

/** Files of `src/` or `dist/` that a recipe names, in an import or as the script of a process, though no entry is that file. */
export function internalImports(path: string, source: string): string[] {
  const named = Array.from(source.matchAll(/(['"`])(\.\.\/(?:src|dist)\/.*?)\1/g), ([, , file = '']) => file);
  return named
    .filter((file) => !/^\.\.\/src\/(index|entries\/[\w-]+)\.js$/.test(file))
    .map((file) => `${path}: ${file}`);
}

/** Circles of imports, type imports included: one through each import that closes any, as `a.ts → b.ts → a.ts`. */
export function circles(sources: Sources): string[] {
  const found: string[] = [];
  const open: string[] = [];
  const done = new Set<string>();
  const visit = (path: string): void => {
    const source = sources.get(path);
    if (source === undefined || done.has(path)) return;
    if (open.includes(path)) {
      found.push([...open.slice(open.indexOf(path)), path].join(' → '));
      return;
    }
    open.push(path);
    for (const specifier of importsOf(path, source)) if (specifier?.startsWith('.')) visit(targetOf(path, specifier));
    open.pop();
    done.add(path);
  };
  for (const path of sources.keys()) visit(path);
  return found;
}

function targetOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts'));
}

/** Between rooms of one folder. */
function roomViolations(path: string, target: string): string[] {
  const [own, other] = [roomRank(path), roomRank(target)];
  if (own === undefined || other === undefined || other < own) return [];
  const [from, to] = [posix.dirname(path), posix.dirname(target)];
  if (from === to) return [];
  return [`${path}: imports ${target}, ${other > own ? 'up' : 'sideways'} from ${from}/ to ${to}/`];
}
