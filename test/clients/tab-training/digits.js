// The article's three digit models, trained by the same lines in Node and in a tab.
import { adam, hinton, mlp, mnistDataset, modelTeacher, supervised, trainInMemory } from 'retort-ml/browser';

const SIZES = {
  teacher: { hidden: [16], epochs: 3, images: -1 },
  small: { hidden: [4], epochs: 40, images: 800 },
  'small with teacher': { hidden: [4], epochs: 40, images: 800 },
};

/**
 * @param {{ train: object, test: object }} mnist splits: name, images, labels
 * @returns by model its loss in the first step, its accuracy on the test images, steps and seconds
 */
export async function trainDigits({ train, test }, { threads = 1 } = {}) {
  const found = {};
  let teacher;
  for (const [name, { hidden, epochs, images }] of Object.entries(SIZES)) {
    const model = mlp({ hidden });
    const evaluation = mnistDataset(test);
    const options = {
      model,
      method: supervised(),
      ...(name === 'small with teacher' && { method: hinton({ preset: 'primer', alpha: 0.8, temperature: 20 }), teacher }),
      data: { train: mnistDataset(train, { maxSamples: images }), evaluation },
      optimizer: adam({ learningRate: 5e-3 }),
      ...{ epochs, batchSize: 64, seed: 42, threads },
    };
    const first = await trainInMemory({ ...options, data: { train: options.data.train }, maxSteps: 1 });
    const { weights, metrics, steps, epochs: records } = await trainInMemory(options);
    const begun = performance.now();
    await trainInMemory({ ...options, data: { train: options.data.train } });
    const seconds = (performance.now() - begun) / 1000;
    if (name === 'teacher') {
      teacher = modelTeacher({ path: name, model, weights, labelNames: evaluation.labelNames, contentHash: name });
    }
    found[name] = { firstLoss: first.epochs[0].loss, lastLoss: records.at(-1).loss, accuracy: metrics.accuracy, steps, seconds };
  }
  return found;
}
