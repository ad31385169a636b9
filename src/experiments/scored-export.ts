/** @file An export whose forms are scored beside float32 on rows with labels before it is written, or withheld. */
import process from 'node:process';
import { textsOfFile } from '../data/file-texts.js';
import { isTextSetName, loadTextSet } from '../data/text-sets.js';
import { type SplitName, splitOf } from '../data/text-task.js';
import { CheckError, FileError, OptionError } from '../errors/failures.js';
import { calibrate } from '../export/calibrate.js';
import { type ExportedModel, type ExportModelOptions, exportModel } from '../export/export-model.js';
import {
  type Form,
  gzippedBytes,
  openForm,
  openJsForm,
  type ScoredForm,
  type Speed,
  speedsOf,
} from '../export/form.js';
import { exportedGraph, layersOf } from '../export/onnx.js';
import type { OnnxFolderContent } from '../export/onnx-folder.js';
import type { Precision } from '../export/precisions.js';
import type { Answer, TextInput } from '../inference/answer.js';
import type { Answered } from '../metrics/answered.js';
import { bootstrapError } from '../metrics/bootstrap.js';
import { type JudgedMetric, METRICS } from '../metrics/table.js';
import { familyOf } from '../models/families.js';
import { readsText } from '../models/model.js';
import { MULTI_TASK } from '../models/multi-task.js';
import { defined } from '../options/given.js';
import { LONGEST } from '../tokenizers/token-limits.js';
import { answerRows, figureOf, inputsOf, readLabelled } from './evaluate.js';
import { MAX_DROP } from './scored-export-settings.js';

export type ScoredExportOptions = Omit<ExportModelOptions, 'prepare'> & {
  /** Rows with labels: a set by name, or a file. Without them nothing is compared, and other precisions are marked unscored. */
  readonly data?: string | undefined;
  /** Of a set by name. Default: the environment variable RETORT_DATA. */
  readonly dataDir?: string | undefined;
  /** Of a set by name, or a file with a column of splits. Default: `dev`. */
  readonly split?: SplitName | undefined;
  /** Texts for the fixed ranges of an encoder in int8: a set by name (its training split), or a file. Default: a scale a token. */
  readonly calibrate?: string | undefined;
  /** Points of the metric that a precision may lose, beyond its standard error. Default: 0.5. */
  readonly maxDrop?: number | undefined;
  /** See `OnnxContent`. */
  readonly keep?: readonly string[] | undefined;
  /** Of the sessions that are measured. Default: 1. */
  readonly threads?: number | undefined;
};

export type ScoredExport = ExportedModel & {
  /** Float32 first; absent without data. */
  readonly forms?: readonly ScoredForm[];
  /** The name of the data, and how many of its rows count. */
  readonly scoredOn?: { readonly data: string; readonly rows: number };
};

/** Texts that ranges are taken from, and that layers are tried on. */
const [CALIBRATION_TEXTS, TRIAL_TEXTS] = [1000, 200];
const LAYERS_NAMED = 3;

/**
 * Exports as `exportModel` does, and with `data` only what keeps its score.
 * @throws CheckError for a precision that loses more than `maxDrop`, before anything is written; OptionError for settings
 *   without effect; as `exportModel`, `evaluate` and `calibrate` do.
 */
export async function exportScored(options: ScoredExportOptions): Promise<ScoredExport> {
  const { data, keep, maxDrop = MAX_DROP } = options;
  let found: Pick<ScoredExport, 'forms' | 'scoredOn'> = {};
  const exported = await exportModel({
    ...options,
    prepare: async (opened, precisions) => {
      expectUse(options, opened, precisions);
      const ranges = await rangesOf(options, opened);
      const content = { ...opened, ...defined({ keep, ranges }) };
      if (data === undefined) return content;
      const forms = new Forms(content, options.threads ?? 1, options.to === 'js');
      try {
        await forms.open(precisions);
        const scored = await forms.score({ ...options, data });
        const wrong = scored.find(({ drop, dropError }) => drop - dropError > maxDrop);
        if (wrong !== undefined)
          throw withheld(wrong, forms.scoredOn, maxDrop, await forms.layersThatHurt(wrong.precision));
        found = { forms: scored, scoredOn: forms.scoredOn };
        const { data: name, rows } = forms.scoredOn;
        return {
          ...content,
          scores: Object.fromEntries(scored.map((form) => [form.precision, summary(form, forms.scoredOn)])),
          card: { forms: scored, data: { name, rows }, threads: options.threads ?? 1 },
        };
      } finally {
        await forms.release();
      }
    },
  });
  return { ...exported, ...found };
}

