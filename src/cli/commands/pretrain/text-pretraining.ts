/** @file `retort pretrain`. */

import { formatCount } from '../../../errors/number-text.js';
import { type Pretrained, pretrain } from '../../../training/text/pretrain.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatSeconds, metricsText } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { pretrainUsage } from './usage.js';

export async function pretrainOnTexts(
  options: OptionValues<typeof pretrainUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  const trained = await pretrain({
    ...options,
    command: io.commandLine,
    onEvent: (event) => {
      if (event.type !== 'before') io.onEvent(event);
      else io.say(`before   ${metricsText(event.metrics)} on ${formatCount(event.texts)} texts`);
    },
    get signal() {
      return io.interruption();
    },
  });
  return outputOf(trained);
}

function outputOf({ record, status, lastPath, outputDir, data, before }: Pretrained): CommandOutput {
  const { train, evaluation } = data;
  const { metrics, parameters, steps, seconds, epochs } = record;
  const terms = Object.entries(epochs.at(-1)?.losses ?? {}).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const guessed = `${metricsText(metrics)} on masked tokens of ${formatCount(evaluation?.size ?? 0)} texts after the last epoch`;
  return {
    text: [
      ...(evaluation ? [guessed, `before   ${metricsText(before)}`] : [`${terms.join(', ')} in the last epoch`]),
      `trained  ${formatCount(parameters)} parameters on ${formatCount(train.size)} texts, ${formatCount(steps)} steps in ${formatSeconds(seconds)}`,
      `model    ${lastPath ?? outputDir}`,
      `next     retort train DATA --model ${outputDir}`,
    ].join('\n'),
    json: {
      status,
      outputDir,
      ...(lastPath !== undefined && { model: lastPath }),
      train: { name: train.name, rows: train.size },
      dev: evaluation === undefined ? null : { name: evaluation.name, rows: evaluation.size },
      ...{ parameters, steps, seconds, before: { ...before }, metrics: { ...metrics } },
    },
  };
}
