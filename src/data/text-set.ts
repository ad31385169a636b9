/** @file What a data set is that can be read by name: its files as their source publishes them, columns and labels. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors/failures.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import type { TextTable } from './text-table.js';
import { SPLITS, type SplitName, type TaskMetric, type TextTask } from './text-task.js';

/** One way in which a split is published: the files it needs, and how they are read. */
export type SplitSource = {
  readonly files: readonly string[];
  /** @param paths of `files`. */
  readonly read: (paths: readonly string[], options: ReadSplitOptions) => Promise<TextTable>;
};

export type ReadSplitOptions = {
  /** What messages call the split. */
  readonly name: string;
  /** Of the set, or of the training set's rows; absent while they are to be found. */
  readonly labelNames?: readonly string[];
  readonly onBadRow?: (failure: FileError) => void;
};

export type TextSet = {
  readonly title: string;
  /** Names that its folder goes by. */
  readonly folders: readonly string[];
  /** Where the public gets it, and on what terms. */
  readonly source: string;
  readonly licence: string;
  /** Its files, for the message when they are absent. */
  readonly layout: string;
  /** In the order of the label numbers. Default: those of the training set, sorted. */
  readonly labelNames?: readonly string[];
  readonly metrics: readonly TaskMetric[];
  readonly isPair?: boolean;
  readonly isRegression?: boolean;
  /** The first source of a split whose files are all there counts. */
  readonly splits: Readonly<Partial<Record<SplitName, readonly SplitSource[]>>>;
  readonly advice?: Readonly<Partial<Record<SplitName, string>>>;
};

export type LoadTextSetOptions = {
  /** The folder of the set, or one above it that holds it under its name. */
  readonly dir: string | undefined;
  /** Told of each row that cannot be read, which is then left out. Default: the first one is thrown. */
  readonly onBadRow?: (failure: FileError) => void;
};

/**
 * Reads every split of a set that is there.
 * @throws FileError saying where the set is to be had and how to lay it out if there is none of its files; or for a row
 * that cannot be read.
 */
export async function readTextSet(name: string, set: TextSet, options: LoadTextSetOptions): Promise<TextTask> {
  const found = await findFolder(name, set, options.dir);
  const tables: Partial<Record<SplitName, TextTable>> = {};
  let { labelNames } = set;
  for (const split of SPLITS) {
    const source = set.splits[split]?.find(({ files }) => hasAll(found.names, files));
    if (source === undefined) continue;
    const table = await source.read(
      source.files.map((file) => join(found.folder, file)),
      {
        name: `${name} ${split}`,
        ...(labelNames === undefined ? {} : { labelNames }),
        ...(options.onBadRow === undefined ? {} : { onBadRow: options.onBadRow }),
      },
    );
    if (table.labelNames.length > 0) labelNames ??= table.labelNames;
    tables[split] = table;
  }
  return {
    name,
    ...tables,
    labelNames: labelNames ?? [],
    metrics: set.metrics,
    isPair: set.isPair ?? false,
    isRegression: set.isRegression ?? false,
    ...(set.advice === undefined ? {} : { advice: set.advice }),
  };
}

/** Files of a set that are there. @throws as `readTextSet` does where there are none. */
export async function filesOfSet(name: string, set: TextSet, dir: string | undefined): Promise<readonly string[]> {
  const { folder, names } = await findFolder(name, set, dir);
  const files = new Set(Object.values(set.splits).flatMap((sources) => sources.flatMap(({ files }) => files)));
  return [...files].filter((file) => names.has(file)).map((file) => join(folder, file));
}

type Folder = { readonly folder: string; readonly names: ReadonlySet<string> };

async function findFolder(name: string, set: TextSet, dir: string | undefined): Promise<Folder> {
  const sources = Object.values(set.splits).flat();
  const candidates = dir === undefined ? [] : ['.', ...set.folders].map((folder) => join(dir, folder));
  for (const folder of candidates) {
    const names = await namesIn(folder);
    if (names !== undefined && sources.some(({ files }) => hasAll(names, files))) return { folder, names };
  }
  throw new FileError({
    where: name,
    wanted: `${set.title}: ${set.layout}`,
    got:
      dir === undefined ? 'no data folder' : `none of these files in ${dir} or its folder ${set.folders.join(' or ')}`,
    fix:
      `get it from ${set.source} (${set.licence}), put it into a folder '${set.folders[0]}', and name that folder or the ` +
      'one above it: dir in code, --data_dir or RETORT_DATA on the command line',
  });
}

function hasAll(names: ReadonlySet<string>, files: readonly string[]): boolean {
  return files.every((file) => names.has(file));
}

async function namesIn(folder: string): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw inputFailure(error, folder);
  }
}
