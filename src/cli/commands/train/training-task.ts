/** @file The data that `retort train` was given: a set by name or a file, with a dev split. */
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { readTextTask } from '../../../data/read-text-task.js';
import { stratifiedSubset, withDev } from '../../../data/stratified.js';
import { isTextSetName, loadTextSet, TEXT_SETS } from '../../../data/text-sets.js';
import type { TextTable } from '../../../data/text-table.js';
import { splitOf, type TextTask } from '../../../data/text-task.js';
import { type FileError, OptionError } from '../../../errors/failures.js';
import { type MetricName, usualMetrics } from '../../../metrics/table.js';
import type { CommandIo } from '../../command.js';
import { formatCount } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { trainUsage } from './usage.js';

type Options = OptionValues<typeof trainUsage.options>;

export type TrainingTask = {
  /** For folders and messages: `sst2`, `reviews`. */
  readonly name: string;
  readonly train: TextTable;
  readonly dev: TextTable;
  /** Empty for a regression. */
  readonly labelNames: readonly string[];
  readonly metrics: readonly MetricName[];
  readonly isPair: boolean;
  readonly isRegression: boolean;
  /** Rows that could not be read and were left out. */
  readonly badRows: number;
};

const SHOWN_BAD_ROWS = 3;

/** The name of the data, without reading it: `sst2`, or a file's name without extension. */
export function dataName(data: string): string {
  return isTextSetName(data) ? data : basename(data, extname(data));
}

/** @throws OptionError for flags that do not fit the data; FileError for data that cannot be read, or has no labels. */
export async function readTrainingTask(options: Options, io: CommandIo): Promise<TrainingTask> {
  await checkData(options);
  let badRows = 0;
  const onBadRow = (failure: FileError): void => {
    badRows += 1;
    if (badRows <= SHOWN_BAD_ROWS) io.notice(`left out ${failure.message}`);
  };
  const read = { ...(options.badRows === 'skip' && { onBadRow }) };
  const whole = isTextSetName(options.data)
    ? await loadTextSet(options.data, { dir: options.dataDir ?? process.env.RETORT_DATA, ...read })
    : await readOwnFiles(options, read);
  if (badRows > SHOWN_BAD_ROWS) io.notice(`left out ${formatCount(badRows)} rows in all that cannot be read`);
  const { task, isCut } = withDevSplit(whole, options);
  const all = splitOf(task, 'train');
  const { rows, dataSeed } = options;
  const train = rows === undefined ? all : subset(all, rows, dataSeed);
  const dev = splitOf(task, 'dev');
  expectTargets(train, task);
  expectTargets(dev, task);
  if (isCut)
    io.notice(`${task.name} has no dev split: ${formatCount(dev.size)} of its training rows are set aside as one`);
  return {
    name: dataName(options.data),
    train,
    dev,
    labelNames: task.labelNames,
    metrics: isTextSetName(options.data) ? task.metrics : usualMetrics(task.isRegression ? 1 : task.labelNames.length),
    isPair: task.isPair,
    isRegression: task.isRegression,
    badRows,
  };
}

function readOwnFiles(options: Options, read: { onBadRow?: (failure: FileError) => void }): Promise<TextTask> {
  const { data, dev, textColumn, pairColumn, labelColumn, scoreColumn } = options;
  return readTextTask({
    train: data,
    ...(dev !== undefined && { dev }),
    ...(textColumn !== undefined && { text: textColumn }),
    ...(pairColumn !== undefined && { pair: pairColumn }),
    ...(scoreColumn === undefined ? { label: labelColumn ?? 'label' } : { score: scoreColumn, label: null }),
    ...read,
  });
}

function withDevSplit(task: TextTask, { devShare, dataSeed }: Options): { task: TextTask; isCut: boolean } {
  if (task.dev !== undefined && devShare !== undefined) {
    throw new OptionError({
      where: '--dev_share',
      wanted: 'data without a dev split of its own',
      got: `${task.name}, which has one`,
      fix: 'leave the flag out',
    });
  }
  const cut = withDev(task, { seed: dataSeed, portion: { share: devShare ?? 0.1 } });
  return { task: cut, isCut: cut !== task };
}

function subset(table: TextTable, rows: number, seed: number): TextTable {
  return stratifiedSubset(table, { rows }, seed);
}

/** @throws OptionError for labels that teach nothing. */
function expectTargets({ name, labels, scores }: TextTable, { labelNames, isRegression }: TextTask): void {
  const [wanted, has] = isRegression
    ? ['a row with a number to predict', scores?.some((score) => !Number.isNaN(score))]
    : ['a row with a label', labels?.some((label) => label >= 0)];
  if (has !== true) {
    throw new OptionError({ where: name, wanted, got: 'none', fix: 'check --label_column or --score_column' });
  }
  if (isRegression || labelNames.length >= 2) return;
  throw new OptionError({
    where: name,
    wanted: 'two labels or more',
    got: `one, '${labelNames[0] ?? ''}'`,
    fix: 'check --label_column, or predict numbers with --score_column',
  });
}

const FILES = ['.csv', '.tsv', '.tab', '.jsonl', '.ndjson', '.parquet'];

/** @throws OptionError for what contradicts the data that was named. */
async function checkData(options: Options): Promise<void> {
  const { data, dataDir, dev, devShare, textColumn, pairColumn, labelColumn, scoreColumn } = options;
  const isSet = isTextSetName(data);
  if (!isSet && !FILES.includes(extname(data).toLowerCase())) {
    const names = Object.keys(TEXT_SETS);
    const isFolder = await stat(data).then(
      (found) => found.isDirectory(),
      () => false,
    );
    throw new OptionError({
      where: 'data',
      wanted: `a data set (${names.join(', ')}), or a file that ends with ${FILES.join(', ')}`,
      got: `'${data}'${isFolder ? ', a folder' : ''}`,
      fix: isFolder
        ? 'name the data set and say where it lies: retort train sst2 --data_dir FOLDER'
        : `did you mean '${closest(data, names)}'?`,
    });
  }
  const flags = {
    '--text_column': textColumn,
    '--pair_column': pairColumn,
    '--label_column': labelColumn,
    '--score_column': scoreColumn,
    '--dev': dev,
  };
  const forFile = Object.entries(flags).find(([, value]) => value !== undefined)?.[0];
  if (isSet && forFile !== undefined) {
    const got = `${data}, whose columns and splits are known`;
    throw new OptionError({ where: forFile, wanted: 'a file of your own', got, fix: 'leave the flag out' });
  }
  if (!isSet && dataDir !== undefined) {
    const got = `the file ${data}`;
    throw new OptionError({ where: '--data_dir', wanted: 'the name of a data set', got, fix: 'leave the flag out' });
  }
  const pairs: readonly (readonly [string, unknown, string, unknown])[] = [
    ['--dev', dev, '--dev_share', devShare],
    ['--label_column', labelColumn, '--score_column', scoreColumn],
  ];
  for (const [first, a, second, b] of pairs) {
    if (a === undefined || b === undefined) continue;
    throw new OptionError({ where: `${first}, ${second}`, wanted: 'at most one of the two', got: 'both' });
  }
}
