import { describe, expect, test } from 'vitest';
import { adamw } from '../../src/optim/adamw.js';
import { isUsuallyUndecayed, resolveGroups } from '../../src/optim/groups.js';

const names = ['embeddings.weight', 'encoder.weight', 'encoder.bias', 'encoder.LayerNorm.weight', 'head.weight'];
const optimizer = adamw({ weightDecay: 0.1 });

describe('isUsuallyUndecayed', () => {
  // Witness: transformers 5.24, Trainer.get_decay_parameter_names: modules nn.LayerNorm, names matching bias,
  // layernorm, rmsnorm, norm or _norm.
  test.each([
    ['bert.encoder.layer.0.output.dense.bias', true],
    ['bert.encoder.layer.0.output.LayerNorm.weight', true],
    ['lstm.bias_ih_l0', true],
    ['transformer.layer.0.sa_layer_norm.weight', true],
    ['model.norm.weight', true],
    ['bert.encoder.layer.0.output.dense.weight', false],
    ['bert.embeddings.word_embeddings.weight', false],
    ['normaliser.weight', false],
  ])('%s: %s', (name, wanted) => {
    expect(isUsuallyUndecayed(name)).toBe(wanted);
  });
});

describe('resolveGroups', () => {
  test('the first group that matches has a parameter; the rest have the rates of the optimiser', () => {
    const rates = resolveGroups(names, optimizer, [
      { match: ['head.weight'], learningRateFactor: 10 },
      { match: (name) => isUsuallyUndecayed(name) || name.startsWith('head'), weightDecay: 0 },
    ]);
    expect(rates.get('head.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: 10 });
    expect(rates.get('encoder.bias')).toEqual({ weightDecay: 0, learningRateFactor: 1 });
    expect(rates.get('encoder.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: 1 });
    expect(rates.get('encoder.bias')).toBe(rates.get('encoder.LayerNorm.weight'));
  });

  test.each([
    [{ match: ['head.weigth'] }, 'got head.weigth; the parameters are embeddings.weight, encoder.weight'],
    [{ match: ['head.weight', 'head.weigth'] }, 'got head.weigth; the parameters are'],
    [{ match: () => false }, 'a condition that matches none'],
    [{ match: ['head.weight'], weightDecay: -1 }, 'parameter group 0: wanted weightDecay and learningRateFactor ≥ 0'],
    [{ match: ['head.weight'], learningRateFactor: Number.NaN }, 'got NaN'],
  ])('%o is refused', (group, message) => {
    expect(() => resolveGroups(names, optimizer, [group])).toThrow(message);
  });
});
