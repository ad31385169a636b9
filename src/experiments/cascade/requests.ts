/**
 * @file The rows of a calibration: requests, what is right for each, and why each was asked. A row that was asked because of what
 * a student said of it is no part of a random sample, and a text that student or teacher learnt from is not new to them.
 */
import process from 'node:process';
import { textsOfFile } from '../../data/file-texts.js';
import { formatOf } from '../../data/formats/table.js';
import { rowsByText } from '../../data/rows-by-text.js';
import type { ColumnSettings } from '../../data/task-settings.js';
import { isTextSetName, loadTextSet } from '../../data/text-sets.js';
import { type TextTable, textTable } from '../../data/text-table.js';
import { SPLITS, type SplitName, splitOf } from '../../data/text-task.js';
import { FileError, OptionError } from '../../errors/failures.js';
import type { OpenedTextModel } from '../../export/open-text-model.js';
import type { TextInput } from '../../inference/answer.js';
import { defined, type Given } from '../../options/given.js';
import { isJsonObject } from '../../options/json.js';
import { AnswerReader } from '../../teachers/recorded-row.js';
import { recordedRows } from '../../teachers/recorded-teacher.js';
import { argmax } from '../../tensor/logits.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { classesOfModel, inputsOf, readLabelled } from '../evaluate.js';
import type { Truth } from './cascade-settings.js';

export type Request = {
  readonly input: TextInput;
  /** The class that is right, in the student's order; undefined for a refusal, and a row without a label. */
  readonly choice: number | undefined;
};

export type Requests = {
  readonly name: string;
  readonly truth: Truth;
  readonly rows: readonly Request[];
  /** Rows that are no part of a random sample, or not new, by why. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Rows by the reason for which they were asked; `labels` where nobody had to ask. */
  readonly asked: Readonly<Record<string, number>>;
  /** The teacher by the name that its replies gave. */
  readonly model?: string | undefined;
  /** Mean of what a reply cost, where all say it. */
  readonly cost?: number | undefined;
};

/** Who reads them: an opened student. */
type Reader = Pick<OpenedTextModel, 'labels' | 'readAs'>;

export type ReadOptions = Given<Omit<ColumnSettings, 'scoreColumn' | 'splitColumn'>> & {
  readonly dataDir?: string | undefined;
  readonly truth?: Truth | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
};

const ASKED = 'asked because of a score';
const TRAINED = 'texts that were learnt or chosen from';
/** Why rows are asked that can stand for all requests. */
const INDEPENDENT: readonly unknown[] = ['all', 'random'];

/**
 * @param source a file, or a data set by name and its split
 * @param trained texts of which none may be among them
 * @throws FileError for rows that cannot be read, or that come from several models; OptionError as `evaluate` does.
 */
export async function readRequests(
  source: string,
  reader: Reader,
  trained: TextTable | undefined,
  options: ReadOptions,
): Promise<Requests> {
  const truth = options.truth ?? ((await isRecorded(source)) ? 'teacher' : 'labels');
  const read = truth === 'teacher' ? await readRecorded(source, reader) : await readLabels(source, reader, options);
  const known = trained && rowsByText(trained);
  const table = tableOf(read.rows.map(({ input }) => input));
  const rows = read.rows.filter((_, row) => known?.firstLike(table, row) === undefined);
  const seen = read.rows.length - rows.length;
  const leftOut = { ...read.leftOut, ...(seen > 0 && { [TRAINED]: seen }) };
  return { ...read, name: source, truth, rows, leftOut };
}

type Read = Omit<Requests, 'name' | 'truth'>;

async function readLabels(source: string, reader: Reader, options: ReadOptions): Promise<Read> {
  const { textColumn, pairColumn, labelColumn, labelNames, header, delimiter, quote, dataDir } = options;
  const named = namedSplit(source);
  const from =
    named === undefined
      ? { data: source, textColumn, pairColumn, labelColumn, labelNames, header, delimiter, quote }
      : { dataDir, ...named };
  const { table } = await readLabelled({ ...from, ...defined({ onNotice: options.onNotice }) }, reader);
  const classes = classesOfModel(table, reader.labels, options.onNotice);
  const rows = Array.from(inputsOf(table), (input, row): Request => {
    const label = table.labels?.[row] ?? NO_LABEL;
    return { input, choice: label === NO_LABEL ? undefined : reader.labels.indexOf(classes[label] as string) };
  });
  return { rows, leftOut: {}, asked: { labels: rows.length } };
}

/** `banking77`, `banking77:test`: of a set by name the split, dev unless it is said. */
function namedSplit(
  source: string,
): { readonly data: Parameters<typeof loadTextSet>[0]; readonly split?: SplitName } | undefined {
  const [data = '', split, ...more] = source.split(':');
  if (!isTextSetName(data) || more.length > 0) return undefined;
  if (split === undefined) return { data };
  const known = SPLITS.find((name) => name === split);
  if (known !== undefined) return { data, split: known };
  throw new OptionError({ where: source, wanted: `${data}:train, ${data}:dev or ${data}:test`, got: `'${split}'` });
}

