// A process that trains by a method of three stages in the folder that it is given, and says what came of it; to be killed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mnistDataset } from '../../dist/data/mnist-dataset.js';
import { bornAgain } from '../../dist/methods/born-again.js';
import { mlp } from '../../dist/models/mlp.js';
import { initialiseParameters } from '../../dist/nn/parameters.js';
import { adam } from '../../dist/optim/adam.js';
import { modelTeacher } from '../../dist/teachers/model-teacher.js';
import { runPhases } from '../../dist/training/phases/phased-run.js';

const [outputDir] = process.argv.slice(2);
const rows = 256;
// Any images will do: pixels that a label can be told from.
const labels = Uint8Array.from({ length: rows }, (_, row) => row % 10);
const images = Uint8Array.from(
  { length: rows * 784 },
  (_, i) => (i * 31 + labels[Math.floor(i / 784)] * (i % 97)) % 256,
);
const model = mlp({ hidden: [8] });
const teacher = { path: 'teacher', model, weights: initialiseParameters(model.parameters, 9), labelNames: [] };
await runPhases({
  model,
  method: bornAgain({ generations: 3 }),
  teacher: modelTeacher({ ...teacher, contentHash: 'teacher' }, { threads: 1 }),
  data: { train: mnistDataset({ name: 'images', images, labels }) },
  optimizer: adam({ learningRate: 1e-3 }),
  epochs: 6,
  batchSize: 16,
  seed: 1,
  threads: 1,
  outputDir,
  resume: true,
  stateSeconds: 0,
});
const weights = readFileSync(join(outputDir, 'last.ckpt', 'model.safetensors'));
process.stdout.write(createHash('sha256').update(weights).digest('hex'));
