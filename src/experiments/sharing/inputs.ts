/** @file The files that an experiment reads, by its options, and where each lies for a worker that does not see them here. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import process from 'node:process';
import { splitPathsBeside } from '../../data/split-files.js';
import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../data/task-settings.js';
import { filesOfTextSet, isTextSetName } from '../../data/text-sets.js';
import { OptionError } from '../../errors/failures.js';
import { inputFailure } from '../../files/file-failure.js';
import { START_SETTINGS } from '../../models/start-settings.js';
import { defined } from '../../options/given.js';
import type { Json } from '../../options/json.js';
import type { AnySettings, YamlKey } from '../../options/setting.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';
import { DISTILLATION_SETTINGS } from '../distillation/evidence-settings.js';
import { TEACHER_FOLDER, TEACHER_SETTINGS } from '../distillation/teacher-settings.js';
import { ANSWERS_FOLDER } from '../formats.js';

/** A file here, and its place below a worker's folder, with '/'. */
export type Input = { readonly path: string; readonly name: string };

export type Inputs = {
  readonly files: readonly Input[];
  /** The folder that relative paths among the options start from, below the worker's. */
  readonly start: string;
};

/** Below a worker's folder: what the experiment reads, and its output folder. */
export const INPUTS = 'inputs';
export const OUTPUT = 'output';

const TABLES: readonly AnySettings[] = [
  ...[START_SETTINGS, SPLIT_SETTINGS, COLUMN_SETTINGS, ROW_SETTINGS, TEXT_SETTINGS],
  ...[TEACHER_SETTINGS, DISTILLATION_SETTINGS],
];

/** Where an earlier process may have left what is of no use to another machine. */
const LEFT_BEHIND = /^(\.lock|resume|runs|work)$/u;

/**
 * The files that options name, with all that lies below folders; splits beside the data; the teacher that was trained for the
 * experiment, and the teacher's outputs that are there. A worker finds them under the same relative names, so that nothing
 * that is told or compared differs: `../data.csv` lies one folder above the one that it starts in.
 * @throws FileError for what cannot be read.
 */
export async function inputsOf(
  options: { readonly [name: string]: Json },
  { cwd, outputDir }: { readonly cwd: string; readonly outputDir: string },
): Promise<Inputs> {
  const named = [...new Set((await namedPaths(options, cwd)).filter((path) => existsSync(resolve(cwd, path))))];
  const places = named.map((path) => relative(cwd, resolve(cwd, path)));
  const depth = Math.max(0, ...places.map((place) => place.split(sep).filter((part) => part === '..').length));
  const start = [INPUTS, ...Array<string>(depth).fill('from')].join('/');
  const files = new Map<string, string>();
  for (const place of places) {
    for (const path of await filesBelow(resolve(cwd, place))) {
      const name = join(start, relative(cwd, path)).split(sep).join('/');
      files.set(name, path);
    }
  }
  for (const folder of [TEACHER_FOLDER, ANSWERS_FOLDER]) {
    const path = join(resolve(cwd, outputDir), folder);
    if (!existsSync(path)) continue;
    for (const file of await filesBelow(path)) {
      files.set([OUTPUT, folder, ...relative(path, file).split(sep)].join('/'), file);
    }
  }
  return { files: Array.from(files, ([name, path]) => ({ name, path })), start };
}

/**
 * Options with absolute paths, as relative ones: these mean the same below any folder.
 * @throws OptionError for a folder of cached outputs, which workers that do not see it cannot fill.
 */
export function relocated(options: { readonly [name: string]: Json }, cwd: string): { readonly [name: string]: Json } {
  if (options.cacheDir !== undefined) {
    throw new OptionError({
      where: 'cacheDir',
      wanted: 'the outputs of the teacher in the output folder, where workers elsewhere have them too',
      got: String(options.cacheDir),
      fix: 'leave it out where the experiment is shared through a queue',
    });
  }
  const isOfSet = typeof options.data === 'string' && isTextSetName(options.data);
  const dataDir = options.dataDir ?? (isOfSet ? process.env.RETORT_DATA : undefined);
  const moved = pathsOf({ ...options, ...defined({ dataDir }) }).map(([option, paths]) => {
    const relatives = paths.map((path) => (isAbsolute(path) ? relative(cwd, path) || '.' : path));
    return [option, relatives.join(',')] as const;
  });
  return Object.fromEntries(moved);
}

/** Options whose values are paths, or names that may be: those that a retort.yaml takes from its own folder. */
const PATH_OPTIONS: ReadonlySet<string> = new Set([
  'data',
  'assistants',
  ...TABLES.flatMap((table) =>
    Object.entries(table).flatMap(([key, { yaml }]) =>
      keysOf(yaml).some(({ place }) => place !== undefined) ? [key] : [],
    ),
  ),
]);

function keysOf(yaml: AnySettings[string]['yaml']): readonly YamlKey[] {
  return yaml === undefined || yaml === 'flag alone' ? [] : [yaml].flat();
}

/** Options with the paths, or names that may be paths, among their values. */
export function pathsOf(options: {
  readonly [name: string]: Json;
}): readonly (readonly [option: string, paths: readonly string[]])[] {
  return Object.entries(options).flatMap(([option, value]) =>
    PATH_OPTIONS.has(option) && typeof value === 'string' ? [[option, value.split(',')] as const] : [],
  );
}

async function namedPaths(options: { readonly [name: string]: Json }, cwd: string): Promise<string[]> {
  const { data, dataDir, ...others } = options;
  const paths = pathsOf(others).flatMap(([, values]) => values);
  if (typeof data !== 'string') return paths;
  if (!isTextSetName(data)) return [...paths, data, ...splitPathsBeside(data)];
  return [...paths, ...(await filesOfTextSet(data, typeof dataDir === 'string' ? resolve(cwd, dataDir) : undefined))];
}

/** A file itself, or all files below a folder that are of use elsewhere. */
export async function filesBelow(path: string): Promise<string[]> {
  try {
    if ((await stat(path)).isFile()) return [path];
    const names = (await readdir(path)).filter((name) => !LEFT_BEHIND.test(basename(name)));
    return (await Promise.all(names.map((name) => filesBelow(join(path, name))))).flat();
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/** A path as seen from a folder, with '/'. */
export function relativeName(folder: string, path: string): string {
  return relative(folder, path).split(sep).join('/');
}