/** @throws OptionError for settings that would do nothing. */
function expectUse(options: ScoredExportOptions, { model }: OnnxFolderContent, precisions: readonly Precision[]): void {
  const { data, dataDir, split, calibrate: rows, keep, maxDrop } = options;
  const fail = (where: string, wanted: string, got: string): never => {
    throw new OptionError({ where, wanted, got, fix: 'leave it out' });
  };
  const isCompact = precisions.some((precision) => precision !== 'float32');
  if (maxDrop !== undefined && data === undefined) fail('maxDrop', 'data to score on', 'none');
  if (split !== undefined && data === undefined) fail('split', 'data to score on', 'none');
  if (dataDir !== undefined && data === undefined && rows === undefined) fail('dataDir', 'data by name', 'none');
  if (keep !== undefined && !isCompact) fail('keep', 'precision int8 or float16', 'float32');
  if (keep !== undefined && options.to === 'js') fail('keep', 'to onnx or hf', 'js');
  if (rows !== undefined && !precisions.includes('int8')) fail('calibrate', 'precision int8', precisions.join(', '));
  if (rows !== undefined && familyOf(model.kind) === undefined) {
    fail('calibrate', 'an encoder, whose products are in whole numbers', `a ${model.kind}`);
  }
  if (data !== undefined && model.kind === MULTI_TASK) fail('data', 'one task of the model, MODEL#TASK', 'all of them');
  if (data !== undefined && (!readsText(model) || (model.config.head ?? 'classification') !== 'classification')) {
    fail('data', 'a model that classifies or scores texts', `a ${model.kind}`);
  }
}

/** Of the texts that were named; undefined where none were. */
async function rangesOf(options: ScoredExportOptions, content: OnnxFolderContent) {
  const { calibrate: rows, dataDir = process.env.RETORT_DATA, threads = 1, onNotice } = options;
  const { tokenizer, model, readAs } = content;
  if (rows === undefined || tokenizer === undefined) return undefined;
  const inputs: TextInput[] = [];
  if (isTextSetName(rows)) inputs.push(...inputsOf(splitOf(await loadTextSet(rows, { dir: dataDir }), 'train')));
  else for await (const input of textsOfFile(rows, {}, defined({ readAs, onNotice }))) inputs.push(input);
  if (inputs.length === 0) throw new FileError({ where: rows, wanted: 'texts to calibrate on', got: 'none' });
  const maxLength = Math.min(model.maxTokens ?? Number.POSITIVE_INFINITY, LONGEST);
  const feeds = spread(inputs, CALIBRATION_TEXTS).map((input) => {
    const [text, pair] = typeof input === 'string' ? [input] : input;
    return tokenizer.encode([text], pair === undefined ? undefined : [pair], { maxLength });
  });
  return calibrate(exportedGraph(content), feeds, { threads });
}

/** So many of them at most, from all over. */
function spread<T>(values: readonly T[], most: number): T[] {
  const step = Math.max(1, values.length / most);
  return Array.from({ length: Math.min(most, values.length) }, (_, i) => values[Math.floor(i * step)] as T);
}

const JS_FORM = 'int8, one JavaScript file';

type Named = Form & { readonly name: string; readonly precision: Precision };

/** All forms of a model, open beside each other. */
class Forms {
  /** Float32 first. */
  readonly #forms: Named[] = [];
  readonly #content: OnnxFolderContent;
  readonly #threads: number;
  /** Whether int8 is that of one JavaScript file, whose layers cannot be kept in float32. */
  readonly #isJs: boolean;
  #inputs: readonly TextInput[] = [];
  #answers: readonly Answer[] = [];
  scoredOn = { data: '', rows: 0 };

  constructor(content: OnnxFolderContent, threads: number, isJs: boolean) {
    this.#content = content;
    this.#threads = threads;
    this.#isJs = isJs;
  }

