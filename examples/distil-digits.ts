// A teacher with 13 thousand parameters trained on all of MNIST, and a student a quarter of its size that is distilled on 800
// images, from their labels and the teacher's soft targets.
import { loadMnist, mnistDataset } from 'retort-ml/data';
import { hinton, supervised } from 'retort-ml/methods';
import { loadModel, mlp } from 'retort-ml/models';
import { adam } from 'retort-ml/optim';
import { modelTeacher } from 'retort-ml/teachers';
import { runTraining } from 'retort-ml/training';

const mnist = await loadMnist('data/mnist');
const evaluation = mnistDataset(mnist.test);
const common = { optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, seed: 42 };

await runTraining({
  ...common,
  model: mlp({ hidden: [16] }),
  method: supervised({}),
  epochs: 3,
  data: { train: mnistDataset(mnist.train), evaluation },
  outputDir: 'outputs/teacher',
});
const { record } = await runTraining({
  ...common,
  model: mlp({ hidden: [4] }),
  method: hinton({ alpha: 0.8, temperature: 4 }),
  teacher: modelTeacher(await loadModel('outputs/teacher')),
  epochs: 40,
  data: { train: mnistDataset(mnist.train, { maxSamples: 800 }), evaluation },
  outputDir: 'outputs/student',
});
console.log(`student: ${((record.metrics.accuracy ?? 0) * 100).toFixed(2)} %`);
