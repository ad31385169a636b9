/** @file `retort predict`. */
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { type OpenedTextModel, openTextModel, readsImages } from '../../../export/open-text-model.js';
import type { Answer, TextInput } from '../../../inference/answer.js';
import type { Json } from '../../../options/json.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatDuration } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { shownLine } from '../../terminal.js';
import { textSource } from './text-inputs.js';
import type { predictUsage } from './usage.js';

type Options = OptionValues<typeof predictUsage.options>;

/** Lines of output and input correspond: what has no answer ends both. */
const STOP = { badRows: 'stop' } as const;
/** Between two lines of progress. */
const SAY_MS = 10_000;

/**
 * One line a text, in their order: its label, a tab, the probability of it; of a regression the value. As JSON one object
 * for a text, or one a line for many.
 */
export async function predict(given: Options, io: CommandIo): Promise<CommandOutput | undefined> {
  const options = { ...given, model: await shippedModel(given.model, io.onNotice) };
  const { inputs: words, threads, device, maxLength } = options;
  const { onNotice, onDownload } = io;
  if (await readsImages(options.model, io)) {
    const { answeredDigits } = await import('./digits.js');
    return answeredDigits(options, io);
  }
  expectOutputFile(options);
  const source = await textSource({ ...options, words }, io.stdin);
  const model = await openTextModel(options.model, { threads, device, maxLength, onNotice, onDownload });
  try {
    const texts = source.texts({ readAs: model.readAs, onNotice });
    if (options.outputFile !== undefined) return await predictedInto(options.outputFile, model, texts, options, io);
    const isJson = options.json || options.outputFormat === 'jsonl';
    if (source.isSingle && options.outputFormat === 'tsv') {
      for await (const answer of model.stream(texts, STOP)) {
        return { text: lineOf(answer), json: { model: model.path, ...objectOf(answer, model.labels) } };
      }
    }
    // Whoever types waits for each answer; a pipe or file waits for the last one.
    const isTyped = 'isTTY' in io.stdin && io.stdin.isTTY === true;
    const progress = new PredictionProgress(io.say);
    for await (const answer of model.stream(texts, isTyped ? { ...STOP, window: 1 } : STOP)) {
      const row = progress.count();
      await io.write(`${isJson ? jsonLineOf(answer, row, model) : lineOf(answer)}\n`);
    }
    if (progress.rows > 0) return undefined;
    throw new OptionError({ where: 'retort predict', wanted: 'at least one text', got: 'none' });
  } finally {
    await model.release();
  }
}

/** @throws OptionError for flags of an output file without one. */
function expectOutputFile({ outputFile, resume, overwrite }: Options): void {
  const idle = resume ? '--resume' : overwrite ? '--overwrite' : undefined;
  if (outputFile !== undefined || idle === undefined) return;
  throw new OptionError({ where: idle, wanted: '--output_file FILE beside it', got: 'none', fix: 'leave it out' });
}

/** The same lines in a file, which a later command resumes where this one ends. */
async function predictedInto(
  path: string,
  model: OpenedTextModel,
  texts: AsyncIterable<TextInput>,
  { outputFormat, resume, overwrite }: Options,
  io: CommandIo,
): Promise<CommandOutput> {
  const { madeOf, PredictionFile } = await import('./prediction-file.js');
  const made = await madeOf(model.path, { outputFormat, maxLength: model.maxLength });
  const file = await PredictionFile.open({ path, made, resume, overwrite });
  if (file === undefined) return { text: `${path} is complete`, json: { outputFile: path, complete: true } };
  let isFinished = false;
  try {
    const progress = new PredictionProgress(io.say, file.resumedAt);
    if (file.resumedAt > 0) io.say(`resumes after ${formatCount(file.resumedAt)} texts`);
    for await (const answer of model.stream(file.remaining(texts), { ...STOP, firstRow: file.resumedAt + 1 })) {
      const row = progress.count();
      await file.add(outputFormat === 'jsonl' ? jsonLineOf(answer, row, model) : lineOf(answer));
    }
    if (file.rows === 0) throw new OptionError({ where: 'retort predict', wanted: 'at least one text', got: 'none' });
    await file.finish();
    isFinished = true;
    const json = { model: model.path, outputFile: path, complete: true, texts: file.rows };
    return { text: `${formatCount(file.rows)} predictions in ${path}`, json };
  } finally {
    await file.close({ isFinished });
  }
}

/** Numbers rows, and says now and then how far they are. */
class PredictionProgress {
  readonly #say: (line: string) => void;
  readonly #first: number;
  readonly #startedAt = performance.now();
  #saidAt = this.#startedAt;
  rows: number;

  constructor(say: (line: string) => void, first = 0) {
    this.#say = say;
    this.#first = first;
    this.rows = first;
  }

  /** The number of the next row, from 1. */
  count(): number {
    const row = ++this.rows;
    // A clock for every row would be a good part of a small model's time.
    if (row % 256 === 0) this.#sayWhenDue(performance.now());
    return row;
  }

  #sayWhenDue(now: number): void {
    if (now - this.#saidAt < SAY_MS) return;
    this.#saidAt = now;
    const seconds = (now - this.#startedAt) / 1000;
    const rate = formatCount(Math.round((this.rows - this.#first) / seconds));
    this.#say(`${formatCount(this.rows)} texts  ${rate} texts/s  ${formatDuration(seconds)}`);
  }
}

function lineOf({ label, score, probabilities }: Answer): string {
  return probabilities.length === 0 ? score.toFixed(4) : `${shownLine(label)}\t${score.toFixed(4)}`;
}

function jsonLineOf(answer: Answer, row: number, { labels }: Pick<OpenedTextModel, 'labels'>): string {
  return JSON.stringify({ row, ...objectOf(answer, labels) });
}

function objectOf(
  { label, score, probabilities }: Answer,
  labels: readonly string[],
): { readonly [key: string]: Json } {
  if (probabilities.length === 0) return { score: rounded(score) };
  const all = Object.fromEntries(labels.map((name, i) => [name, rounded(probabilities[i] ?? NaN)]));
  return { label, score: rounded(score), probabilities: all };
}

/** As many digits as float32 holds. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}