  async open(precisions: readonly Precision[]): Promise<void> {
    for (const precision of new Set<Precision>(['float32', ...precisions])) {
      const isJs = this.#isJs && precision === 'int8';
      const form = await (isJs ? openJsForm(this.#content) : openForm({ ...this.#content, precision }, this.#threads));
      this.#forms.push({ ...form, precision, name: isJs ? JS_FORM : nameOf(this.#content, precision) });
    }
  }

  async score(options: ScoredExportOptions & { readonly data: string }): Promise<readonly ScoredForm[]> {
    const { data, dataDir, split, onNotice } = options;
    const [float] = this.#forms as [Named];
    const { table, metrics } = await readLabelled({ data, dataDir, split, ...defined({ onNotice }) }, float.model);
    const metric = metrics[0] as JudgedMetric;
    this.#inputs = [...inputsOf(table)];
    const all: ({ readonly form: Named } & Awaited<ReturnType<typeof answerRows>>)[] = [];
    for (const form of this.#forms) all.push({ form, ...(await answerRows(form.model, table, onNotice)) });
    const [reference] = all as [(typeof all)[number]];
    this.#answers = reference.answers;
    this.scoredOn = { data: table.name, rows: reference.answered.gold.length };
    const speeds = await speedsOf(this.#forms, this.#inputs);
    const scored: ScoredForm[] = [];
    for (const [i, { form, answers, answered }] of all.entries()) {
      const { bytes, name, precision } = form;
      scored.push({
        ...{ name, precision, bytes: bytes.length, gzippedBytes: await gzippedBytes(bytes) },
        speed: speeds[i] as Speed,
        ...figureOf(metric, answered, this.scoredOn.rows),
        ...lossOf(metric, reference.answered, answered),
        ...changeOf(reference.answers, answers),
      });
    }
    return scored;
  }

  /** Layers by how much nearer to float32 the predictions are with each of them in float32, the nearest first. */
  async layersThatHurt(precision: Precision): Promise<readonly string[]> {
    if (this.#isJs) return [];
    const rows = spread([...this.#inputs.keys()], TRIAL_TEXTS);
    const texts = rows.map((row) => this.#inputs[row] as TextInput);
    const { keep = [] } = this.#content;
    const trials: { readonly layer: string; readonly change: number }[] = [];
    for (const layer of layersOf(exportedGraph(this.#content))) {
      if (keep.some((kept) => layer === kept || layer.startsWith(`${kept}.`))) continue;
      const { model } = await openForm({ ...this.#content, precision, keep: [...keep, layer] }, this.#threads);
      try {
        const answers = await model.predict(texts, { badRows: 'stop' });
        const change = answers.reduce(
          (sum, answer, i) => sum + distance(answer, this.#answers[rows[i] as number] as Answer),
          0,
        );
        trials.push({ layer, change });
      } finally {
        await model.release();
      }
    }
    return trials.sort((a, b) => a.change - b.change).map(({ layer }) => layer);
  }

  async release(): Promise<void> {
    for (const { model } of this.#forms) await model.release();
  }
}

function nameOf({ model, ranges }: OnnxFolderContent, precision: Precision): string {
  if (precision !== 'int8' || familyOf(model.kind) === undefined) return precision;
  return ranges === undefined ? 'int8, a scale a token' : 'int8, fixed ranges';
}

/** The points that are lost, positive for a loss, and their standard error: both forms answered the same rows. */
function lossOf(metric: JudgedMetric, float: Answered, form: Answered): Pick<ScoredForm, 'drop' | 'dropError'> {
  const { measure } = METRICS[metric];
  const error = bootstrapError(form.gold.length, (sample) => 100 * (measure(float, sample) - measure(form, sample)));
  return { drop: 100 * (measure(float) - measure(form)), dropError: Number.isNaN(error) ? 0 : error };
}

function changeOf(
  float: readonly Answer[],
  form: readonly Answer[],
): Pick<ScoredForm, 'flips' | 'agreement' | 'largestChange'> {
  const changes = form.map((answer, row) => distance(answer, float[row] as Answer));
  const flips = form.filter(({ label }, row) => label !== float[row]?.label).length;
  const isRegression = form[0]?.probabilities.length === 0;
  return {
    flips: isRegression ? undefined : flips,
    agreement: isRegression ? undefined : 1 - flips / form.length,
    largestChange: changes.reduce((most, change) => Math.max(most, change), 0),
  };
}

/** The largest change of a probability, of a regression that of the value. */
function distance(a: Answer, b: Answer): number {
  if (a.probabilities.length === 0) return Math.abs(a.score - b.score);
  return a.probabilities.reduce((most, p, i) => Math.max(most, Math.abs(p - (b.probabilities[i] as number))), 0);
}

/** What the file says of itself. */
function summary({ metric, value, drop, flips, largestChange }: ScoredForm, on: { data: string; rows: number }) {
  return { ...on, metric, value, drop, ...defined({ flips }), largestChange };
}

function withheld(
  { name, metric, value, drop, dropError }: ScoredForm,
  { data, rows }: { readonly data: string; readonly rows: number },
  maxDrop: number,
  layers: readonly string[],
): CheckError {
  const points = (number: number) => number.toFixed(2);
  const worst = layers.slice(0, LAYERS_NAMED).join(',');
  return new CheckError({
    where: name,
    wanted: `at most ${maxDrop} points of ${METRICS[metric].name} lost beside float32, on ${rows} rows of ${data}`,
    got: `${points(drop)} ± ${points(dropError)} points: ${points(100 * value)} for ${points(100 * value + drop)}; nothing was written`,
    fix: `${worst === '' ? 'use --to onnx' : `keep in float32 the layers that change predictions most (--keep ${worst}), calibrate on other rows or on none`}, or allow more: --max_drop`,
  });
}
