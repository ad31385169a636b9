/** @file The article's digit models: one hidden layer on MNIST, trained on the labels or with a teacher's help. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { loadMnist, type Mnist } from '../../data/mnist.js';
import { mnistDataset } from '../../data/mnist-dataset.js';
import { CheckpointError, OptionError, OutputError } from '../../errors/failures.js';
import { statIfThere, writeFileAtomic } from '../../files/atomic-write.js';
import { outputFailure } from '../../files/file-failure.js';
import { hinton } from '../../methods/hinton.js';
import { supervised } from '../../methods/supervised.js';
import { mlp } from '../../models/mlp.js';
import { loadModel } from '../../models/saved-model.js';
import { adam } from '../../optim/adam.js';
import { defined, type Given, settingsOf } from '../../options/given.js';
import { resolveDevice } from '../../runtime/devices.js';
import { modelTeacher } from '../../teachers/model-teacher.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import { runTraining } from '../../training/run/run.js';
import type { RunOptions, RunResult } from '../../training/run/run-options.js';
import {
  DIGIT_SETTINGS,
  DIGIT_TEACHER_SETTINGS,
  type DigitSettings,
  type DigitTeacherSettings,
} from './digit-settings.js';

export type TrainDigitsOptions = Given<DigitSettings & DigitTeacherSettings> &
  Pick<RunOptions, 'command' | 'onEvent' | 'signal'>;

export type TrainedDigits = RunResult & {
  readonly outputDir: string;
  /** Where the classes of the test images were written. */
  readonly predictionsFile?: string;
};

/**
 * Trains a digit classifier as `retort mnist` does, and with `teacherModel` as `retort mnist-with-kd`: Adam at a constant
 * rate, ReLU, no dropout; the test set is scored after each epoch, as the article's script does. All that can be wrong with
 * the options is found before any work starts.
 * @throws as `runTraining` and `loadMnist` do; DeviceError; OutputError for a place that takes no predictions.
 */
export async function trainDigits(options: TrainDigitsOptions = {}): Promise<TrainedDigits> {
  const settings = digitSettings(options);
  const predictionsFile = await placeForPredictions(settings);
  const device = await resolveDevice(settings.device);
  const { dataDir, maxTrainSamples } = settings;
  const onNotice = noticing(options);
  const taught = await taughtBy(settings, device, onNotice);
  const mnist = await loadMnist(dataDir, { maxTrainSamples, onNotice });
  const run: RunOptions = { ...digitRun(settings, mnist, device), ...taught, ...told(options) };
  const result = await runTraining(run);
  if (predictionsFile !== undefined) await writePredictions(predictionsFile, run, result);
  return { ...result, outputDir: settings.outputDir, ...(predictionsFile !== undefined && { predictionsFile }) };
}

/** The article's three models: what differs between them, and the accuracies it prints, in percent. */
const ARTICLE = [
  { model: 'teacher', article: 92.51, fc1Size: 16, numTrainEpochs: 3, maxTrainSamples: -1 },
  { model: 'small', article: 63.18, fc1Size: 4, numTrainEpochs: 40, maxTrainSamples: 800 },
  { model: 'small-with-kd', article: 71.38, fc1Size: 4, numTrainEpochs: 40, maxTrainSamples: 800 },
] as const;

export type ArticleModel = {
  readonly model: (typeof ARTICLE)[number]['model'];
  readonly parameters: number;
  /** In percent. */
  readonly articleAccuracy: number;
  readonly ourAccuracy: number;
  readonly seconds: number;
  readonly path: string;
};

export type TrainArticleOptions = Given<
  Pick<DigitSettings, 'dataDir' | 'seed' | 'threads' | 'device' | 'resume' | 'overwrite'>
> &
  Pick<RunOptions, 'command' | 'onEvent' | 'signal'> & {
    readonly outputDir: string;
    /** Told before each of the models: `1/3 teacher: 784-16-10, 60000 images, 3 epochs`. */
    readonly onModel?: (model: ArticleStart) => void;
  };

export type ArticleStart = {
  readonly model: ArticleModel['model'];
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly hidden: number;
  readonly images: number;
  readonly epochs: number;
};

