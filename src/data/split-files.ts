/** @file Validation and test splits in files of their own: those that were named, or that lie beside the training file. */
import { existsSync } from 'node:fs';
import { join, parse } from 'node:path';
import { formatOf } from './formats/table.js';
import type { LineRules } from './formats/table-rows.js';
import { expectOnce, readOtherSplits } from './read-text-task.js';
import type { TextTask } from './text-task.js';

/** What splits are called, the usual name first. */
const NAMES = { dev: ['dev', 'validation', 'valid', 'val', 'trial'], test: ['test'] } as const;
const TRAIN = /train(?:ing)?/i;

type Beside = {
  /** Columns that the file needs, as the training file has them. */
  readonly columns: readonly string[];
  readonly rules?: LineRules;
  /** Whether `dev.csv` counts beside `reviews.csv` too, whose rows it may not be of. Default: false. */
  readonly anyName?: boolean;
};

type FoundBeside = {
  /** The first file that has the columns. */
  readonly path?: string;
  /** Files of such a name before it, and the column that each lacks. */
  readonly others: readonly { readonly path: string; readonly lacks: string }[];
};

/**
 * `dev.csv` beside `train.csv`, `reviews-dev.csv` beside `reviews-train.csv` or `reviews.csv`.
 * @throws FileError for a file of such a name that cannot be read.
 */
export async function splitBeside(
  data: string,
  split: keyof typeof NAMES,
  { columns, rules, anyName = false }: Beside,
): Promise<FoundBeside> {
  const paths = pathsBeside(data, split, anyName);
  const others: { path: string; lacks: string }[] = [];
  for (const path of paths.filter((one) => existsSync(one))) {
    const names = await columnNames(path, rules);
    const lacks = columns.find((column) => !names.includes(column));
    if (lacks === undefined) return { path, others };
    others.push({ path, lacks });
  }
  return { others };
}

/** Of one split, the usual name first. */
function pathsBeside(data: string, split: keyof typeof NAMES, anyName = false): string[] {
  const { dir, name, ext } = parse(data);
  const named = (other: string): readonly string[] =>
    TRAIN.test(name) ? [name.replace(TRAIN, other)] : ['-', '_', '.'].map((mark) => `${name}${mark}${other}`);
  const stems = [...NAMES[split].flatMap(named), ...(anyName ? NAMES[split] : [])];
  return stems.map((stem) => join(dir, `${stem}${ext}`)).filter((path) => path !== join(dir, `${name}${ext}`));
}

/** Where other splits of a training file may lie without having been named. */
export function splitPathsBeside(data: string): readonly string[] {
  return [...pathsBeside(data, 'dev'), ...pathsBeside(data, 'test')];
}

/** By number in a file without a header. */
async function columnNames(path: string, rules?: LineRules): Promise<readonly string[]> {
  for await (const names of formatOf(path)?.cells?.(path, rules) ?? []) return names;
  return [];
}

/** The files of splits: a path, null for none, or undefined for one that lies beside the training file. */
export type SplitFiles = { readonly [split in keyof typeof NAMES]?: string | null | undefined };

type FromFile = {
  /** With the splits that the training file itself has. */
  readonly task: TextTask;
  readonly columns: Parameters<typeof readOtherSplits>[2];
};

/**
 * A task with the splits of other files. A file that nobody has named is taken if it lies beside the training file under
 * one of the usual names and has its columns, and that is told.
 * @param labelNames asked for where the training file has none
 * @throws OptionError for a file of a split that the training file has, and as `readTextTable` does.
 */
export async function withSplitFiles(
  data: string,
  files: SplitFiles,
  { task, columns }: FromFile,
  labelNames: () => Promise<readonly string[]> = async () => [],
): Promise<TextTask> {
  expectOnce(data, task, files);
  const fileOf = async (split: keyof typeof NAMES): Promise<string | undefined> => {
    const { [split]: file } = files;
    if (file !== undefined || task[split] !== undefined) return file ?? undefined;
    const { header, delimiter, quote } = columns;
    const found = await splitBeside(data, split, {
      columns: neededColumns(columns),
      rules: { header, delimiter, quote },
    });
    for (const text of besideNotices(data, split, found)) columns.onNotice?.(text);
    return found.path;
  };
  const [dev, test] = [await fileOf('dev'), await fileOf('test')];
  if ((dev ?? test) === undefined) return task;
  const { name, labelNames: own } = task;
  const known = { name, labelNames: own.length > 0 ? own : await labelNames() };
  return { ...task, ...(await readOtherSplits(known, { dev, test }, columns)) };
}

function neededColumns({ text = 'text', pair, score, label }: FromFile['columns']): string[] {
  const target = score ?? label ?? 'label';
  return [text, pair, target].flatMap((column) => (column === undefined ? [] : String(column)));
}

/** What becomes of files that nobody has named. */
function besideNotices(data: string, split: keyof typeof NAMES, { path, others }: FoundBeside): string[] {
  const [is, otherwise] =
    split === 'dev'
      ? ['the validation split', '--dev_share 0.1 sets aside training rows instead']
      : ['the test split, scored once at the end', '--test none leaves it out'];
  return [
    ...others.map((one) => `${one.path} beside ${data} is not used: it has no column '${one.lacks}'`),
    ...(path === undefined ? [] : [`${path} beside ${data} is ${is}; ${otherwise}`]),
  ];
}
