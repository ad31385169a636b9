/** @file The data that `retort init` looks at, and the lines of a config that say where it is. */

import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import process from 'node:process';
import { type ColumnRoles, columnRoles } from '../../../data/column-roles.js';
import { fileLayout, fileTargets, lineRules, splitColumnOf } from '../../../data/file-columns.js';
import { openPool } from '../../../data/open-task.js';
import { readOtherSplits, readTextTask } from '../../../data/read-text-task.js';
import { sampleColumns } from '../../../data/sample-columns.js';
import { NO_SPLIT } from '../../../data/split-column.js';
import { splitBeside } from '../../../data/split-files.js';
import { SPLIT_COLUMN } from '../../../data/table-of-rows.js';
import { COLUMN_SETTINGS } from '../../../data/task-settings.js';
import { isTextSetName, loadTextSet, TEXT_SETS, type TextSetName } from '../../../data/text-sets.js';
import type { TextTable } from '../../../data/text-table.js';
import type { TextTask } from '../../../data/text-task.js';
import { type FileError, OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { parseDecimal } from '../../../options/decimal.js';
import { defined } from '../../../options/given.js';
import type { CommandIo } from '../../command.js';
import type { DataFacts } from '../../config/data-facts.js';
import type { DataSource, ProposedLine } from '../../config/proposal.js';
import type { OptionValues } from '../../options.js';
import type { initUsage } from './usage.js';

type Options = OptionValues<typeof initUsage.options>;

export type InitData = {
  readonly task: TextTask;
  /** Of the section `task`. */
  readonly lines: readonly ProposedLine[];
  readonly badRows: number;
  /** Of a file. */
  readonly columns?: { readonly textColumn?: string; readonly pairColumn?: string };
  readonly pool?: { readonly table: TextTable; readonly file: string };
  /** A test split beside the file: for the end, and none of training. */
  readonly test?: string;
};

const DEV_SHARE = 0.1;

/** @throws FileError, OptionError for data that cannot be read, whose columns cannot be told apart, or stray flags. */
export async function readInitData(options: Options, io: CommandIo): Promise<InitData> {
  const { data, transfer, output } = options;
  const read = await (isTextSetName(data) ? readSet(data, options) : readFiles(options, io));
  if (transfer === undefined) return read;
  const { textColumn, pairColumn } = { ...options, ...read.columns };
  const table = await openPool(transfer, { ...layoutOf(options), ...defined({ textColumn, pairColumn }) }, read.task);
  return { ...read, pool: { table, file: fromConfig(transfer, output) } };
}

/** How a file is written, as the flags say. */
function layoutOf({ header, delimiter, quote }: Options) {
  return defined({ header, delimiter, quote });
}

/** The data as the proposal speaks of it. */
export function sourceOf(data: string, { task, lines, pool }: InitData, facts: DataFacts): DataSource {
  const [metric] = task.metrics;
  return {
    name: task.name,
    lines: [...lines, ...devLines(task, facts)],
    ...(isTextSetName(data) && metric !== undefined && { metric }),
    ...(task.dev !== undefined && { devRows: task.dev.size }),
    ...(pool && { pool: { file: pool.file, rows: pool.table.size } }),
  };
}

async function readSet(data: TextSetName, options: Options): Promise<InitData> {
  const { dataDir, output } = options;
  const given: Readonly<Record<string, unknown>> = options;
  const where = Object.keys(COLUMN_SETTINGS).find((name) => given[name] !== undefined);
  if (where !== undefined) {
    const got = `the data set ${data}, whose columns are known`;
    throw new OptionError({ where, wanted: 'a file', got, fix: 'leave the flag out' });
  }
  let badRows = 0;
  const onBadRow = (): void => {
    badRows += 1;
  };
  const task = await loadTextSet(data, { dir: dataDir ?? process.env.RETORT_DATA, onBadRow });
  const why = 'Without it, the environment variable RETORT_DATA.';
  const dir = dataDir === undefined ? [] : [{ key: 'dir', value: fromConfig(dataDir, output), why }];
  return { task, lines: [{ key: 'name', value: data, why: '' }, ...dir, ...skipLine(badRows)], badRows };
}

async function readFiles(options: Options, io: CommandIo): Promise<InitData> {
  const { data, dataDir, textColumn, pairColumn, labelColumn, scoreColumn, splitColumn, labelNames, output } = options;
  if (dataDir !== undefined) {
    const got = `the file ${data}`;
    throw new OptionError({ where: '--data_dir', wanted: 'the name of a data set', got, fix: 'leave the flag out' });
  }
  const { header = true, delimiter, quote } = options;
  const rules = { ...lineRules(options), header };
  const columns = await sampleColumns(data, rules);
  const roles = columnRoles(data, columns, {
    given: defined({
      text: textColumn,
      pair: pairColumn,
      label: labelColumn,
      score: scoreColumn,
      split: splitColumn,
    }),
    header,
    nextStep: setAdvice(data),
  });
  let badRows = 0;
  const onBadRow = (failure: FileError): void => {
    badRows += 1;
    if (badRows === 1) io.onNotice(`left out ${failure.message}`);
  };
  const { text, pair, label, score, split } = roles;
  const named = { textColumn: text, pairColumn: pair, labelColumn: label, scoreColumn: score, splitColumn: split };
  const reading = {
    ...fileLayout({ ...options, ...named }),
    ...(await fileTargets({ ...options, ...named })),
    onBadRow,
  };
  const own = await readTextTask({ train: data, split: splitColumnOf({ ...named, header }) ?? null, ...reading });
  const used: readonly (string | undefined)[] = [text, pair, label, score, split];
  const beside = { columns: [text, pair, label ?? score].filter((one) => one !== undefined), rules, anyName: true };
  const dev = own.dev === undefined ? (await splitBeside(data, 'dev', beside)).path : undefined;
  const test = own.test === undefined ? (await splitBeside(data, 'test', beside)).path : undefined;
  const task = { ...own, ...(await readOtherSplits(own, { dev }, reading)) };
  const others = columns.map(({ name }) => name || '(no name)').filter((name) => !used.includes(name));
  const lines = [
    { key: 'train', value: fromConfig(data, output), why: '' },
    ...layoutLines({ header, delimiter, quote }),
    ...roleLines(roles, others, { names: task.labelNames, header }),
    ...(labelNames === undefined ? [] : [{ key: 'labelNames', value: fromConfig(labelNames, output), why: '' }]),
    ...(dev === undefined ? [] : [{ key: 'dev', value: fromConfig(dev, output), why: 'Found beside it.' }]),
    ...(test === undefined ? [] : [{ key: 'test', value: fromConfig(test, output), why: TEST_WHY }]),
    ...skipLine(badRows),
  ];
  return { task, lines, badRows, columns: defined({ textColumn: text, pairColumn: pair }), ...defined({ test }) };
}

/** Public sets come without a line of names, and in folders of their name. */
function setAdvice(path: string): string {
  const folder = basename(dirname(resolve(path)));
  const name = Object.entries(TEXT_SETS).find(([, { folders }]) => folders.some((one) => one === folder))?.[0];
  return name === undefined
    ? ''
    : `, or read the data set by its name: retort init ${name} --data_dir ${dirname(path)}`;
}

const TEST_WHY = 'Found beside it. It is scored once, at the end, and nothing is chosen by it; none leaves it out.';
const NO_SPLIT_WHY = 'No column says which split a row is of; without it a column split would.';
const SPLIT_WHY = 'The column of the split that each row is of; rows of the test split are scored once, at the end.';

/** How the file is written, as the flags said. */
function layoutLines({ header, delimiter, quote }: Pick<Options, 'header' | 'delimiter' | 'quote'>): ProposedLine[] {
  return [
    ...(header === false ? [{ key: 'header', value: false, why: 'Columns are numbers from 1.' }] : []),
    ...(delimiter === undefined ? [] : [{ key: 'delimiter', value: delimiter, why: '' }]),
    ...(quote === undefined ? [] : [{ key: 'quote', value: quote, why: '' }]),
  ];
}

function roleLines(
  { text, pair, label, score, split }: ColumnRoles,
  others: readonly string[],
  { names: labelNames, header }: { readonly names: readonly string[]; readonly header: boolean },
): ProposedLine[] {
  const value = (column: string): string | number => (header ? column : Number(column));
  const isScale = labelNames.length > 2 && labelNames.every((name) => parseDecimal(name) !== undefined);
  const numbers = isScale
    ? ' Its numbers are names of classes here; score instead of label makes it a regression.'
    : '';
  const unused =
    others.length === 0 ? '' : ` Not used: ${others.slice(0, 8).join(', ')}${others.length > 8 ? ', …' : ''}.`;
  return [
    { key: 'text', value: value(text), why: `The column of texts.${unused}` },
    ...(pair === undefined ? [] : [{ key: 'pair', value: value(pair), why: 'The column of second texts.' }]),
    ...(label === undefined ? [] : [{ key: 'label', value: value(label), why: `The column of labels.${numbers}` }]),
    ...(score === undefined ? [] : [{ key: 'score', value: value(score), why: 'The column of numbers to predict.' }]),
    ...splitLine(split ?? (others.includes(SPLIT_COLUMN) ? NO_SPLIT : undefined), value),
  ];
}

function splitLine(split: string | undefined, value: (column: string) => string | number): ProposedLine[] {
  if (split === undefined) return [];
  if (split === NO_SPLIT) return [{ key: 'split', value: NO_SPLIT, why: NO_SPLIT_WHY }];
  return [{ key: 'split', value: value(split), why: SPLIT_WHY }];
}

function skipLine(badRows: number): ProposedLine[] {
  if (badRows === 0) return [];
  const why = `Leaves out ${formatCount(badRows)} rows that cannot be read; or stop, an error at the first of them.`;
  return [{ key: 'badRows', value: 'skip', why }];
}

function devLines({ dev }: TextTask, { rows }: DataFacts): ProposedLine[] {
  if (dev !== undefined) return [];
  const why = `There is no validation split: this share of the training rows becomes one, about ${formatCount(Math.round(DEV_SHARE * rows))}; or dev: FILE.`;
  return [{ key: 'devShare', value: DEV_SHARE, why }];
}

/** A path of the process as one from the config's folder. */
function fromConfig(path: string, config: string): string {
  if (isAbsolute(path)) return path;
  const found = relative(dirname(config), path);
  return found === '' ? '.' : found;
}
