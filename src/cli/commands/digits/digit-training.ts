/** @file What the training commands and the primer share: the article's digit models, trained on MNIST. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Dataset } from '../../../data/dataset.js';
import { loadMnist, type Mnist, mnistDataset } from '../../../data/mnist.js';
import { CheckpointError, OptionError, OutputError } from '../../../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../../../files/atomic-write.js';
import { outputFailure } from '../../../files/file-failure.js';
import type { Method } from '../../../methods/method.js';
import { supervised } from '../../../methods/supervised.js';
import { mlp } from '../../../models/mlp.js';
import { adam } from '../../../optim/adam.js';
import { listDevices, resolveDevice } from '../../../runtime/devices.js';
import type { Teacher } from '../../../teachers/teacher.js';
import { openEvaluator } from '../../../training/evaluation/evaluate.js';
import { runTraining } from '../../../training/run/run.js';
import type { RunOptions, RunResult } from '../../../training/run/run-options.js';
import type { CommandIo, CommandOutput } from '../../command.js';
import { chooseDevice } from '../../device-flags.js';
import { formatCount, formatMetric } from '../../numbers.js';
import type { OptionValues } from '../../options.js';
import type { mnistOptions } from './usage.js';

export type DigitOptions = OptionValues<typeof mnistOptions>;

/** Who teaches, and how. Without it a model learns from the labels alone. */
export type Distillation = { readonly method: Method; readonly teacher?: Teacher };

/**
 * `retort mnist` and, with a distillation, `retort mnist-with-kd`. All that can be wrong with the options is found
 * before any work starts.
 * @param distil Gives the teacher, once the device is known.
 */
export async function trainOnMnist(
  options: DigitOptions,
  io: CommandIo,
  distil?: (device: string) => Promise<Distillation>,
): Promise<CommandOutput> {
  const predictionsFile = await placeForPredictions(options);
  const device = await digitDevice(options);
  const distillation = await distil?.(device);
  const mnist = await loadMnist(options.dataDir, { maxTrainSamples: options.maxTrainSamples, onNotice: io.notice });
  noticeWhatIsKept(options, io);
  const data = digitData(mnist, options);
  const run = digitRun(options, data, device, distillation);
  const result = await runTraining({
    ...run,
    command: io.commandLine,
    onEvent: io.onEvent,
    signal: io.interruption(),
  });
  if (predictionsFile !== undefined) await writePredictions(predictionsFile, run, result);
  return outputOf(options, result, predictionsFile);
}

/**
 * The device that `--device` and `--n_gpu` ask for.
 * @throws DeviceError if it is not there.
 */
export async function digitDevice(options: { readonly device: string; readonly nGpu?: number }): Promise<string> {
  const { device, nGpu = 0 } = options;
  const installed = (await listDevices()).filter(({ isInstalled }) => isInstalled);
  return resolveDevice(
    chooseDevice(
      { device, nGpu },
      installed.map(({ name }) => name),
    ),
  );
}

/** The first `maxTrainSamples` training images, and the test set, which the article's script scores each epoch. */
export function digitData(mnist: Mnist, { maxTrainSamples }: Pick<DigitOptions, 'maxTrainSamples'>) {
  return {
    train: mnistDataset(mnist.train, { maxSamples: maxTrainSamples }),
    evaluation: mnistDataset(mnist.test),
  };
}

/** The article's model and settings for a run: Adam at a constant rate, ReLU, no dropout. */
export function digitRun(
  options: DigitOptions,
  data: { readonly train: Dataset; readonly evaluation: Dataset },
  device: string,
  distillation: Distillation = { method: supervised() },
): RunOptions {
  const { maxGradNorm, threads } = options;
  return {
    ...distillation,
    model: mlp({ hidden: [options.fc1Size], classes: options.numLabels }),
    data,
    optimizer: adam({ learningRate: options.learningRate }),
    ...(maxGradNorm > 0 && { maxGradNorm }),
    epochs: options.numTrainEpochs,
    batchSize: options.trainBatchSize,
    evalBatchSize: options.evalBatchSize,
    gradientAccumulationSteps: options.gradientAccumulationSteps,
    limitTrainBatches: options.limitTrainBatches,
    limitEvalBatches: options.limitValBatches,
    fastDevRun: options.doFastDevRun,
    seed: options.seed,
    threads,
    device,
    outputDir: options.outputDir,
    resume: options.resume,
    overwrite: options.overwrite,
    saveTopK: options.saveTopK,
    saveLast: options.saveLast,
  };
}

