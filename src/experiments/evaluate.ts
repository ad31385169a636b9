/** @file A trained model of texts, by name, scored on labelled data: each figure with its interval. */
import process from 'node:process';
import { BadRows } from '../data/bad-rows.js';
import { type FileTargets, fileLayout, fileTargets, splitColumnOf } from '../data/file-columns.js';
import { formatOf, hasColumns } from '../data/formats/table.js';
import { isUnnamed } from '../data/label-column.js';
import { readSplitRows } from '../data/read-text-table.js';
import { recalledReading } from '../data/recalled-reading.js';
import type { ReadTextTableOptions, SplitRows } from '../data/table-of-rows.js';
import { COLUMN_SETTINGS, type ColumnSettings, type TaskSettings } from '../data/task-settings.js';
import { isTextSetName, loadTextSet } from '../data/text-sets.js';
import { selectRows, type TextTable } from '../data/text-table.js';
import { SPLITS, type SplitName, splitOf } from '../data/text-task.js';
import { FileError, OptionError } from '../errors/failures.js';
import { type OpenedTextModel, openTextModel } from '../export/open-text-model.js';
import type { Answer, TextInput } from '../inference/answer.js';
import type { Answered } from '../metrics/answered.js';
import { bootstrapInterval } from '../metrics/bootstrap.js';
import { askedMetrics, type JudgedMetric, METRICS, usualMetrics } from '../metrics/table.js';
import { wilsonInterval } from '../metrics/wilson-interval.js';
import type { HubEvents } from '../models/find-on-hub.js';
import { defined, type Given } from '../options/given.js';
import type { ComputeSettings } from '../options/run-settings.js';
import { NO_LABEL } from '../tensor/no-label.js';

export type EvaluateOptions = HubEvents &
  Given<ColumnSettings & Pick<TaskSettings, 'dataDir' | 'badRows' | 'maxLength'> & ComputeSettings> & {
    /** An export, a checkpoint, a run that has one, a Hugging Face folder, or a name on its hub. */
    readonly model: string;
    /** A set by name, a file with a column of labels (of a regression values), or texts that a program has read. */
    readonly data: string | TextTable;
    /** Of a set by name, or of a file with a column of splits. Default: `dev`. */
    readonly split?: SplitName | undefined;
    /** Measured first, besides the usual ones. */
    readonly metric?: JudgedMetric | undefined;
  };

export type Figure = {
  readonly metric: JudgedMetric;
  readonly value: number;
  /** 95 %: Wilson's of the accuracy, else a bootstrap's over rows; undefined where there is none. */
  readonly interval: readonly [low: number, high: number] | undefined;
};

export type Evaluated = {
  /** The folder of the model's files, or the export. */
  readonly path: string;
  /** The name of the data. */
  readonly data: string;
  /** That have a label, or a value. */
  readonly rows: number;
  readonly figures: readonly Figure[];
};

/**
 * Scores a model of texts as `retort evaluate` does. (Of digits: `evaluateDigits`.)
 * @throws OptionError for data of other labels, or settings that contradict it; FileError for data without labels; as
 *   `openTextModel` does.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluated> {
  expectFitting(options);
  const { threads, device, maxLength, onNotice, onDownload } = options;
  const model = await openTextModel(options.model, {
    threads,
    device,
    maxLength,
    ...defined({ onNotice, onDownload }),
  });
  try {
    const { table, metrics } = await readLabelled(options, model);
    const { answered } = await answerRows(model, table, onNotice);
    const rows = answered.gold.length;
    const figures = metrics.map((metric) => figureOf(metric, answered, rows));
    return { path: model.path, data: table.name, rows, figures };
  } finally {
    await model.release();
  }
}

/**
 * What a model says of all rows, and beside it what those with a label, or a score, have.
 * @throws as `evaluate` does.
 */
export async function answerRows(
  model: Pick<OpenedTextModel, 'labels' | 'stream'>,
  table: TextTable,
  onNotice?: (text: string) => void,
): Promise<{ readonly answers: readonly Answer[]; readonly answered: Answered }> {
  const answers: Answer[] = [];
  for await (const answer of model.stream(inputsOf(table), { badRows: 'stop' })) answers.push(answer);
  const classes = model.labels.length === 1 ? undefined : classesOfModel(table, model.labels, onNotice);
  const answered = answeredRows(table, answers, classes);
  expectRows(answered.gold.length, table);
  return { answers, answered };
}

