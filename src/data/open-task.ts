/** @file Labelled texts that a model is to be trained on: a set by name or a file of one's own, with a validation split. */

import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import process from 'node:process';
import { closest } from 'fastest-levenshtein';
import { OptionError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';
import { type MetricName, usualMetrics } from '../metrics/table.js';
import type { Given } from '../options/given.js';
import { defined } from '../options/given.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { BadRows } from './bad-rows.js';
import { type FileLayout, fileLayout, fileTargets, splitColumnOf } from './file-columns.js';
import { formatOf, hasColumns, isDelimited, TABLE_EXTENSIONS } from './formats/table.js';
import { quotedList } from './formats/table-rows.js';
import { readTextTable } from './read-text-table.js';
import { readTextTask, withLabelNames } from './read-text-task.js';
import { NO_SPLIT } from './split-column.js';
import { type SplitFiles, withSplitFiles } from './split-files.js';
import { stratifiedSubset, withDev } from './stratified.js';
import type { ReadTextTableOptions } from './table-of-rows.js';
import { COLUMN_SETTINGS, type TaskSettings } from './task-settings.js';
import { isTextSetName, loadTextSet, TEXT_SETS } from './text-sets.js';
import { type TextTable, targetRows, withoutLabels } from './text-table.js';
import { splitOf, type TextTask } from './text-task.js';

/** A task whose rows are read and can be trained and scored on. */
export type OpenedTask = {
  /** For folders and messages: `sst2`, `reviews`. */
  readonly name: string;
  readonly train: TextTable;
  readonly dev: TextTable;
  /** Rows with labels or scores that a finished model is scored on, once. */
  readonly test?: TextTable;
  /** Empty for a regression. */
  readonly labelNames: readonly string[];
  readonly metrics: readonly MetricName[];
  readonly isPair: boolean;
  readonly isRegression: boolean;
  /** Rows that could not be read and were left out. */
  readonly badRows: number;
  /** No training row has a label: its classes are those of a teacher. Where no row of `dev` has one, the metric is agreement with it. */
  readonly isUnlabelled: boolean;
};

/** The names of a teacher's classes, for data whose training rows have no labels. */
export type TeacherClasses = () => Promise<readonly string[]>;

/** Of the training rows, where there is no validation split and nobody says how many. */
const DEV_SHARE = 0.1;
const DATA_SEED = 1;

/** The name of the data, without reading it: `sst2`, or a file's name without extension. */
export function dataName(data: string): string {
  return isTextSetName(data) ? data : basename(data, extname(data));
}

/**
 * Opens a task by the name of its set, from a file of one's own, or as a program has it.
 * @param classes asked for where no training row has a label. Default: that is an error.
 * @throws OptionError for settings that do not fit the data; FileError for data that cannot be read, or has no labels.
 */
export async function openTask(
  data: string | TextTask,
  settings: Given<TaskSettings>,
  onNotice: (text: string) => void = () => {},
  classes?: TeacherClasses,
): Promise<OpenedTask> {
  const bad = new BadRows(settings.badRows, onNotice);
  const reading = { ...bad.read, onNotice };
  const read = typeof data === 'string' ? await readTask(data, settings, reading, classes) : data;
  const badRows = bad.tell();
  const { rows, dataSeed = DATA_SEED } = settings;
  const isUnlabelled = classes !== undefined && targetRows(splitOf(read, 'train')) === 0;
  const whole = isUnlabelled ? await withTeacherClasses(read, classes, onNotice) : read;
  const expectScored = (table: TextTable): void => {
    if (!isUnlabelled) expectTargets(table, whole);
  };
  expectScored(splitOf(whole, 'train'));
  const task = withDevSplit(whole, settings);
  const all = splitOf(task, 'train');
  const train = rows === undefined ? all : stratifiedSubset(all, { rows }, dataSeed);
  const dev = splitOf(task, 'dev');
  expectScored(train);
  expectScored(dev);
  if (task !== whole) {
    onNotice(`${task.name} has no validation split: ${formatCount(dev.size)} of its training rows become one`);
  }
  const { labelNames, isPair, isRegression } = task;
  const isByTeacher = isUnlabelled && targetRows(dev) === 0;
  const test = settings.test === NO_SPLIT ? undefined : scoredTest(task, isByTeacher, onNotice);
  const isOwnFile = typeof data === 'string' && !isTextSetName(data);
  return {
    name: typeof data === 'string' ? dataName(data) : data.name,
    train,
    dev,
    ...(test && { test }),
    labelNames,
    metrics: isByTeacher
      ? ['agreement']
      : isOwnFile || isUnlabelled
        ? usualMetrics(isRegression ? 1 : labelNames.length)
        : task.metrics,
    isPair,
    isRegression,
    badRows,
    isUnlabelled,
  };
}

/** The test split, where a model can be scored on it; else one notice says why not. */
function scoredTest({ test }: TextTask, isByTeacher: boolean, onNotice: (text: string) => void): TextTable | undefined {
  if (test === undefined) return undefined;
  const rows = targetRows(test);
  if (rows > 0 && !isByTeacher) return test;
  onNotice(
    rows === 0
      ? `no row of ${test.name} has a label or score: no test split is scored`
      : `${test.name} is not scored: students are scored by their agreement with the teacher`,
  );
  return undefined;
}

/** Rows of no class, of the classes that a teacher has. */
async function withTeacherClasses(
  task: TextTask,
  classes: TeacherClasses,
  onNotice: (text: string) => void,
): Promise<TextTask> {
  const labelNames = task.labelNames.length > 0 ? task.labelNames : await classes();
  const train = splitOf(task, 'train');
  const { dev } = task;
  onNotice(
    `no row of ${train.name} has a label: the classes are the teacher's, ${quotedList(labelNames)}; if it has a column of labels, name it (--label_column; in code labelColumn)`,
  );
  return {
    ...task,
    train: unlabelled(train, labelNames),
    ...(dev && { dev: dev.labels === undefined ? unlabelled(dev, labelNames) : dev }),
    labelNames,
  };
}

function unlabelled(table: TextTable, labelNames: readonly string[]): TextTable {
  return { ...table, labels: new Int32Array(table.size).fill(NO_LABEL), labelNames };
}

async function readTask(
  data: string,
  settings: Given<TaskSettings>,
  { onNotice, ...read }: BadRows['read'] & { readonly onNotice: (text: string) => void },
  classes?: TeacherClasses,
): Promise<TextTask> {
  await checkData(data, settings, classes !== undefined);
  const { dataDir } = settings;
  if (isTextSetName(data)) return loadTextSet(data, { dir: dataDir ?? process.env.RETORT_DATA, ...read });
  const layout = { ...fileLayout(settings), ...read, onNotice };
  const isNamed = (['labelColumn', 'scoreColumn'] as const).some((name) => settings[name] !== undefined);
  if (classes === undefined || (isNamed && hasColumns(data))) {
    const targets = await fileTargets(settings);
    const split = splitColumnOf(settings);
    const task = await readTextTask({ train: data, ...defined({ split }), ...layout, ...targets });
    return withSplitFiles(data, filesOf(settings), { task, columns: { ...layout, ...targets } });
  }
  return readPerhapsUnlabelled(data, settings, layout, classes);
}

/** A file whose column of labels nobody has named: where it has none, only the validation split can. */
async function readPerhapsUnlabelled(
  data: string,
  settings: Given<TaskSettings>,
  layout: FileLayout & Pick<ReadTextTableOptions, 'onBadRow' | 'onNotice'>,
  classes: TeacherClasses,
): Promise<TextTask> {
  const { labelNames, header } = settings;
  const { label: _, ...names } = labelNames === undefined ? {} : await fileTargets({ labelNames });
  const read = await readTextTask({
    train: data,
    ...(hasColumns(data)
      ? {
          ...layout,
          ...names,
          ...defined({ split: splitColumnOf(settings) }),
          ...(header === false && { label: null }),
        }
      : { onNotice: layout.onNotice, ...defined({ onBadRow: layout.onBadRow }) }),
  });
  const isLabelled = targetRows(splitOf(read, 'train')) > 0;
  const task = isLabelled ? read : await withClassesOf(read, classes, { path: data, onBadRow: layout.onBadRow });
  const targets = isLabelled || settings.labelColumn !== undefined ? await fileTargets(settings) : names;
  return withSplitFiles(data, filesOf(settings), { task, columns: { ...layout, ...targets } }, classes);
}

/** A share of the training rows takes the place of a file that nobody has named. */
function filesOf({ dev, devShare, test }: Given<TaskSettings>): SplitFiles {
  return { dev: dev ?? (devShare === undefined ? undefined : null), test: test === NO_SPLIT ? null : test };
}

/** The labels of other splits in the same file, where the training rows have none: of the teacher's classes. */
async function withClassesOf(
  task: TextTask,
  classes: TeacherClasses,
  told: Parameters<typeof withLabelNames>[2],
): Promise<TextTask> {
  if (task.labelNames.length === 0) return task;
  const { dev, test } = task;
  const labelNames = await classes();
  const named = (table: TextTable | undefined) => table && withLabelNames(table, labelNames, told);
  return { ...task, labelNames, ...defined({ dev: named(dev), test: named(test) }) };
}

/**
 * The texts of a file that only a teacher answers, in the columns of the data; those of a data set by name are `text` and `pair`.
 * @throws FileError for rows that cannot be read, unless they are to be skipped, and as `readTextTable` does.
 */
export async function openPool(
  path: string,
  settings: Given<TaskSettings>,
  { isPair }: Pick<OpenedTask, 'isPair'>,
  onNotice: (text: string) => void = () => {},
): Promise<TextTable> {
  let skipped = 0;
  const { text, pair, ...lines } = fileLayout(settings);
  const table = await readTextTable(path, {
    ...(hasColumns(path) && { ...defined({ text }), label: null }),
    ...(isPair && { pair: pair ?? 'pair' }),
    ...(isDelimited(path) && lines),
    name: basename(path),
    ...(settings.badRows === 'skip' && { onBadRow: () => (skipped += 1) }),
  });
  if (skipped > 0) onNotice(`left out ${formatCount(skipped)} rows of ${path} that cannot be read`);
  return withoutLabels(table);
}

function withDevSplit(task: TextTask, { devShare, dataSeed = DATA_SEED }: Given<TaskSettings>): TextTask {
  if (task.dev === undefined || devShare === undefined) {
    return withDev(task, { seed: dataSeed, portion: { share: devShare ?? DEV_SHARE } });
  }
  throw new OptionError({
    where: 'devShare',
    wanted: 'data without a validation split of its own',
    got: `${task.name}, which has one`,
    fix: 'leave it out',
  });
}

/** @throws OptionError for labels that teach nothing. */
export function expectTargets({ name, size, labels, scores }: TextTable, { labelNames, isRegression }: TextTask): void {
  const [wanted, has] = isRegression
    ? ['a row with a score', scores?.some((score) => !Number.isNaN(score))]
    : ['a row with a label', labels?.some((label) => label >= 0)];
  if (has !== true) {
    const got = `none in ${size}`;
    throw new OptionError({ where: name, wanted, got, fix: 'check labelColumn or scoreColumn' });
  }
  if (isRegression || labelNames.length >= 2) return;
  throw new OptionError({
    where: name,
    wanted: 'at least two labels',
    got: `one, '${labelNames[0] ?? ''}'`,
    fix: 'check labelColumn, or for a regression give scoreColumn',
  });
}

/** @throws OptionError for what contradicts the data that was named. */
async function checkData(data: string, settings: Given<TaskSettings>, mayBeUnlabelled: boolean): Promise<void> {
  const { dataDir } = settings;
  const isSet = isTextSetName(data);
  if (!isSet && !hasColumns(data) && !(mayBeUnlabelled && formatOf(data) !== undefined)) {
    const names = Object.keys(TEXT_SETS);
    const isFolder = await stat(data).then(
      (found) => found.isDirectory(),
      () => false,
    );
    throw new OptionError({
      where: 'data',
      wanted: `a data set (${names.join(', ')}), or a file that ends with ${TABLE_EXTENSIONS.join(', ')}`,
      got: `'${data}'${isFolder ? ', a folder' : ''}`,
      fix: isFolder
        ? 'give the name of the data set and its folder: retort train sst2 --data_dir FOLDER'
        : `did you mean '${closest(data, names)}'?`,
    });
  }
  const given = (names: readonly (keyof TaskSettings)[]) => names.filter((name) => settings[name] !== undefined);
  const [forFile] = given([...(Object.keys(COLUMN_SETTINGS) as (keyof typeof COLUMN_SETTINGS)[]), 'dev']);
  if (isSet && settings.test !== undefined && settings.test !== NO_SPLIT) {
    const got = `${settings.test}, beside the data set ${data}, whose splits are known`;
    throw new OptionError({ where: 'test', wanted: `a file beside a file, or ${NO_SPLIT}`, got, fix: 'leave it out' });
  }
  if (isSet && forFile !== undefined) {
    const got = `${data}, whose columns and splits are known`;
    throw new OptionError({ where: forFile, wanted: 'a file', got: `the data set ${got}`, fix: 'leave it out' });
  }
  if (!isSet && dataDir !== undefined) {
    const got = `the file ${data}`;
    throw new OptionError({ where: 'dataDir', wanted: 'the name of a data set', got, fix: 'leave it out' });
  }
  for (const pair of [
    ['dev', 'devShare'],
    ['labelColumn', 'scoreColumn'],
    ['labelNames', 'scoreColumn'],
  ] as const) {
    if (given(pair).length < 2) continue;
    throw new OptionError({ where: pair.join(', '), wanted: 'only one of them', got: 'both' });
  }
}
