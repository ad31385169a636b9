/** @file `retort predict`. */
import { OptionError } from '../../../errors/failures.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { openTextModel, readsImages } from '../../../export/open-text-model.js';
import type { Answer } from '../../../inference/answer.js';
import type { Json } from '../../../options/json.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { shownLine } from '../../terminal.js';
import { textSource } from './text-inputs.js';
import type { predictUsage } from './usage.js';

type Options = OptionValues<typeof predictUsage.options>;

/** Lines of output and input correspond: what has no answer ends both. */
const STOP = { badRows: 'stop' } as const;

/**
 * One line a text, in their order: its label, a tab, the probability of it; of a regression the value. With `--json` one
 * object for a text, or one a line for many.
 */
export async function predict(given: Options, io: CommandIo): Promise<CommandOutput | undefined> {
  const options = { ...given, model: await shippedModel(given.model, io.onNotice) };
  const { inputs: words, threads, device, maxLength, json } = options;
  const { onNotice, onDownload } = io;
  if (await readsImages(options.model, io)) {
    const { answeredDigits } = await import('./digits.js');
    return answeredDigits(options, io);
  }
  const source = await textSource({ ...options, words }, io.stdin);
  const model = await openTextModel(options.model, { threads, device, maxLength, onNotice, onDownload });
  try {
    const texts = source.texts({ readAs: model.readAs, onNotice });
    if (source.isSingle) {
      for await (const answer of model.stream(texts, STOP)) {
        return { text: lineOf(answer), json: { model: model.path, ...objectOf(answer, model.labels) } };
      }
    }
    // Whoever types waits for each answer; a pipe or file waits for the last one.
    const isTyped = 'isTTY' in io.stdin && io.stdin.isTTY === true;
    let row = 0;
    for await (const answer of model.stream(texts, isTyped ? { ...STOP, window: 1 } : STOP)) {
      row++;
      const line = json ? JSON.stringify({ row, ...objectOf(answer, model.labels) }) : lineOf(answer);
      await io.write(`${line}\n`);
    }
    if (row > 0) return undefined;
    throw new OptionError({ where: 'retort predict', wanted: 'at least one text', got: 'none' });
  } finally {
    await model.release();
  }
}

function lineOf({ label, score, probabilities }: Answer): string {
  return probabilities.length === 0 ? score.toFixed(4) : `${shownLine(label)}\t${score.toFixed(4)}`;
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
