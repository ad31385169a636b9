/** @file `retort evaluate` and `retort predict` with a model of digits. */
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { DIGIT_SETTINGS } from '../../../experiments/primer/digit-settings.js';
import { type DigitAnswer, evaluateDigits, predictDigits } from '../../../experiments/primer/use-digits.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMetric } from '../../numbers.js';
import { flagName, type OptionTable, type OptionValues } from '../../options.js';
import { evaluateUsage, predictUsage } from './usage.js';

/** The group of the flags that are of texts alone. */
const TEXTS = 'Texts';

export async function scoredDigits(
  options: OptionValues<typeof evaluateUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  expectNoTextFlags(evaluateUsage.options, options);
  const dataDir = dataFolder(options);
  const { path, rows, accuracy, accuracyInterval95, loss } = await evaluateDigits({
    ...options,
    dataDir,
    onNotice: io.onNotice,
  });
  const [low, high] = accuracyInterval95.map((share) => (100 * share).toFixed(2));
  return {
    text:
      `accuracy ${formatMetric('accuracy', accuracy)}  (95 % interval ${low} to ${high})\n` +
      `loss     ${formatMetric('loss', loss)}\n` +
      `images   ${formatCount(rows)} of the test split`,
    json: { model: path, dataDir, testImages: rows, accuracy, accuracyInterval95, loss },
  };
}

/** @throws OptionError for a flag of texts, which does nothing here. */
function expectNoTextFlags(flags: OptionTable, options: Readonly<Record<string, unknown>>): void {
  for (const [name, flag] of Object.entries(flags)) {
    const isOfTexts = 'group' in flag && flag.group === TEXTS;
    const usual = flag.kind === 'switch' ? false : 'default' in flag ? flag.default : undefined;
    if (!isOfTexts || options[name] === undefined || options[name] === usual) continue;
    const got = 'a model of digits';
    throw new OptionError({ where: `--${flagName(name)}`, wanted: 'a model of text', got, fix: 'leave the flag out' });
  }
}

function dataFolder({ data, dataDir }: OptionValues<typeof evaluateUsage.options>): string {
  if (data === undefined || data === dataDir) return dataDir;
  if (dataDir === DIGIT_SETTINGS.dataDir.default) return data;
  throw new OptionError({
    where: '--data_dir',
    wanted: 'one data folder',
    got: `${dataDir}, and ${data} as the second argument`,
    fix: 'give only one',
  });
}

/**
 * One line an image, in the order of the files: its class, a tab, the probability of it. With several files the name of the
 * image's own stands before them.
 */
export async function answeredDigits(
  options: OptionValues<typeof predictUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { inputs } = options;
  expectNoTextFlags(predictUsage.options, options);
  if (inputs.length === 0) {
    throw new OptionError({
      where: 'retort predict',
      wanted: 'IDX files of images after the model, or - for stdin',
      got: 'none',
      fix: 'see retort predict --help',
    });
  }
  const lines: string[] = [];
  const files: { readonly file: string; readonly predictions: readonly DigitAnswer[] }[] = [];
  let model = '';
  const images = await Promise.all(inputs.map(async (file) => (file === '-' ? stdinImages(io) : file)));
  for await (const { path, ...answered } of predictDigits(images, { ...options, onNotice: io.onNotice })) {
    const prefix = inputs.length > 1 ? `${answered.file}\t` : '';
    lines.push(...answered.predictions.map(({ label, probability }) => `${prefix}${label}\t${probability.toFixed(4)}`));
    files.push(answered);
    model = path;
  }
  return { text: lines.join('\n'), json: { model, files } };
}

async function stdinImages({ stdin }: CommandIo) {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return { name: 'stdin', bytes: Buffer.concat(chunks) };
}
