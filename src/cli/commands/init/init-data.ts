/** @file The data that `retort init` looks at, and the lines of a config that say where it is. */

import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, relative } from 'node:path';
import process from 'node:process';
import { fileLayout, fileTargets, lineRules } from '../../../data/file-columns.js';
import type { LineRules } from '../../../data/formats/table-rows.js';
import { readTextTask } from '../../../data/read-text-task.js';
import { sampleColumns } from '../../../data/sample-columns.js';
import { COLUMN_SETTINGS } from '../../../data/task-settings.js';
import { isTextSetName, loadTextSet, type TextSetName } from '../../../data/text-sets.js';
import type { TextTask } from '../../../data/text-task.js';
import { type FileError, OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { parseDecimal } from '../../../options/decimal.js';
import { defined } from '../../../options/given.js';
import type { CommandIo } from '../../command.js';
import { type ColumnRoles, columnRoles } from '../../config/column-roles.js';
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
  /** A test split beside the file: for the end, and none of training. */
  readonly test?: string;
};

/** What splits are called beside the training file, the usual name first. */
const DEV_NAMES = ['dev', 'validation', 'valid', 'val', 'trial'];
const TEST_NAMES = ['test'];
const DEV_SHARE = 0.1;

/** @throws FileError, OptionError for data that cannot be read, whose columns cannot be told apart, or stray flags. */
export function readInitData(options: Options, io: CommandIo): Promise<InitData> {
  const { data } = options;
  return isTextSetName(data) ? readSet(data, options) : readFiles(options, io);
}

/** The data as the proposal speaks of it. */
export function sourceOf(data: string, { task, lines }: InitData, facts: DataFacts): DataSource {
  const [metric] = task.metrics;
  return {
    name: task.name,
    lines: [...lines, ...devLines(task, facts)],
    ...(isTextSetName(data) && metric !== undefined && { metric }),
    ...(task.dev !== undefined && { devRows: task.dev.size }),
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
  const { data, dataDir, textColumn, pairColumn, labelColumn, scoreColumn, labelNames, output } = options;
  if (dataDir !== undefined) {
    const got = `the file ${data}`;
    throw new OptionError({ where: '--data_dir', wanted: 'the name of a data set', got, fix: 'leave the flag out' });
  }
  const { header = true, delimiter, quote } = options;
  const rules = { ...lineRules(options), header };
  const columns = await sampleColumns(data, rules);
  const roles = columnRoles(data, columns, {
    given: defined({ text: textColumn, pair: pairColumn, label: labelColumn, score: scoreColumn }),
    header,
  });
  const dev = await splitBeside(data, DEV_NAMES, roles, rules);
  const test = await splitBeside(data, TEST_NAMES, roles, rules);
  let badRows = 0;
  const onBadRow = (failure: FileError): void => {
    badRows += 1;
    if (badRows === 1) io.onNotice(`left out ${failure.message}`);
  };
  const { text, pair, label, score } = roles;
  const named = { textColumn: text, pairColumn: pair, labelColumn: label, scoreColumn: score };
  const task = await readTextTask({
    train: data,
    ...defined({ dev }),
    ...fileLayout({ ...options, ...named }),
    ...(await fileTargets({ ...options, ...named })),
    onBadRow,
  });
  const used: readonly (string | undefined)[] = [text, pair, label, score];
  const others = columns.map(({ name }) => name || '(no name)').filter((name) => !used.includes(name));
  const lines = [
    { key: 'train', value: fromConfig(data, output), why: '' },
    ...layoutLines({ header, delimiter, quote }),
    ...roleLines(roles, others, { names: task.labelNames, header }),
    ...(labelNames === undefined ? [] : [{ key: 'labelNames', value: fromConfig(labelNames, output), why: '' }]),
    ...(dev === undefined ? [] : [{ key: 'dev', value: fromConfig(dev, output), why: 'Found beside it.' }]),
    ...skipLine(badRows),
  ];
  return { task, lines, badRows, ...defined({ test }) };
}

/** How the file is written, as the flags said. */
function layoutLines({ header, delimiter, quote }: Pick<Options, 'header' | 'delimiter' | 'quote'>): ProposedLine[] {
  return [
    ...(header === false ? [{ key: 'header', value: false, why: 'Columns are numbers from 1.' }] : []),
    ...(delimiter === undefined ? [] : [{ key: 'delimiter', value: delimiter, why: '' }]),
    ...(quote === undefined ? [] : [{ key: 'quote', value: quote, why: '' }]),
  ];
}

function roleLines(
  { text, pair, label, score }: ColumnRoles,
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
  ];
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

/**
 * `dev.csv` beside `train.csv`, `reviews-dev.csv` beside `reviews-train.csv` or `reviews.csv`, or just `dev.csv`, with the
 * same columns.
 */
async function splitBeside(
  data: string,
  splits: readonly string[],
  roles: ColumnRoles,
  rules: LineRules,
): Promise<string | undefined> {
  const { dir, name, ext } = parse(data);
  const named = (split: string): readonly string[] =>
    TRAIN.test(name) ? [name.replace(TRAIN, split)] : ['-', '_', '.'].map((mark) => `${name}${mark}${split}`);
  const paths = [...splits.flatMap(named), ...splits].map((stem) => join(dir, `${stem}${ext}`));
  for (const path of paths.filter((path) => path !== join(dir, `${name}${ext}`) && existsSync(path))) {
    const columns = (await sampleColumns(path, rules)).map((column) => column.name);
    if (Object.values(roles).every((role) => columns.includes(role))) return path;
  }
  return undefined;
}

const TRAIN = /train(?:ing)?/i;

/** A path of the process as one from the config's folder. */
function fromConfig(path: string, config: string): string {
  if (isAbsolute(path)) return path;
  const found = relative(dirname(config), path);
  return found === '' ? '.' : found;
}
