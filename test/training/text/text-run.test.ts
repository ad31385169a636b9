import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { bert } from '../../../src/models/bert.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { adam } from '../../../src/optim/adam.js';
import { adamw } from '../../../src/optim/adamw.js';
import { isUsuallyUndecayed, resolveGroups } from '../../../src/optim/groups.js';
import { describeOptimizer } from '../../../src/training/run/described-run.js';
import { textRun, usualSettings } from '../../../src/training/text/text-run.js';
import { words, wordTable } from '../../data/words.js';

const model = bert({
  vocab_size: words.vocabularySize,
  hidden_size: 2,
  num_hidden_layers: 2,
  num_attention_heads: 1,
  intermediate_size: 2,
});
const lstm = bilstm({ vocab_size: words.vocabularySize, embedding_size: 2, hidden_size: 2, dense_size: 2 });
const train = textDataset(wordTable('train', 320), words, { model });
/** Of which the number of rows is all that counts. */
const { text: _, ...bare } = train;

describe('textRun', () => {
  test('trains an encoder as Devlin et al. 2019, appendix A.3, say', () => {
    const { optimizer, ...rest } = textRun({}, model, train);
    expect(describeOptimizer(optimizer)).toEqual(describeOptimizer(adamw({ learningRate: 3e-5, weightDecay: 0.01 })));
    // By hand: 20 epochs, the most of few rows, of 10 steps, of which a tenth are for the warm-up.
    const steps = { epochs: 20, batchSize: 32, schedule: 'linear', warmupSteps: 20 };
    const groups = [{ match: isUsuallyUndecayed, weightDecay: 0 }];
    expect(rest).toStrictEqual({ ...steps, groups, maxGradNorm: 1 });
    expect(usualSettings(model).earlyStopping).toBe(0);
  });

  test('trains a BiLSTM at one rate, until it gets no better', () => {
    const { optimizer, ...rest } = textRun({}, lstm, train);
    expect(describeOptimizer(optimizer)).toEqual(describeOptimizer(adam({ learningRate: 1e-3, weightDecay: 0 })));
    const steps = { epochs: 30, batchSize: 64, schedule: 'constant', warmupSteps: 0 };
    expect(rest).toStrictEqual({ ...steps, maxGradNorm: 5 });
    expect(usualSettings(lstm).earlyStopping).toBe(5);
  });

  test('takes what is given', () => {
    const given = { epochs: 2, batchSize: 10, maxSteps: 50, tokensPerRun: 64, limitTrainBatches: { fraction: 0.5 } };
    const rates = { learningRate: 1e-4, weightDecay: 0.5, maxGradNorm: 0.5 };
    const adamEpsilon = 1e-5;
    const { optimizer, ...rest } = textRun(
      { ...given, ...rates, adamEpsilon, schedule: 'cosine', warmup: 0.25 },
      lstm,
      train,
    );
    const wanted = adam({ learningRate: 1e-4, weightDecay: 0.5, epsilon: adamEpsilon });
    expect(describeOptimizer(optimizer)).toEqual(describeOptimizer(wanted));
    const groups = [{ match: isUsuallyUndecayed, weightDecay: 0 }];
    // By hand: 2 epochs of half of 32 steps, a quarter of them for the warm-up.
    expect(rest).toStrictEqual({ ...given, groups, maxGradNorm: 0.5, schedule: 'cosine', warmupSteps: 8 });
    expect(textRun({ maxGradNorm: 0 }, lstm, train)).not.toHaveProperty('maxGradNorm');
    expect(() => textRun({ tokensPerRun: 0 }, lstm, train)).toThrow('tokensPerRun: wanted an integer');
  });

  // By hand: 1,000 steps of 32 rows are 32,000 rows, in 20 epochs at most and 3 at least.
  test.each([
    [400, 20],
    [1_600, 20],
    [2_000, 16],
    [4_907, 7],
    [10_667, 3],
    [60_000, 3],
  ])('%i rows are learnt in %i epochs unless somebody says how many', (size, epochs) => {
    expect(textRun({}, model, { ...bare, size }).epochs).toBe(epochs);
    expect(textRun({ epochs: 2 }, model, { ...bare, size }).epochs).toBe(2);
  });

  test('steps are what is counted: of larger batches there are more epochs, and of a run that is cut short as many', () => {
    const rows = { ...bare, size: 4_000 };
    // By hand: 125, 63 and 32 steps in an epoch.
    expect(textRun({}, model, rows).epochs).toBe(8);
    expect(textRun({ gradientAccumulationSteps: 2 }, model, rows).epochs).toBe(16);
    expect(textRun({ batchSize: 64, limitTrainBatches: { fraction: 0.5 } }, model, rows).epochs).toBe(20);
    expect(textRun({ maxSteps: 5 }, model, rows)).toMatchObject({ epochs: 8, maxSteps: 5 });
    // What starts from words has as many of any number of rows.
    expect(textRun({}, lstm, { ...rows, size: 200 }).epochs).toBe(30);
  });

  // docs/train.md: `transformers` takes ceil(steps · warmup_ratio), 9 for both.
  test.each([
    [84, 8],
    [85, 9],
  ])('a tenth of %i steps is a warm-up of %i: rounded to the nearest', (maxSteps, warmupSteps) => {
    expect(textRun({ epochs: 9, maxSteps }, model, train)).toMatchObject({ maxSteps, warmupSteps });
  });

  test('a decay by layers leaves the rule of weight decay as it is, for a method’s parameters too', () => {
    const { groups = [], optimizer } = textRun({ layerDecay: 0.5, weightDecay: 0.1 }, model, train);
    const names = [...model.parameters.map(({ name }) => name), 'method.projection.bias'];
    const rates = resolveGroups(names, optimizer, groups);
    // By hand: of two layers the lower is three below the head.
    const lower = 0.5 ** 3;
    expect(rates.get('encoder.layer.0.output.dense.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: lower });
    expect(rates.get('encoder.layer.0.output.dense.bias')).toEqual({ weightDecay: 0, learningRateFactor: lower });
    expect(rates.get('classifier.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: 1 });
    expect(rates.get('method.projection.bias')).toEqual({ weightDecay: 0, learningRateFactor: 1 });
  });

  test('a BiLSTM, which has no layers to tell apart, refuses it', () => {
    expect(() => textRun({ layerDecay: 0.5 }, lstm, train)).toThrow(
      'layerDecay: wanted an encoder, whose layers have rates of their own, got a bilstm; leave it out',
    );
  });
});
