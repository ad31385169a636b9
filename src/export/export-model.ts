/** @file A trained model by name, written for other programs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError, OutputError } from '../errors/failures.js';
import { errorCode, outputFailure } from '../files/file-failure.js';
import { textIn } from '../files/path-entry.js';
import { type OpenedModel, openAnyModel } from '../models/any-model.js';
import { findOnHub, type HubEvents } from '../models/find-on-hub.js';
import { classesOf } from '../models/forward.js';
import { type Model, readsText } from '../models/model.js';
import { loadModelTokenizer } from '../models/model-tokenizer.js';
import { MULTI_TASK } from '../models/multi-task.js';
import { tempered } from '../models/tempered.js';
import { VERSION_FILES, VERSIONS_FOLDER } from '../onnx/model-versions.js';
import type { FileReading } from '../options/file-reading.js';
import { defined } from '../options/given.js';
import type { Question } from '../options/question.js';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportFormatName,
  type ExportSettings,
  SHARED_FILES,
  type WrittenExport,
} from './formats.js';
import { CARD_MARK, type CardFacts, type CardScores } from './model-card.js';
import type { OnnxFolderContent } from './onnx-folder.js';
import type { ExportLayout, Precision } from './precisions.js';
import { readQuestion } from './question-file.js';

export type ExportModelOptions = HubEvents & {
  /** A run, a checkpoint, a Hugging Face folder, or a name on its hub. */
  readonly model: string;
  /** One of `EXPORT_FORMATS`. Default: `onnx`. */
  readonly to?: ExportFormatName | undefined;
  /** Of the weights in an ONNX file; of `hf` one or several. Default: that of the format, `float32`, or of `hf` also `int8`. */
  readonly precision?: Precision | readonly Precision[] | undefined;
  /** Of `hf`: versions in the subfolder `onnx`, or one as `model.onnx`. Default: `onnx`. */
  readonly layout?: ExportLayout | undefined;
  /** A folder, new or empty. */
  readonly outputDir: string;
  /** Other names for its labels: one for each, in their order. */
  readonly labelNames?: readonly string[] | undefined;
  /** A file of the question that it answers, for a model that has learnt labels without one; of `onnx` and `hf`. */
  readonly question?: string | undefined;
  /** Replace an earlier export. */
  readonly overwrite?: boolean | undefined;
  /** What is known of the model, for the model card of `hf`: `cardFacts` of a run. Default: nothing. */
  readonly facts?: CardFacts | undefined;
  /** What is written in place of the model as it was opened; called before anything is. */
  readonly prepare?: (content: OnnxFolderContent, precisions: readonly Precision[]) => Promise<PreparedContent>;
};

/** What is written, and what the model card says of how its forms were scored. */
export type PreparedContent = OnnxFolderContent & { readonly card?: CardScores };

export type ExportedModel = WrittenExport & {
  /** The folder that was exported. */
  readonly path: string;
  readonly kind: string;
  readonly parameters: number;
  readonly labelNames: readonly string[];
  /** Of the ONNX files. */
  readonly precisions: readonly Precision[];
};

/**
 * Writes a trained model as `retort export` does, in one of the formats.
 * @throws OutputError for a folder that holds something; OptionError for a model that the format does not know, or other
 *   names than it has labels; as `openAnyModel` and `ExportFormat.save` do.
 */
export async function exportModel(options: ExportModelOptions): Promise<ExportedModel> {
  const { to = 'onnx', outputDir, overwrite = false, onNotice = () => {} } = options;
  const settings = settingsOf(to, options);
  await expectFree(outputDir, overwrite);
  const opened = tempered(
    await openAnyModel(options.model, { onNotice, find: findOnHub(options), takesTasks: takesTasks(to) }),
  );
  const { model, weights, readsPairs, temperature, path } = opened;
  const { kind } = model;
  const labelNames = options.labelNames === undefined ? opened.labelNames : checkedNames(options.labelNames, model);
  for (const notice of opened.notices) onNotice(notice);
  const tokenizer = readsText(model) ? await loadModelTokenizer(opened) : undefined;
  const readAs = opened.readAs && renamed(opened.readAs, opened.labelNames, labelNames);
  const question = await questionOfExport(options, opened, labelNames);
  const content = { model, weights, labelNames, ...defined({ readsPairs, readAs, question, temperature, tokenizer }) };
  const { card, ...prepared }: PreparedContent = (await options.prepare?.(content, settings.precisions)) ?? content;
  const facts = card === undefined ? options.facts : { ...options.facts, scores: card };
  const written = await EXPORT_FORMATS[to].save(outputDir, prepared, { ...settings, onNotice, ...defined({ facts }) });
  const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return { path, kind, parameters, labelNames, precisions: settings.precisions, ...written };
}

function takesTasks(to: ExportFormatName): boolean {
  const format: ExportFormat = EXPORT_FORMATS[to];
  return format.takesTasks === true;
}

