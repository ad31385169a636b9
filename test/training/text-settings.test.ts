import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { resolveGroups } from '../../src/optim/groups.js';
import { textRun } from '../../src/training/text-settings.js';
import { words, wordTable } from '../data/words.js';

const model = bert({
  vocab_size: words.vocabularySize,
  hidden_size: 2,
  num_hidden_layers: 2,
  num_attention_heads: 1,
  intermediate_size: 2,
});
const train = textDataset(wordTable('train', 20), words, { model });

describe('textRun', () => {
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
    const other = bilstm({ vocab_size: words.vocabularySize, embedding_size: 2, hidden_size: 2, dense_size: 2 });
    expect(() => textRun({ layerDecay: 0.5 }, other, train)).toThrow('use one rate for all of this model');
  });
});
