// A custom method: logit standardisation (Sun et al. 2024, arXiv:2403.01427). Each row of logits is brought to mean 0
// and deviation 1 on both sides before it is softened, so that the student need not copy the teacher's scale.
import { add, div, mean, mul, sqrt, stopGradient, sub, type Value } from 'retort-ml/autograd';
import { loadMnist, mnistDataset } from 'retort-ml/data';
import { crossEntropy, kl, scale } from 'retort-ml/losses';
import { defineMethod, supervised } from 'retort-ml/methods';
import { loadModel, mlp } from 'retort-ml/models';
import { adam } from 'retort-ml/optim';
import { modelTeacher } from 'retort-ml/teachers';
import { runTraining } from 'retort-ml/training';

function standardised(logits: Value): Value {
  const centred = sub(logits, mean(logits, { axes: [-1], keepDims: true })); // [B, C]
  const variance = mean(mul(centred, centred), { axes: [-1], keepDims: true }); // [B, C] -> [B, 1]
  return div(centred, sqrt(add(variance, 1e-7)));
}

const standardisedKd = defineMethod({
  name: 'standardised-kd',
  needs: ['logits'],
  options: {
    alpha: { default: 0.9, min: 0, max: 1, help: 'weight of the teacher; the labels get 1 - alpha' },
    temperature: { default: 2, above: 0, help: 'divides the standardised logits' },
  },
  losses: ({ student, teacher, labels }, { alpha, temperature }) => ({
    soft: scale(alpha, kl(standardised(student.logits), stopGradient(standardised(teacher.logits)), { temperature })),
    hard: scale(1 - alpha, crossEntropy(student.logits, labels)),
  }),
});

const train = mnistDataset((await loadMnist('data/mnist')).train, { maxSamples: 4000 });
const common = { data: { train }, optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, epochs: 2, seed: 42 };
await runTraining({ ...common, model: mlp({ hidden: [16] }), method: supervised(), outputDir: 'outputs/own-teacher' });
const teacher = modelTeacher(await loadModel('outputs/own-teacher'));
const method = standardisedKd({ temperature: 4 });
const { record } = await runTraining({
  ...common,
  model: mlp({ hidden: [4] }),
  method,
  teacher,
  outputDir: 'outputs/own',
});
console.log(
  record.epochs.map(({ losses }) => `soft ${losses.soft?.toFixed(3)}, hard ${losses.hard?.toFixed(3)}`).join('\n'),
);
