/** @file The worker that trains digit models: `retort-ml/browser` on ONNX Runtime. */
import { env } from 'onnxruntime-web/wasm';
import { type MnistSplit, PIXELS } from '../../src/data/mnist-dataset.js';
import {
  adam,
  type Evaluator,
  hinton,
  mlp,
  mnistDataset,
  mnistPart,
  modelTeacher,
  openEvaluator,
  supervised,
  type Teacher,
  trainInMemory,
  type Weights,
} from '../../src/entries/browser.js';
import { messageOf } from '../../src/errors/message-of.js';
import {
  type DigitJob,
  type DigitResult,
  type DigitScore,
  type FromTrainer,
  rowsWith,
  type ToTrainer,
} from '../digit-jobs.js';
import type { Digits } from '../digits.js';
import type { SavedMlp } from '../saved-mlp.js';

/** Models as small as these are fastest with one. */
const THREADS = 1;
/** What an epoch of a curve is scored on: enough to draw, and few enough to be quick. */
const CURVE_IMAGES = 2000;
const OTHERS_OF_CURVE = 1000;

const scope = globalThis as unknown as {
  readonly location: { readonly href: string };
  postMessage(message: FromTrainer): void;
  addEventListener(type: 'message', listen: (event: { readonly data: ToTrainer }) => void): void;
};
// There is no such type in an optional peer that is not installed here.
Object.assign(env.wasm, { wasmPaths: new URL('ort/', scope.location.href).href });

let digits: Digits;
let teacher: Teacher;
/** One after another: each takes all of a core. */
let last: Promise<void> = Promise.resolve();

scope.addEventListener('message', ({ data }) => {
  if ('setUp' in data) {
    digits = data.setUp;
    teacher = teacherOf(data.setUp.teacher);
    return;
  }
  const { id, job } = data;
  last = last.then(async () => {
    try {
      scope.postMessage({ id, result: await train(job, (epoch, score) => scope.postMessage({ id, epoch, score })) });
    } catch (error) {
      scope.postMessage({ id, failure: messageOf(error) });
    }
  });
});

function teacherOf({ config, weights }: SavedMlp): Teacher {
  const { labelNames } = mnistDataset({ name: 'none', images: new Uint8Array(), labels: new Uint8Array() });
  const saved = { path: 'teacher', model: mlp(config), weights, labelNames, contentHash: 'teacher' };
  return modelTeacher(saved, { threads: THREADS });
}

async function train(job: DigitJob, onEpoch: (epoch: number, score: DigitScore) => void): Promise<DigitResult> {
  const { learns, without, hasCurve, seed, epochs, batchSize, learningRate, schedule } = job;
  const model = mlp({ hidden: [job.hidden] });
  const isOther = (label: number) => label !== without;
  const train = mnistDataset(
    without === undefined ? digits.train : picked(digits.train, rowsWith(digits.train.labels, isOther)),
  );
  const scored = curveImages(without);
  let [begun, stepSeconds] = [0, 0];
  const { weights, steps, seconds } = await trainInMemory({
    model,
    ...(learns.from === 'labels' ? { method: supervised() } : taughtBy(learns)),
    data: { train, ...(hasCurve && { evaluation: mnistDataset(scored) }) },
    optimizer: adam({ learningRate }),
    ...{ epochs, batchSize, schedule, seed, threads: THREADS },
    // As the engine's own, with the accuracy on the digit beside it.
    openEvaluator: async (options) => {
      const evaluator = await openEvaluator(options);
      const evaluate: Evaluator['evaluate'] = async (ofNow) => {
        const found = await evaluator.predict(ofNow);
        return { ...found, metrics: { ...scoreOf(scored, found.classes, without) } };
      };
      return { ...evaluator, evaluate };
    },
    onEvent: (event) => {
      if (event.type === 'start') begun = performance.now();
      if (event.type === 'end') stepSeconds = (performance.now() - begun) / 1000;
      if (event.type !== 'evaluation') return;
      const { accuracy = Number.NaN, ofDigit, ofOthers } = event.metrics;
      onEpoch(event.epoch, { accuracy, ofDigit, ofOthers });
    },
  });
  const classes = await predicted(model, weights);
  return { classes, steps, seconds, stepSeconds, ...scoreOf(digits.test, classes, without) };
}

function taughtBy({ alpha, temperature, preset }: Extract<DigitJob['learns'], { from: 'teacher' }>) {
  return { method: hinton({ alpha, temperature, preset }), teacher };
}

async function predicted(model: ReturnType<typeof mlp>, weights: Weights): Promise<Int32Array> {
  const evaluator = await openEvaluator({ model, data: mnistDataset(digits.test), threads: THREADS });
  try {
    return (await evaluator.predict(weights)).classes;
  } finally {
    await evaluator.release();
  }
}

/** Only what there is: an evaluation's metrics are numbers. */
function scoreOf({ labels }: MnistSplit, classes: Int32Array, without: number | undefined) {
  const share = (isMeant: (label: number) => boolean) => {
    const rows = rowsWith(labels, isMeant);
    return rows.filter((row) => classes[row] === labels[row]).length / rows.length;
  };
  const accuracy = share(() => true);
  if (without === undefined) return { accuracy };
  return { accuracy, ofDigit: share((label) => label === without), ofOthers: share((label) => label !== without) };
}

/** Of the digit that is left out all, so that its curve is no coarser than the other. */
function curveImages(without: number | undefined): MnistSplit {
  const { test } = digits;
  if (without === undefined) return mnistPart(test, 0, CURVE_IMAGES);
  const others = rowsWith(test.labels, (label) => label !== without).slice(0, OTHERS_OF_CURVE);
  return picked(test, [...others, ...rowsWith(test.labels, (label) => label === without)]);
}

function picked({ name, images, labels }: MnistSplit, rows: readonly number[]): MnistSplit {
  const chosen = { name, images: new Uint8Array(rows.length * PIXELS), labels: new Uint8Array(rows.length) };
  for (const [i, row] of rows.entries()) {
    chosen.images.set(images.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
    chosen.labels[i] = labels[row] as number;
  }
  return chosen;
}
