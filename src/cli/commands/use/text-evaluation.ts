import { formatOf, hasColumns } from '../../../data/formats/table.js';
import { type ReadTextTableOptions, readTextTable } from '../../../data/read-text-table.js';
import { isTextSetName, loadTextSet } from '../../../data/text-sets.js';
import type { TextTable } from '../../../data/text-table.js';
import { splitOf } from '../../../data/text-task.js';
import { FileError, OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { DIGIT_SETTINGS } from '../../../experiments/primer/digit-settings.js';
import type { Answer, TextInput } from '../../../inference/load.js';
import type { Answered } from '../../../metrics/answered.js';
import { bootstrapInterval } from '../../../metrics/bootstrap.js';
import { askedMetrics, type JudgedMetric, METRICS, usualMetrics } from '../../../metrics/table.js';
import { wilsonInterval } from '../../../metrics/wilson-interval.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import { NO_LABEL } from '../../../tensor/no-label.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { openTextModel, readsDigits } from './text-model.js';
import type { evaluateUsage } from './usage.js';

type Options = OptionValues<typeof evaluateUsage.options>;

type Figure = {
  readonly metric: JudgedMetric;
  readonly value: number;
  /** Wilson's of the accuracy, else a bootstrap's over rows; undefined where there is none. */
  readonly interval: readonly [low: number, high: number] | undefined;
};

/** `retort evaluate`. */
export async function evaluate(options: Options, io: CommandIo): Promise<CommandOutput> {
  if (!(await readsDigits(options.model, findOnHub({ onNotice: io.notice, onDownload: io.onDownload }))))
    return evaluateTexts(options, io);
  const { scoredDigits } = await import('./digits.js');
  return scoredDigits(options, io);
}

async function evaluateTexts(options: Options, io: CommandIo): Promise<CommandOutput> {
  const { threads, device, maxLength } = options;
  const data = checkedData(options);
  const model = await openTextModel(
    options.model,
    { device, ...(threads !== undefined && { threads }), ...(maxLength !== undefined && { maxLength }) },
    io,
  );
  try {
    const isRegression = model.labels.length === 1;
    const { table, metrics } = await readData(data, options, model.labels, isRegression);
    const answers: Answer[] = [];
    for await (const answer of model.stream(inputsOf(table))) answers.push(answer);
    const answered = answeredRows(table, answers, isRegression ? undefined : classesOfModel(table, model.labels, io));
    const rows = answered.gold.length;
    expectRows(rows, table);
    const figures = metrics.map((metric) => figureOf(metric, answered, rows));
    return outputOf(model.path, table.name, figures, rows);
  } finally {
    await model.release();
  }
}

/** @throws OptionError for what contradicts the data that was named. */
function checkedData({ data, split, textColumn, pairColumn, labelColumn, dataDir }: Options): string {
  if (data === undefined) {
    throw new OptionError({
      where: 'retort evaluate',
      wanted: 'data after the model: the name of a data set, or a file',
      got: 'none',
      fix: 'see retort evaluate --help',
    });
  }
  const isSet = isTextSetName(data);
  const column = textColumn ?? pairColumn ?? labelColumn;
  if (isSet && column !== undefined) {
    throw new OptionError({ where: 'columns', wanted: 'a file', got: `${data}, whose columns are known` });
  }
  if (!isSet && (split !== undefined || dataDir !== DIGIT_SETTINGS.dataDir.default)) {
    const where = split === undefined ? '--data_dir' : '--split';
    throw new OptionError({ where, wanted: 'the name of a data set', got: `'${data}'`, fix: 'leave the flag out' });
  }
  return data;
}

async function readData(
  data: string,
  options: Options,
  labels: readonly string[],
  isRegression: boolean,
): Promise<{ readonly table: TextTable; readonly metrics: readonly JudgedMetric[] }> {
  if (isTextSetName(data)) {
    const dir = options.dataDir === DIGIT_SETTINGS.dataDir.default ? process.env.RETORT_DATA : options.dataDir;
    const task = await loadTextSet(data, { dir });
    if (task.isRegression !== isRegression) {
      throw new OptionError({
        where: data,
        wanted: isRegression ? 'scores, as the model predicts' : `the labels ${labels.join(', ')}`,
        got: task.isRegression ? 'values' : 'labels',
        fix: 'use a model of this task',
      });
    }
    return {
      table: splitOf(task, options.split ?? 'dev'),
      metrics: askedMetrics(options.metric, task.metrics, labels.length),
    };
  }
  const { textColumn, pairColumn, labelColumn = 'label' } = options;
  const readOptions: ReadTextTableOptions = {
    ...(textColumn !== undefined && { text: textColumn }),
    ...(pairColumn !== undefined && { pair: pairColumn }),
    ...(isRegression ? { score: labelColumn, label: null } : { label: labelColumn, labelNames: labels }),
  };
  if (formatOf(data) !== undefined && !hasColumns(data)) {
    throw new FileError({ where: data, wanted: 'a file with labels', got: 'plain text', fix: 'use .csv or .jsonl' });
  }
  const table = await readTextTable(data, readOptions);
  return { table, metrics: askedMetrics(options.metric, usualMetrics(labels.length), labels.length) };
}

function* inputsOf({ texts, pairs }: TextTable): Generator<TextInput, void> {
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

function figureOf(metric: JudgedMetric, answered: Answered, rows: number): Figure {
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
function classesOfModel({ name, labelNames }: TextTable, names: readonly string[], io: CommandIo): readonly string[] {
  if (labelNames.every((label) => names.includes(label)) && labelNames.length === names.length) return labelNames;
  const isUnnamed = names.every((label, i) => label === `LABEL_${i}`);
  if (isUnnamed && labelNames.length === names.length) {
    io.notice(`the model's labels have no names: taken in the order of ${labelNames.join(', ')}`);
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

function outputOf(model: string, data: string, figures: readonly Figure[], rows: number): CommandOutput {
  const percent = (value: number) => (100 * value).toFixed(2);
  const width = Math.max(9, ...figures.map(({ metric }) => METRICS[metric].name.length));
  const lines = figures.map(({ metric, value, interval }) => {
    const range = interval === undefined ? '' : `  (95 % interval ${interval.map(percent).join(' to ')})`;
    return `${METRICS[metric].name.padEnd(width)} ${percent(value).padStart(6)}${range}`;
  });
  const metrics = Object.fromEntries(
    figures.map(({ metric, value, interval }) => [metric, { value: finite(value), interval95: interval ?? null }]),
  );
  return {
    text: [...lines, `${'rows'.padEnd(width)} ${formatCount(rows).padStart(6)} of ${data}`].join('\n'),
    json: { model, data, rows, metrics },
  };
}

/** JSON has no NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
