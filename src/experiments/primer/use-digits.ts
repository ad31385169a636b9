/** @file A trained digit classifier, scored on the test set of MNIST or asked about other images. */
import { decodeIdx, type Idx, readIdx } from '../../data/idx.js';
import { imageDataset } from '../../data/images.js';
import { loadMnist } from '../../data/mnist.js';
import { mnistDataset } from '../../data/mnist-dataset.js';
import { CheckpointError, FileError } from '../../errors/failures.js';
import { wilsonInterval } from '../../metrics/wilson-interval.js';
import { loadModel } from '../../models/saved-model.js';
import { defined, type Given } from '../../options/given.js';
import { resolveDevice } from '../../runtime/devices.js';
import { formatShape } from '../../tensor/shape.js';
import { withEvaluator } from '../../training/evaluation/evaluate.js';
import { DIGIT_SETTINGS, type DigitSettings } from './digit-settings.js';

export type UseDigitsOptions = Given<Pick<DigitSettings, 'threads' | 'device'>> & {
  /** The folder of a run of `trainDigits`, or a checkpoint of it. */
  readonly model: string;
  readonly onNotice?: (text: string) => void;
};

export type EvaluatedDigits = {
  /** The folder of the model's files. */
  readonly path: string;
  readonly rows: number;
  readonly accuracy: number;
  /** Wilson's. */
  readonly accuracyInterval95: readonly [low: number, high: number];
  readonly loss: number;
};

/** @throws CheckpointError for a model of other inputs; FileError for data that is not MNIST. */
export async function evaluateDigits(
  options: UseDigitsOptions & Given<Pick<DigitSettings, 'dataDir'>>,
): Promise<EvaluatedDigits> {
  const { dataDir = DIGIT_SETTINGS.dataDir.default, onNotice } = options;
  const { model, weights, path, ...place } = await opened(options);
  // One training image: this is about the test set.
  const { test } = await loadMnist(dataDir, { maxTrainSamples: 1, mayFill: false, ...defined({ onNotice }) });
  const { metrics, rows } = await withEvaluator({ model, data: mnistDataset(test), ...place }, (evaluator) =>
    evaluator.evaluate(weights),
  );
  const { accuracy = NaN, loss = NaN } = metrics;
  return { path, rows, accuracy, accuracyInterval95: wilsonInterval(Math.round(accuracy * rows), rows), loss };
}

export type DigitAnswer = {
  readonly label: string;
  readonly probability: number;
  readonly probabilities: readonly number[];
};

/** Images by the path of their IDX file, raw or gzipped, or its bytes with a name for messages. */
export type DigitImages = string | { readonly name: string; readonly bytes: Buffer };

/** Answers for each file in turn, an answer an image. @throws as `evaluateDigits`; FileError for images of another size. */
export async function* predictDigits(
  files: readonly DigitImages[],
  options: UseDigitsOptions,
): AsyncGenerator<{ readonly file: string; readonly path: string; readonly predictions: readonly DigitAnswer[] }> {
  const { model, weights, path, labelNames, ...place } = await opened(options);
  for (const images of files) {
    const { name, data } = await readImages(images);
    const { classes, probabilities } = await withEvaluator(
      { model, data: imageDataset(name, data, SIDE * SIDE), ...place },
      (evaluator) => evaluator.predict(weights),
    );
    const width = probabilities.length / classes.length;
    const predictions = Array.from(classes, (digit, row) => {
      // As many digits as float32 holds.
      const all = Array.from(probabilities.subarray(row * width, (row + 1) * width), (p) => Number(p.toPrecision(7)));
      return { label: labelNames[digit] ?? String(digit), probability: all[digit] ?? NaN, probabilities: all };
    });
    yield { file: name, path, predictions };
  }
}

const SIDE = 28;

async function opened({ model: path, threads = 1, device = 'cpu', onNotice }: UseDigitsOptions) {
  const place = { threads, device: await resolveDevice(device) };
  const saved = await loadModel(path, defined({ onNotice }));
  const { model, weights, labelNames } = saved;
  const [pixels, ...others] = model.inputs({ B: 'B', S: 'S' });
  if (pixels?.name === 'pixels' && pixels.shape[1] === SIDE * SIDE && others.length === 0) {
    return { model, weights, path: saved.path, labelNames, ...place };
  }
  const inputs = model.inputs({ B: 'B', S: 'S' }).map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  throw new CheckpointError({
    where: path,
    wanted: 'a digit model (784 pixels)',
    got: `a ${model.kind} that reads ${inputs.join(', ')}`,
    fix: 'use a model trained by retort mnist',
  });
}

async function readImages(images: DigitImages): Promise<{ readonly data: Uint8Array; readonly name: string }> {
  const name = typeof images === 'string' ? images : images.name;
  const { shape, data }: Idx = typeof images === 'string' ? await readIdx(images, 3) : decodeIdx(images.bytes, name, 3);
  const [count, ...image] = shape;
  if (image.some((side) => side !== SIDE)) {
    throw new FileError({ where: name, wanted: `images of shape [${SIDE}, ${SIDE}]`, got: formatShape(image) });
  }
  if (count === 0) throw new FileError({ where: name, wanted: 'at least one image', got: 'none' });
  return { data, name };
}
