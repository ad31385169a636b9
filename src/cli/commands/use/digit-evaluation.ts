import { loadMnist, mnistDataset } from '../../../data/mnist.js';
import { CheckpointError, OptionError } from '../../../errors/failures.js';
import { wilsonInterval } from '../../../experiments/wilson-interval.js';
import type { SavedModel } from '../../../models/model.js';
import { loadModel } from '../../../models/saved-model.js';
import { openEvaluator } from '../../../training/evaluation/evaluate.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { formatCount, formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import { digitDevice } from '../digits/digit-training.js';
import { mnistOptions } from '../digits/usage.js';
import type { evaluateUsage } from './usage.js';

/** `retort evaluate`. */
export async function evaluateDigits(
  options: OptionValues<typeof evaluateUsage.options>,
  io: CommandIo,
): Promise<CommandOutput> {
  if (options.metric !== undefined) {
    const got = 'a model of digits, which has accuracy and loss';
    throw new OptionError({ where: '--metric', wanted: 'a model of texts', got, fix: 'leave the flag out' });
  }
  const dataDir = dataFolder(options);
  const device = await digitDevice(options);
  const { model, weights, path } = await loadDigitModel(options.model, io);
  // One training image: this is about the test set.
  const { test } = await loadMnist(dataDir, { maxTrainSamples: 1, onNotice: io.notice });
  const data = mnistDataset(test);
  const evaluator = await openEvaluator({ model, data, threads: options.threads ?? 1, device });
  try {
    const { metrics, rows } = await evaluator.evaluate(weights);
    const { accuracy = NaN, loss = NaN } = metrics;
    const [low, high] = wilsonInterval(Math.round(accuracy * rows), rows);
    const percent = (value: number) => (100 * value).toFixed(2);
    return {
      text:
        `accuracy ${formatMetric('accuracy', accuracy)}  (95 % interval ${percent(low)} to ${percent(high)})\n` +
        `loss     ${formatMetric('loss', loss)}\n` +
        `images   ${formatCount(rows)} of the test set`,
      json: { model: path, dataDir, testImages: rows, accuracy, accuracyInterval95: [low, high], loss },
    };
  } finally {
    await evaluator.release();
  }
}

function dataFolder(options: { readonly data: string | undefined; readonly dataDir: string }): string {
  const { data, dataDir } = options;
  if (data === undefined || data === dataDir) return dataDir;
  if (dataDir === mnistOptions.dataDir.default) return data;
  throw new OptionError({
    where: '--data_dir',
    wanted: 'one folder of data',
    got: `${dataDir}, and ${data} as the second word`,
    fix: 'keep one of the two',
  });
}

/**
 * A model that reads images of 28 × 28.
 * @throws CheckpointError for one of another kind.
 */
export async function loadDigitModel(path: string, { notice }: Pick<CommandIo, 'notice'>): Promise<SavedModel> {
  const saved = await loadModel(path, { onNotice: notice });
  const [pixels, ...others] = saved.model.inputs({ B: 1, S: 1 });
  if (pixels?.name === 'pixels' && pixels.shape[1] === 28 * 28 && others.length === 0) return saved;
  throw new CheckpointError({
    where: path,
    wanted: 'a model of digits, 784 pixels each',
    got: `a ${saved.model.kind} that reads ${saved.model
      .inputs({ B: 'B', S: 'S' })
      .map(({ name, shape }) => `${name} [${shape.join(', ')}]`)
      .join(', ')}`,
    fix: 'use a model that retort mnist has trained',
  });
}