/** @throws OptionError for what contradicts the data that was named. */
function expectFitting({ data, split: _, dataDir, ...settings }: EvaluateOptions): void {
  if (typeof data === 'object') return;
  const isSet = isTextSetName(data);
  const columns: Readonly<Record<string, unknown>> = settings;
  const ofFiles = Object.keys(COLUMN_SETTINGS).find((name) => columns[name] !== undefined);
  if (isSet && ofFiles !== undefined) {
    const got = `${data}, whose columns are known`;
    throw new OptionError({ where: ofFiles, wanted: 'a file', got, fix: 'leave it out' });
  }
  if (!isSet && dataDir !== undefined) {
    throw new OptionError({
      where: 'dataDir',
      wanted: 'the name of a data set',
      got: `'${data}'`,
      fix: 'leave it out',
    });
  }
}

type Labelled = { readonly table: TextTable; readonly metrics: readonly JudgedMetric[] };

/** Rows to score a model on, and what it is judged by. @throws as `evaluate` does. */
export async function readLabelled(
  options: Omit<EvaluateOptions, 'model'>,
  { labels, readAs }: Pick<OpenedTextModel, 'labels' | 'readAs'>,
): Promise<Labelled> {
  const { data, metric, split, dataDir = process.env.RETORT_DATA } = options;
  const isRegression = labels.length === 1;
  const measured = (usual: Parameters<typeof askedMetrics>[1]) => askedMetrics(metric, usual, labels.length);
  if (typeof data === 'object') return { table: data, metrics: measured(usualMetrics(labels.length)) };
  if (isTextSetName(data)) {
    const task = await loadTextSet(data, { dir: dataDir });
    if (task.isRegression !== isRegression) {
      throw new OptionError({
        where: data,
        wanted: isRegression ? 'scores, as the model predicts' : `the labels ${labels.join(', ')}`,
        got: task.isRegression ? 'values' : 'labels',
        fix: 'use a model of this task',
      });
    }
    return { table: splitOf(task, split ?? DEFAULT_SPLIT), metrics: measured(task.metrics) };
  }
  if (formatOf(data) !== undefined && !hasColumns(data)) {
    throw new FileError({ where: data, wanted: 'a file with labels', got: 'plain text', fix: 'use .csv or .jsonl' });
  }
  const bad = new BadRows(options.badRows, options.onNotice ?? (() => {}));
  expectTargets(options, isRegression);
  const target = isRegression ? 'score' : 'label';
  const { settings, labelMap, notice } = await recalledReading(data, options, readAs, ['text', 'pair', target]);
  if (notice !== undefined) options.onNotice?.(notice);
  const { textColumn, pairColumn, header, delimiter, quote } = settings;
  const read = await readSplitRows(data, {
    split: splitColumnOf(settings),
    ...fileLayout({ textColumn, pairColumn, header, delimiter, quote }),
    ...(await targetsOfModel(settings, labels, labelMap)),
    ...bad.read,
    onNotice: options.onNotice,
  });
  bad.tell();
  return { table: rowsOfSplit(read, options), metrics: measured(usualMetrics(labels.length)) };
}

const DEFAULT_SPLIT = 'dev';

/**
 * The rows to score of a file: those of one split where it has a column of them, since the others were learnt from.
 * @throws OptionError for a split of a file without such a column, or without rows of it.
 */
function rowsOfSplit({ table, splits }: SplitRows, { split, onNotice }: Omit<EvaluateOptions, 'model'>): TextTable {
  if (splits === undefined) {
    if (split === undefined) return table;
    throw new OptionError({
      where: 'split',
      wanted: 'the name of a data set, or a file with a column of splits',
      got: `'${table.name}', which has none`,
      fix: 'leave it out, or name the column: splitColumn',
    });
  }
  const asked = split ?? DEFAULT_SPLIT;
  const rows = [...splits.keys()].filter((row) => SPLITS[splits[row] as number] === asked);
  if (rows.length === 0) {
    const found = SPLITS.filter((_, place) => splits.includes(place)).join(' and ');
    throw new OptionError({
      where: 'split',
      wanted: `rows of the split ${asked} in ${table.name}`,
      got: `${found} alone`,
      fix: `choose ${found.replace(' and ', ' or ')}, or say that the column is none: splitColumn none`,
    });
  }
  onNotice?.(`${table.name}: ${rows.length} of ${table.size} rows are of the split ${asked}; the others are left out`);
  return selectRows(table, rows, `${table.name}, ${asked}`);
}

