/** @file `retort mnist` and `retort mnist-with-kd`. */

import { formatCount } from '../../../errors/number-text.js';
import { isScored, trainDigits } from '../../../experiments/primer/train-digits.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { chosenDevice } from './gpu-flag.js';
import type { mnistOptions, mnistWithKdOptions } from './usage.js';

type Options = OptionValues<typeof mnistOptions> & Partial<OptionValues<typeof mnistWithKdOptions>>;

/** Trains, and says what is kept of it. */
export async function trainOnMnist(options: Options, io: CommandIo): Promise<CommandOutput> {
  const device = await chosenDevice(options);
  noticeWhatCounts(options, io);
  const { commandLine: command, onEvent } = io;
  const result = await trainDigits({ ...options, device, command, onEvent, signal: io.interruption() });
  const { record, status, outputDir, lastPath = null, keptPaths, predictionsFile = null } = result;
  const { metrics, parameters, steps, seconds, stoppedEarly, data } = record;
  const testImages = data.evaluation?.rows ?? null;
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
  return {
    text:
      testImages === null
        ? 'trained; not evaluated'
        : `${figures.join(', ')} on ${formatCount(testImages)} test images after the last epoch`,
    json: {
      ...{ status, outputDir, model: lastPath, kept: [...keptPaths], predictionsFile, metrics, testImages },
      ...{ parameters, steps, seconds, stoppedEarly },
    },
  };
}

function noticeWhatCounts(options: Options, io: CommandIo): void {
  const { saveTopK, saveLast, doFastDevRun } = options;
  if (options.alphaForKd === 0)
    io.onNotice('with --alpha_for_kd 0 only the labels are used, and the teacher is not run');
  if (doFastDevRun) return;
  if (saveTopK !== 0 && isScored(options)) {
    io.onNotice(
      '--save_top_k selects on the test split, which is scored after each epoch; the accuracy reported is that of the ' +
        `last epoch, and the model to report and distil from is last.ckpt${saveLast ? '' : ' (add --save_last)'}`,
    );
  } else if (!saveLast) {
    io.onNotice('no model will be kept; add --save_last to keep the one after the last epoch');
  }
}