/** @throws OptionError for more precisions than the format has room for, and for a layout that it does not have. */
function settingsOf(to: ExportFormatName, options: ExportModelOptions): Pick<ExportSettings, 'precisions' | 'layout'> {
  const format: ExportFormat = EXPORT_FORMATS[to];
  const { layout = format.layouts[0] as ExportLayout } = options;
  const { precision = layout === 'root' ? format.precisions.slice(0, 1) : format.precisions } = options;
  const precisions = typeof precision === 'string' ? [precision] : precision;
  if (!format.layouts.includes(layout)) {
    const got = `${layout}, with to ${to}`;
    throw new OptionError({ where: 'layout', wanted: format.layouts.join(', '), got, fix: 'leave layout out' });
  }
  const most = layout === 'root' ? 1 : Number.POSITIVE_INFINITY;
  if (precisions.length >= 1 && precisions.length <= most) return { precisions, layout };
  throw new OptionError({
    where: 'precision',
    wanted: most === 1 ? 'one, since the folder has one model.onnx' : 'one at least',
    got: precisions.join(',') || 'none',
    fix: `name one, such as ${precisions[0] ?? 'float32'}`,
  });
}

/** @throws OptionError for another number of names than the model has classes, and for one that is there twice. */
function checkedNames(names: readonly string[], model: Model): readonly string[] {
  const classes = classesOf(model);
  const different = new Set(names.filter((name) => name !== '')).size;
  if (names.length === classes && different === classes) return names;
  throw new OptionError({
    where: 'labelNames',
    wanted: `${classes} different names, one for each class, separated by commas`,
    got: names.length === classes ? `${different} of ${names.length}` : String(names.length),
  });
}

/** The same with what cells stand for under the labels' new names. */
function renamed(readAs: FileReading, before: readonly string[], after: readonly string[]): FileReading {
  if (readAs.labelMap === undefined) return readAs;
  const named = Object.entries(readAs.labelMap).map(([cell, name]) => [cell, after[before.indexOf(name)] ?? name]);
  return { ...readAs, labelMap: Object.fromEntries(named) };
}

/** The one that it has learnt, else the one that a file has. @throws OptionError for another one than it has learnt. */
async function questionOfExport(
  { question: file }: ExportModelOptions,
  { model, question: learnt, labelNames: before, readsPairs = false }: OpenedModel,
  labelNames: readonly string[],
): Promise<Question | undefined> {
  const own = learnt && renamedQuestion(learnt, before, labelNames);
  if (file === undefined) return own;
  const fix = 'leave question out';
  if (!readsText(model) || model.kind === MULTI_TASK) {
    const wanted = 'a model of labels or a score for texts';
    throw new OptionError({ where: 'question', wanted, got: 'another model', fix });
  }
  const isRegression = classesOf(model) === 1;
  const given = await readQuestion(file, { labelNames, isRegression, isPair: readsPairs });
  if (own === undefined || JSON.stringify(own) === JSON.stringify(given)) return given;
  const got = `another one in ${file}`;
  throw new OptionError({ where: 'question', wanted: `the one that it has learnt: ${own.instructions}`, got, fix });
}

/** The same about the labels' new names. */
function renamedQuestion(
  { criteria, labels, ...question }: Question,
  before: readonly string[],
  labelNames: readonly string[],
): Question {
  if (labels !== undefined) {
    const named = labels.map((label) => labelNames[before.indexOf(label)] ?? label);
    return { ...question, criteria, labels: named };
  }
  return {
    ...question,
    criteria: criteria.map(([label, described], c) => [labelNames[c] ?? label, described] as const),
  };
}

/** What exports write. Folders with anything else in them are not replaced. */
const OURS = new Set([
  ...[...SHARED_FILES, ...Object.values(EXPORT_FORMATS).flatMap(({ writes }) => writes)],
  ...Object.values(VERSION_FILES).map((name) => `${VERSIONS_FOLDER}/${name}`),
]);

/** A card that somebody has made their own stays. */
const CARD = 'README.md';

/** @throws OutputError for a folder that holds something, unless it is an earlier export that may be replaced. */
export async function expectFree(path: string, overwrite: boolean): Promise<void> {
  const names = await namesIn(path);
  const isEdited = names.includes(CARD) && !(await textIn(join(path, CARD))).includes(CARD_MARK);
  const strange = names.filter((name) => !OURS.has(name) || (name === CARD && isEdited));
  if (names.length === 0 || (overwrite && strange.length === 0)) return;
  const shown = (overwrite ? strange : names).sort().slice(0, 3).join(', ');
  throw new OutputError({
    where: path,
    wanted: overwrite ? 'an earlier export, or a new folder' : 'a new or empty folder',
    got: `one with ${shown}`,
    fix: `${overwrite ? '' : 'pass --overwrite to replace an earlier export, or '}choose another folder`,
  });
}

/** What is in a folder, and in the subfolder of versions. */
async function namesIn(path: string): Promise<string[]> {
  try {
    const names = await readdir(path);
    if (!names.includes(VERSIONS_FOLDER)) return names;
    return [...names, ...(await namesIn(join(path, VERSIONS_FOLDER))).map((name) => `${VERSIONS_FOLDER}/${name}`)];
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return [];
    if (code !== 'ENOTDIR') throw outputFailure(error, path);
    const wanted = 'a folder, or nothing yet';
    throw new OutputError({ where: path, wanted, got: 'a file', fix: 'choose another path' });
  }
}