/** Keys that recorded outputs have and files of labels lack. */
const RECORDED = ['from', 'logits', 'probabilities', 'logprobs', 'samples', 'refused', 'malformed'] as const;

async function isRecorded(source: string): Promise<boolean> {
  if (namedSplit(source) !== undefined || formatOf(source)?.objects === undefined) return false;
  for await (const { object } of recordedRows(source, {}, MORE)) return RECORDED.some((key) => key in object);
  return false;
}

const MORE: readonly string[] = ['from', 'malformed'];

async function readRecorded(source: string, { labels }: Reader): Promise<Read> {
  if (namedSplit(source) !== undefined || formatOf(source)?.objects === undefined) {
    const wanted = 'recorded outputs of a teacher, .jsonl, .json or .parquet';
    throw new OptionError({ where: source, wanted, got: 'another file', fix: 'leave truth out, or give truth labels' });
  }
  const answers = new AnswerReader(labels, {});
  const [leftOut, asked] = [{} as Record<string, number>, {} as Record<string, number>];
  const rows: Request[] = [];
  const [models, chances] = [new Set<string>(), new Set<unknown>()];
  let cost: number | undefined = 0;
  for await (const { object, where } of recordedRows(source, {}, MORE)) {
    const { rung, target } = answers.read(object, where);
    const from = isJsonObject(object.from) ? object.from : {};
    const { by = 'unknown', probability } = isJsonObject(from.why) ? from.why : {};
    if (by !== 'unknown' && !INDEPENDENT.includes(by)) {
      leftOut[ASKED] = (leftOut[ASKED] ?? 0) + 1;
      continue;
    }
    if (by === 'random') chances.add(probability);
    if (typeof from.model === 'string') models.add(from.model);
    cost = cost === undefined || typeof from.cost !== 'number' ? undefined : cost + from.cost;
    asked[String(by)] = (asked[String(by)] ?? 0) + 1;
    const { text, pair } = object;
    if (typeof text !== 'string') {
      const fix = 'record the text of each request, not its id alone';
      throw new FileError({ where, wanted: 'the key text', got: Object.keys(object).join(', '), fix });
    }
    rows.push({
      input: typeof pair === 'string' ? [text, pair] : text,
      choice: rung === 'refused' ? undefined : argmax(target.logits),
    });
  }
  expectOne(models, source);
  if (chances.size > 1) {
    throw new FileError({
      where: source,
      wanted: 'rows that were drawn with one probability, so that each stands for as many requests',
      got: `${chances.size} different ones`,
      fix: 'divide the rows by it',
    });
  }
  const [model] = models;
  return {
    rows,
    leftOut,
    asked,
    model,
    cost: cost === undefined || rows.length === 0 ? undefined : cost / rows.length,
  };
}

function expectOne(models: ReadonlySet<string>, source: string): void {
  if (models.size <= 1) return;
  throw new FileError({
    where: source,
    wanted: 'replies of one model: another one is another teacher',
    got: [...models].slice(0, 3).join(', '),
    fix: 'divide the rows by their model (from.model)',
  });
}

/** The texts of a file, or of a set by name; of several, separated by commas, all of them. @throws as `textsOfFile`. */
export async function readTexts(
  sources: string,
  { readAs }: Reader,
  { textColumn, pairColumn, header, delimiter, quote, dataDir, onNotice }: ReadOptions,
): Promise<readonly TextInput[]> {
  const all: TextInput[] = [];
  for (const source of sources.split(',').map((name) => name.trim())) {
    const named = namedSplit(source);
    if (named === undefined) {
      const columns = formatOf(source)?.cells === undefined ? {} : { textColumn, pairColumn, header, delimiter, quote };
      for await (const input of textsOfFile(source, columns, { readAs, onNotice })) all.push(input);
      continue;
    }
    const task = await loadTextSet(named.data, { dir: dataDir ?? process.env.RETORT_DATA });
    all.push(...inputsOf(splitOf(task, named.split ?? 'train')));
  }
  return all;
}

/** Texts as rows, to be looked up. */
export function tableOf(inputs: readonly TextInput[]): TextTable {
  const isPair = inputs.some((input) => typeof input !== 'string');
  const [texts, pairs] = [[] as string[], [] as string[]];
  for (const input of inputs) {
    texts.push(typeof input === 'string' ? input : input[0]);
    pairs.push(typeof input === 'string' ? '' : input[1]);
  }
  return textTable('texts', { texts, ...(isPair && { pairs }) });
}
