/** @file `retort evaluate`. */
import { OptionError } from '../../../errors/failures.js';
import { formatCount } from '../../../errors/number-text.js';
import { type Evaluated, evaluate } from '../../../experiments/evaluate.js';
import { DIGIT_SETTINGS } from '../../../experiments/primer/digit-settings.js';
import { shippedModel } from '../../../experiments/shipped-model.js';
import { readsImages } from '../../../export/open-text-model.js';
import { METRICS } from '../../../metrics/table.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import type { OptionValues } from '../../options.js';
import type { evaluateUsage } from './usage.js';

export async function evaluateModel(
  given: OptionValues<typeof evaluateUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const { onNotice, onDownload } = io;
  const options = { ...given, model: await shippedModel(given.model, onNotice) };
  const { model, data, dataDir } = options;
  if (await readsImages(model, io)) {
    const { scoredDigits } = await import('./digits.js');
    return scoredDigits(options, io);
  }
  if (data === undefined) {
    throw new OptionError({
      where: 'retort evaluate',
      wanted: 'data after the model: the name of a data set, or a file',
      got: 'none',
      fix: 'see retort evaluate --help',
    });
  }
  const ofTexts = dataDir === DIGIT_SETTINGS.dataDir.default ? undefined : dataDir;
  return outputOf(await evaluate({ ...options, data, dataDir: ofTexts, onNotice, onDownload }));
}

function outputOf({ path: model, data, figures, rows }: Evaluated): CommandOutput {
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
