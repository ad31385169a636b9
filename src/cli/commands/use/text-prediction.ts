import { OptionError } from '../../../errors/failures.js';
import type { Answer } from '../../../inference/load.js';
import { findOnHub } from '../../../models/find-on-hub.js';
import type { CommandIo, CommandOutput, Json } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { shownLine } from '../../terminal.js';
import { textSource } from './text-inputs.js';
import { openTextModel, readsDigits } from './text-model.js';
import type { predictUsage } from './usage.js';

type Options = OptionValues<typeof predictUsage.options>;

/** `retort predict`. */
export async function predict(options: Options, io: CommandIo): Promise<CommandOutput | undefined> {
  if (!(await readsDigits(options.model, findOnHub({ onNotice: io.notice, onDownload: io.onDownload }))))
    return predictTexts(options, io);
  const { answeredDigits } = await import('./digits.js');
  return answeredDigits(options, io);
}

/**
 * One line a text, in their order: its label, a tab, the probability of it; of a
 * regression the value. With `--json` one object for a text, or one a line for many.
 */
async function predictTexts(options: Options, io: CommandIo): Promise<CommandOutput | undefined> {
  const { inputs: words, file, pair, textColumn, pairColumn, threads, device, maxLength, json } = options;
  const source = await textSource({ words, file, pair, textColumn, pairColumn }, io.stdin);
  const model = await openTextModel(
    options.model,
    { device, ...(threads !== undefined && { threads }), ...(maxLength !== undefined && { maxLength }) },
    io,
  );
  try {
    if (source.isSingle) {
      for await (const answer of model.stream(source.texts)) {
        return { text: lineOf(answer), json: { model: model.path, ...objectOf(answer, model.labels) } };
      }
    }
    // Whoever types waits for each answer; a pipe or file waits for the last one.
    const isTyped = 'isTTY' in io.stdin && io.stdin.isTTY === true;
    let row = 0;
    for await (const answer of model.stream(source.texts, isTyped ? { window: 1 } : {})) {
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