/** Trains the article's three models, each in a folder of its own. @throws as `trainDigits`. */
export async function trainArticle(options: TrainArticleOptions): Promise<ArticleModel[]> {
  const { outputDir, onModel } = options;
  const shared = digitSettings(options);
  const device = await resolveDevice(shared.device);
  const onNotice = noticing(options);
  const mnist = await loadMnist(shared.dataDir, { onNotice });
  const models: ArticleModel[] = [];
  for (const { model, article: articleAccuracy, ...differs } of ARTICLE) {
    const path = join(outputDir, model);
    const settings = { ...shared, ...differs, outputDir: path, saveTopK: 0, saveLast: true };
    const teacherModel = model === 'small-with-kd' ? join(outputDir, 'teacher') : undefined;
    const taught = await taughtBy({ ...settings, teacherModel }, device, onNotice);
    const run: RunOptions = { ...digitRun(settings, mnist, device), ...taught, ...told(options) };
    const start = { model, number: models.length + 1, of: ARTICLE.length, images: run.data.train.size };
    onModel?.({ ...start, hidden: settings.fc1Size, epochs: settings.numTrainEpochs });
    const { parameters, metrics, seconds } = (await runTraining(run)).record;
    const ourAccuracy = 100 * (metrics.accuracy ?? NaN);
    models.push({ model, parameters, articleAccuracy, ourAccuracy, seconds, path });
  }
  return models;
}

const digitSettings = (options: TrainDigitsOptions) =>
  settingsOf({ ...DIGIT_SETTINGS, ...DIGIT_TEACHER_SETTINGS }, options);
type Settings = ReturnType<typeof digitSettings>;

type Told = Pick<TrainDigitsOptions, 'command' | 'onEvent' | 'signal'>;

const noticing =
  ({ onEvent }: Told) =>
  (text: string) =>
    onEvent?.({ type: 'notice', text });

const told = ({ command, onEvent, signal }: Told) => defined({ command, onEvent, signal });

/** Who teaches, and how: PyTorch's `KLDivLoss()` as it comes, averaged over rows and classes, is the article's loss. */
async function taughtBy(
  { teacherModel, alphaForKd: alpha, temperatureForKd: temperature, threads }: Settings,
  device: string,
  onNotice: (text: string) => void,
): Promise<Pick<RunOptions, 'method' | 'teacher'>> {
  if (teacherModel === undefined) return { method: supervised() };
  const method = hinton({ preset: 'primer', alpha, temperature });
  const saved = await loadModel(teacherModel, { onNotice });
  return method.needs.length === 0 ? { method } : { method, teacher: modelTeacher(saved, { threads, device }) };
}

function digitRun(settings: Settings, mnist: Mnist, device: string) {
  const { maxGradNorm, fc1Size, numLabels, learningRate, maxTrainSamples, gradientAccumulationSteps } = settings;
  const { seed, threads, outputDir, resume, overwrite, saveTopK, saveLast, limitTrainBatches } = settings;
  return {
    ...{ seed, threads, device, outputDir, resume, overwrite, saveTopK, saveLast },
    model: mlp({ hidden: [fc1Size], classes: numLabels }),
    data: { train: mnistDataset(mnist.train, { maxSamples: maxTrainSamples }), evaluation: mnistDataset(mnist.test) },
    optimizer: adam({ learningRate }),
    ...(maxGradNorm > 0 && { maxGradNorm }),
    epochs: settings.numTrainEpochs,
    batchSize: settings.trainBatchSize,
    evalBatchSize: settings.evalBatchSize,
    gradientAccumulationSteps,
    limitTrainBatches,
    limitEvalBatches: settings.limitValBatches,
    fastDevRun: settings.doFastDevRun,
  };
}

/** Whether the test set is scored after each epoch. */
export function isScored({ limitValBatches, doFastDevRun }: Given<DigitSettings>): boolean {
  return doFastDevRun === true || !(limitValBatches && 'batches' in limitValBatches && limitValBatches.batches === 0);
}

/** Where predictions go, if they are asked for; found to be wrong now rather than after the training. */
async function placeForPredictions(settings: Settings): Promise<string | undefined> {
  const { writeDevPredictions, predictionsFile, outputDir } = settings;
  if (!writeDevPredictions && predictionsFile === undefined) return undefined;
  if (!isScored(settings)) {
    throw new OptionError({
      where: 'limitValBatches',
      wanted: 'at least one batch, since predictions are to be written',
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

/** One line an image, in the order of the set: its class. */
async function writePredictions(path: string, run: RunOptions, { record, weights }: RunResult): Promise<void> {
  const { model, data, threads = 1, device = 'cpu' } = run;
  const rows = record.data.evaluation?.rows;
  if (data.evaluation === undefined || rows === undefined) return;
  if (weights === undefined) {
    throw new CheckpointError({
      where: run.outputDir,
      wanted: 'the model of the finished run for the predictions',
      got: 'none: it was not saved',
      fix: 'train again with --overwrite and --save_last',
    });
  }
  const { classes } = await withEvaluator({ model, data: data.evaluation, rows, threads, device }, (evaluator) =>
    evaluator.predict(weights),
  );
  await writeFileAtomic(path, `${classes.join('\n')}\n`);
}
