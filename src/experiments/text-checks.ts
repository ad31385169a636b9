/** @file What can be found wrong with texts, and with models of texts on them. */

import { stat } from 'node:fs/promises';
import type { FileLayout, FileTargets } from '../data/file-columns.js';
import { hasColumns } from '../data/formats/table.js';
import { expectTargets } from '../data/open-task.js';
import { type ReadTextTaskOptions, readTextTask } from '../data/read-text-task.js';
import { withSplitFiles } from '../data/split-files.js';
import { stratifiedSubset, withDev } from '../data/stratified.js';
import { textDataset } from '../data/text-dataset.js';
import { isTextSetName, loadTextSet } from '../data/text-sets.js';
import { labelCounts, type TextTable, targetRows } from '../data/text-table.js';
import { splitOf, type TextTask } from '../data/text-task.js';
import { formatCount } from '../errors/number-text.js';
import { DEFAULT_METRIC, type JudgedMetric } from '../metrics/table.js';
import type { OpenedModel } from '../models/any-model.js';
import { classesOf } from '../models/forward.js';
import { isOfTexts } from '../models/heads.js';
import { defined } from '../options/given.js';
import { textTeacher } from '../teachers/text-teacher.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { usualLength } from '../tokenizers/tokenizer.js';
import { expectKnownTokens } from '../training/checks/known-tokens.js';
import { teacherWarnings, textWarnings } from '../training/checks/run-warnings.js';
import { CHECK_TABLE, findWarnings } from '../training/checks/table.js';
import { type TeacherFit, teacherFit } from './distillation/teacher-fit.js';
import { type Say, sayWarnings } from './finding.js';

/** How files of texts are to be read; columns as `readTextTask` has them. */
export type TextPlace = FileLayout &
  FileTargets &
  Pick<ReadTextTaskOptions, 'split'> & {
    /** Files of splits; default: those that lie beside a training file. */
    readonly dev?: string | undefined;
    /** Null: there is no test split. */
    readonly test?: string | null | undefined;
    /** Where data sets by name lie. */
    readonly dir?: string | undefined;
    /** What models are judged by. Default: the first metric of the data. */
    readonly metric?: JudgedMetric | undefined;
    /** Tokens of a text that are read. Default: 128, or what a model has positions for. */
    readonly maxLength?: number | undefined;
  };

export type FoundTexts = { readonly path: string; readonly task: TextTask };

/** A model of texts, whose tokenizer cuts them. */
export type FoundReader = OpenedModel & { readonly tokenizer: Tokenizer };

/** How `loadHuggingFace` says that a model's answers are random. */
const NEW_HEAD = 'the head is new';

const DEV = { seed: 1, portion: { share: 0.1 } } as const;
/** Enough to tell a teacher from a guesser. */
const TRIAL_ROWS = 500;
const SHOWN_LABELS = 6;

/** Whether a word names texts: a file of them, or a data set by name that is no path as well. */
export async function isTextData(word: string): Promise<boolean> {
  if (hasColumns(word)) return true;
  return isTextSetName(word) && (await stat(word).catch(() => undefined)) === undefined;
}

/** @throws FileError for what cannot be read. */
export async function examineTexts(
  path: string,
  { dir, maxLength: _length, metric: _metric, split, dev: devFile, test: testFile, ...columns }: TextPlace,
  say: Say,
) {
  const whole = isTextSetName(path)
    ? await loadTextSet(path, { dir })
    : await withSplitFiles(
        path,
        { dev: devFile, test: testFile },
        {
          task: await readTextTask({ train: path, ...defined({ split }), ...columns }),
          columns: { ...columns, onNotice: (text) => say('ok', text) },
        },
      );
  expectTargets(splitOf(whole, 'train'), whole);
  const task = withDev(whole, DEV);
  const train = splitOf(task, 'train');
  const { dev } = task;
  const test = testFile === null || task.test === undefined || targetRows(task.test) === 0 ? undefined : task.test;
  const tested = test === undefined ? '' : `, ${test.size} test rows`;
  const rows =
    dev === undefined ? `${train.size} rows` : `${train.size} training rows, ${dev.size} validation rows${tested}`;
  say('ok', `${path}: ${rows}; ${shownTargets(train)}`);
  sayWarnings(say, path, textWarnings(train, dev, test));
  return { path, task } satisfies FoundTexts;
}

function shownTargets(table: TextTable): string {
  if (table.scores !== undefined) return 'scores';
  const counts = labelCounts(table);
  const shown = table.labelNames.slice(0, SHOWN_LABELS).map((name, label) => `${name} ${counts[label]}`);
  return table.labelNames.length > SHOWN_LABELS
    ? `${table.labelNames.length} labels: ${shown.join(', ')}, …`
    : shown.join(', ');
}

/**
 * Tries a model on texts: what of them it reads, and where its classes are theirs, how often it is right.
 * @throws SignalError for classes with other names.
 */
export async function examineReader(
  reader: FoundReader,
  { path: data, task }: FoundTexts,
  { maxLength, metric = task.metrics[0] ?? DEFAULT_METRIC }: TextPlace,
  say: Say,
): Promise<void> {
  const { path, model, tokenizer } = reader;
  const where = `${path} on ${data}`;
  const most = model.maxTokens ?? Number.POSITIVE_INFINITY;
  const cut = { model, maxLength: Math.min(maxLength ?? usualLength(tokenizer), most) };
  const table = splitOf(task, 'train');
  const train = textDataset(table, tokenizer, cut);
  expectKnownTokens(train, model);
  sayWarnings(say, where, findWarnings({ rows: { train } }));
  const isClassifier = isOfTexts(model.config);
  const isNew = reader.notices.some((notice) => notice.startsWith(NEW_HEAD));
  if (isNew || !isClassifier || task.isRegression || classesOf(model) !== task.labelNames.length) {
    return say('ok', `${where}: reads the texts; it has other labels, so it has to be trained`);
  }
  const trialOf = (all: TextTable) =>
    textDataset(all.size <= TRIAL_ROWS ? all : stratifiedSubset(all, { rows: TRIAL_ROWS }, 1), tokenizer, cut);
  const rows = trialOf(task.dev ?? table);
  const teacher = textTeacher(reader, tokenizer, { labelNames: task.labelNames, maxLength: cut.maxLength });
  const answers = await teacher.answer(rows, ['logits']);
  const warnings = [
    ...findWarnings({ run: { train, evaluation: rows, metrics: [metric], startsAtRandom: false } }),
    ...teacherWarnings(teacher, answers, rows),
  ];
  sayWarnings(say, where, warnings);
  if (warnings.some(({ name }) => CHECK_TABLE[name].isProblem)) return;
  const fit = await teacherFit(teacher, rows, answers, 'accuracy');
  if (fit === undefined) return;
  const seen = task.dev && trialOf(table);
  const fitSeen = seen && (await teacherFit(teacher, seen, await teacher.answer(seen, ['logits']), 'accuracy'));
  const beside = fitSeen === undefined ? '' : `; of ${formatCount(fitSeen.rows)} training rows on ${shownFit(fitSeen)}`;
  say('ok', `${where}: right on ${shownFit(fit, ` of ${formatCount(fit.rows)} rows`)}${beside}`);
}

/** `89.5 % of 500 rows, mean confidence 93.1 %` */
function shownFit({ score = Number.NaN, confidence = Number.NaN }: TeacherFit, of = ''): string {
  return `${score.toFixed(1)} %${of}, mean confidence ${(100 * confidence).toFixed(1)} %`;
}
