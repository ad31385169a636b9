// Trains the digit models that `retort playground` brings along, and puts them into playground/models/: some seconds, after a
// build. The same bytes each time, on one machine.
//
//   node scripts/make-playground-models.mjs
//
// teacher        784-16-10, the article's, on 60,000 images
// small          784-4-10 on 800 images and their labels: the arm retort-no-teacher of `retort primer`
// student        784-4-10 on the same images, distilled from the teacher: the arm retort
// wide-teacher   784-64-10, for students that never see a digit
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadMnist, mnistPackageFolder } from '../dist/data/mnist.js';
import { mnistDataset } from '../dist/data/mnist-dataset.js';
import { PRIMER_ARMS } from '../dist/experiments/primer/primer-arms.js';
import { trainDigits } from '../dist/experiments/primer/train-digits.js';
import { STUDENT_IMAGES, trainStudent } from '../dist/experiments/primer/train-student.js';
import { loadModel } from '../dist/models/saved-model.js';
import { modelTeacher } from '../dist/teachers/model-teacher.js';

const SEED = 42;
/** What a model is; its log and what it was resumed from stay behind. */
const FILES = ['config.json', 'model.safetensors'];
const models = fileURLToPath(new URL('../playground/models/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'playground-models-'));
const dataDir = mnistPackageFolder();

function keep(name) {
  mkdirSync(join(models, name), { recursive: true });
  for (const file of FILES) copyFileSync(join(scratch, name, 'last.ckpt', file), join(models, name, file));
}

try {
  const train = (name, settings) =>
    trainDigits({ dataDir, seed: SEED, saveLast: true, saveTopK: 0, outputDir: join(scratch, name), ...settings });
  await train('teacher', {});
  await train('wide-teacher', { fc1Size: 64, numTrainEpochs: 4, trainBatchSize: 128, learningRate: 2e-3 });
  const teacher = modelTeacher(await loadModel(join(scratch, 'teacher', 'last.ckpt')), { threads: 1 });
  const { train: images } = await loadMnist(dataDir, { maxTrainSamples: STUDENT_IMAGES });
  for (const [name, arm] of [
    ['small', 'retort-no-teacher'],
    ['student', 'retort'],
  ]) {
    await trainStudent(
      PRIMER_ARMS.find((one) => one.name === arm),
      { train: mnistDataset(images), teacher, seed: SEED, outputDir: join(scratch, name), saveLast: true },
    );
  }
  for (const name of ['teacher', 'small', 'student', 'wide-teacher']) keep(name);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
