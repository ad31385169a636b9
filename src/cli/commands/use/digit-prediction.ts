import { decodeIdx, type Idx, readIdx } from '../../../data/idx.js';
import { imageDataset } from '../../../data/images.js';
import { FileError, OptionError } from '../../../errors/failures.js';
import { formatShape } from '../../../tensor/shape.js';
import { openEvaluator, type Predictions } from '../../../training/evaluation/evaluate.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import { digitDevice } from '../digits/digit-training.js';
import { loadDigitModel } from './digit-evaluation.js';
import type { predictUsage } from './usage.js';

const SIDE = 28;

/**
 * `retort predict`. One line an image, in the order of the files: its class, a tab, the probability of it. With
 * several files the name of the image's own stands before them.
 */
export async function predictDigits(
  options: OptionValues<typeof predictUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { inputs, threads = 1 } = options;
  rejectTextOptions(options);
  if (inputs.length === 0) {
    throw new OptionError({
      where: 'retort predict',
      wanted: 'IDX files of images after the model, or - for stdin',
      got: 'none',
      fix: 'see retort predict --help',
    });
  }
  const device = await digitDevice(options);
  const { model, weights, labelNames, path } = await loadDigitModel(options.model, io);
  const nameOf = (digit: number) => labelNames[digit] ?? String(digit);
  const lines: string[] = [];
  const files: { readonly [key: string]: string | readonly Answer[] }[] = [];
  for (const file of inputs) {
    const { data, name } = await readImages(file, io);
    const evaluator = await openEvaluator({
      model,
      data: imageDataset(name, data, SIDE * SIDE),
      threads,
      device,
    });
    try {
      const answers = answersOf(await evaluator.predict(weights), nameOf);
      const prefix = inputs.length > 1 ? `${name}\t` : '';
      for (const { label, probability } of answers) lines.push(`${prefix}${label}\t${probability.toFixed(4)}`);
      files.push({ file: name, predictions: answers });
    } finally {
      await evaluator.release();
    }
  }
  return { text: lines.join('\n'), json: { model: path, files } };
}

const TEXT_FLAGS = {
  file: 'file',
  pair: 'pair',
  textColumn: 'text_column',
  pairColumn: 'pair_column',
  maxLength: 'max_length',
} as const;

/** @throws OptionError for a flag that does nothing for images. */
function rejectTextOptions(options: OptionValues<typeof predictUsage.options>): void {
  for (const [key, flag] of Object.entries(TEXT_FLAGS) as [keyof typeof TEXT_FLAGS, string][]) {
    if (options[key] === undefined) continue;
    const got = 'a model of digits';
    throw new OptionError({ where: `--${flag}`, wanted: 'a model of text', got, fix: 'leave the flag out' });
  }
}

type Answer = { readonly label: string; readonly probability: number; readonly probabilities: readonly number[] };

function answersOf({ classes, probabilities }: Predictions, nameOf: (digit: number) => string): readonly Answer[] {
  const width = probabilities.length / classes.length;
  return Array.from(classes, (digit, row) => {
    // As many digits as float32 holds.
    const all = Array.from(probabilities.subarray(row * width, (row + 1) * width), (p) => Number(p.toPrecision(7)));
    return { label: nameOf(digit), probability: all[digit] ?? NaN, probabilities: all };
  });
}

async function readImages(file: string, io: CommandIo): Promise<{ readonly data: Uint8Array; readonly name: string }> {
  const name = file === '-' ? 'stdin' : file;
  const { shape, data } = file === '-' ? await readFrom(io.stdin, name) : await readIdx(file, 3);
  const [count, ...image] = shape;
  if (image.some((side) => side !== SIDE)) {
    throw new FileError({ where: name, wanted: `images of shape [${SIDE}, ${SIDE}]`, got: formatShape(image) });
  }
  if (count === 0) throw new FileError({ where: name, wanted: 'at least one image', got: 'none' });
  return { data, name };
}

async function readFrom(stream: NodeJS.ReadableStream, name: string): Promise<Idx> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return decodeIdx(Buffer.concat(chunks), name, 3);
}