function isEvaluated({ limitValBatches, doFastDevRun }: DigitOptions): boolean {
  return doFastDevRun || !('batches' in limitValBatches && limitValBatches.batches === 0);
}

/** Where predictions go, if they are asked for; found to be wrong now rather than after the training. */
async function placeForPredictions(options: DigitOptions): Promise<string | undefined> {
  const { writeDevPredictions, predictionsFile, outputDir } = options;
  if (!writeDevPredictions && predictionsFile === undefined) return undefined;
  if (!isEvaluated(options)) {
    throw new OptionError({
      where: '--limit_val_batches',
      wanted: 'at least one batch, whose predictions are to be written',
      got: '0',
      fix: 'leave it out, or leave out --write_dev_predictions and --predictions_file',
    });
  }
  if (predictionsFile === undefined) return join(outputDir, 'predictions.txt');
  const folder = dirname(resolve(predictionsFile));
  // One inside the output folder is there by the time that it is needed.
  if (folder !== resolve(outputDir)) await expectPlaceForFile(predictionsFile, folder);
  return predictionsFile;
}

async function expectPlaceForFile(path: string, folder: string): Promise<void> {
  try {
    const existing = await statIfThere(path);
    if (existing === undefined) await stat(folder);
    if (existing?.isDirectory()) {
      const got = 'a folder of that name';
      throw new OutputError({ where: path, wanted: 'a file name', got, fix: 'choose another name' });
    }
  } catch (error) {
    throw outputFailure(error, path);
  }
}

function noticeWhatIsKept(options: DigitOptions, io: CommandIo): void {
  const { saveTopK, saveLast, doFastDevRun } = options;
  if (doFastDevRun) return;
  if (saveTopK !== 0 && isEvaluated(options)) {
    io.notice(
      '--save_top_k selects on the test set, which is scored after each epoch; the accuracy reported is that of the ' +
        `last epoch, and the model to report and teach with is last.ckpt${saveLast ? '' : ' (add --save_last)'}`,
    );
  } else if (!saveLast) {
    io.notice('no model will be kept; add --save_last to keep the one after the last epoch');
  }
}

/** One line an image, in the order of the set: its class. */
async function writePredictions(path: string, run: RunOptions, { record, weights }: RunResult): Promise<void> {
  const { model, data, threads, device } = run;
  const rows = record.data.evaluation?.rows;
  if (data.evaluation === undefined || rows === undefined) return;
  if (weights === undefined) {
    throw new CheckpointError({
      where: run.outputDir,
      wanted: 'the model of the finished run, to predict with',
      got: 'none, since it was not kept',
      fix: 'train again with --overwrite and --save_last',
    });
  }
  const evaluator = await openEvaluator({
    model,
    data: data.evaluation,
    rows,
    ...(threads !== undefined && { threads }),
    ...(device !== undefined && { device }),
  });
  try {
    const { classes } = await evaluator.predict(weights);
    await writeFileAtomic(path, `${classes.join('\n')}\n`);
  } finally {
    await evaluator.release();
  }
}

function outputOf(options: DigitOptions, result: RunResult, predictionsFile: string | undefined): CommandOutput {
  const { record, status, lastPath, keptPaths } = result;
  const { metrics, parameters, steps, seconds, stoppedEarly, data } = record;
  const rows = data.evaluation?.rows;
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
  const text =
    rows === undefined
      ? 'trained; not evaluated'
      : `${figures.join(', ')} on ${formatCount(rows)} test images after the last epoch`;
  return {
    text,
    json: {
      status,
      outputDir: options.outputDir,
      model: lastPath ?? null,
      kept: [...keptPaths],
      predictionsFile: predictionsFile ?? null,
      metrics,
      testImages: rows ?? null,
      parameters,
      steps,
      seconds,
      stoppedEarly,
    },
  };
}