/** @throws OptionError for targets that are not those of the model. */
function expectTargets(
  { labelColumn, scoreColumn, labelNames }: Omit<EvaluateOptions, 'model'>,
  isRegression: boolean,
): void {
  if (isRegression && labelNames !== undefined) {
    const got = 'a model that predicts values';
    throw new OptionError({ where: 'labelNames', wanted: 'a model of labels', got, fix: 'leave it out' });
  }
  if (scoreColumn !== undefined && !isRegression) {
    const fix = 'leave it out, and name the column of labels: labelColumn';
    throw new OptionError({
      where: 'scoreColumn',
      wanted: 'a model that predicts values',
      got: 'a model of labels',
      fix,
    });
  }
  if (scoreColumn !== undefined && labelColumn !== undefined) {
    const got = `${scoreColumn}, and ${labelColumn} as labelColumn`;
    throw new OptionError({ where: 'scoreColumn', wanted: 'one column of values', got, fix: 'give only one' });
  }
}

/**
 * Cells hold the model's labels, or what a file of names says they stand for; of a regression values.
 * @param recalled What cells of the training file stood for.
 */
async function targetsOfModel(
  { labelColumn, scoreColumn, labelNames, header }: Given<ColumnSettings>,
  labels: readonly string[],
  recalled: Readonly<Record<string, string>> | undefined,
): Promise<FileTargets & Pick<ReadTextTableOptions, 'labelNames'>> {
  if (labels.length === 1) return fileTargets({ scoreColumn: scoreColumn ?? labelColumn ?? 'label', header });
  const targets = await fileTargets({ labelColumn, labelNames, header });
  if (targets.labelMap !== undefined) return targets;
  const own = Object.fromEntries(labels.map((name) => [name, name]));
  return { ...targets, labelNames: labels, ...(recalled && { labelMap: { ...own, ...recalled } }) };
}

/** Texts, or pairs, as a model takes them. */
export function* inputsOf({ texts, pairs }: TextTable): Generator<TextInput, void> {
  for (const [row, text] of texts.entries()) yield pairs === undefined ? text : [text, pairs[row] ?? ''];
}

/** The rows that have a label, or a score. @param classes None for a regression. */
function answeredRows(
  { labels, scores }: TextTable,
  answers: readonly Answer[],
  classes?: readonly string[],
): Answered {
  const targets = Array.from((classes ? labels : scores) ?? []);
  const has = (target: number) => (classes ? target !== NO_LABEL : !Number.isNaN(target));
  const rows = Array.from(targets.keys()).filter((row) => has(targets[row] as number));
  const said = ({ label, score }: Answer) => (classes ? classes.indexOf(label) : score);
  return {
    classes: classes?.length ?? 1,
    gold: rows.map((row) => targets[row] as number),
    said: rows.map((row) => said(answers[row] as Answer)), // one answer for each row
  };
}

export function figureOf(metric: JudgedMetric, answered: Answered, rows: number): Figure {
  const { measure, countsRight } = METRICS[metric];
  const value = measure(answered);
  const interval = countsRight
    ? wilsonInterval(Math.round(value * rows), rows)
    : bootstrapInterval(rows, (sample) => measure(answered, sample));
  return { metric, value, interval };
}

/**
 * The model's names of the classes, in the order of the table's label numbers.
 * @throws OptionError where they cannot be told.
 */
export function classesOfModel(
  { name, labelNames }: TextTable,
  names: readonly string[],
  onNotice?: (text: string) => void,
): readonly string[] {
  if (labelNames.every((label) => names.includes(label)) && labelNames.length === names.length) return labelNames;
  if (isUnnamed(names) && labelNames.length === names.length) {
    onNotice?.(`the model's labels have no names: taken in the order of ${labelNames.join(', ')}`);
    return names;
  }
  throw new OptionError({
    where: name,
    wanted: `the labels of the model (${names.slice(0, 12).join(', ')})`,
    got: labelNames.slice(0, 12).join(', ') || 'no labels',
    fix: 'use data with these labels',
  });
}

function expectRows(rows: number, { name }: TextTable): void {
  if (rows > 0) return;
  throw new FileError({ where: name, wanted: 'rows with labels', got: 'none', fix: 'use a split that has labels' });
}
