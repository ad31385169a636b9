import { describe, expect, test } from 'vitest';
import { input } from '../../src/autograd/value.js';
import { bilstm } from '../../src/models/bilstm.js';
import { chosenLayers, firstLayers } from '../../src/models/chosen-layers.js';
import type { Model, Signals, TrainedModel } from '../../src/models/model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { constantParameters, initialiseParameters } from '../../src/nn/parameters.js';
import { evaluate, nestedTensor } from '../nn/evaluate.js';
import { smallEncoders } from './small-encoders.js';

const MODELS = smallEncoders({ layers: 4 });
const trained = (model: Model): TrainedModel => ({
  model,
  weights: initialiseParameters(model.parameters, 1),
  labelNames: ['no', 'yes'],
  tokenizerFiles: new Map([['vocab.txt', 'a']]),
});
const FEEDS = {
  input_ids: nestedTensor('int64', [[5, 6, 7]]),
  attention_mask: nestedTensor('int64', [[1, 1, 1]]),
  token_type_ids: nestedTensor('int64', [[0, 0, 1]]),
};

const inputs = Object.fromEntries(Object.keys(FEEDS).map((name) => [name, input(name, 'int64', [1, 3])] as const));

function signals({ model, weights }: TrainedModel): Signals {
  return model.forward(evaluationContext(constantParameters(weights)), inputs);
}

describe('chosenLayers', () => {
  // Witness: a model made by hand of those very layers; each layer of the whole one has weights of its own.
  test.each(MODELS.map((model) => [model.kind, model] as const))(
    '%s: layers 2 and 4 stand behind each other, with all of their parameters',
    (_kind, model) => {
      const whole = trained(model);
      const { model: short, weights } = chosenLayers(whole, [2, 4]);
      const numbered = short.parameters.filter(({ name }) => /layer\.\d+\./.test(name));
      expect(numbered.length).toBeGreaterThan(20);
      for (const { name } of short.parameters) {
        const from = name.replace('.layer.1.', '.layer.3.').replace('.layer.0.', '.layer.1.');
        expect(weights[name], name).toBe(whole.weights[from]);
      }
    },
  );

  test.each([[[]], [[0, 1]], [[2, 2]], [[3, 1]], [[1, 5]], [[1.5]]])('%j are no layers of four', (layers) => {
    expect(() => chosenLayers(trained(MODELS[0] as Model), layers)).toThrow(
      `chosenLayers: wanted layers from 1 to 4, each once and in their order, got ${layers.join(',') || 'none'}`,
    );
  });
});

describe('firstLayers', () => {
  // Witness: the hidden states that the whole model has after that layer.
  test.each(MODELS.map((model) => [model.kind, model] as const))(
    '%s: gives what the whole model has after its third layer; head, labels and tokenizer stay',
    async (_kind, model) => {
      const whole = trained(model);
      const cut = firstLayers(whole, 3);
      const [wanted, got] = [signals(whole).hiddenStates, signals(cut).hiddenStates];
      expect(got).toHaveLength(4);
      const third = wanted?.[3];
      const last = got?.[3];
      if (third === undefined || last === undefined) throw new Error('no hidden states');
      const results = await evaluate({ third, last }, FEEDS);
      expect(results.last.data).toEqual(results.third.data);
      expect(cut.weights['classifier.weight']).toEqual(whole.weights['classifier.weight']);
      expect([cut.labelNames, cut.tokenizerFiles]).toEqual([whole.labelNames, whole.tokenizerFiles]);
    },
  );

  test('all layers are the model itself', () => {
    const whole = trained(MODELS[0] as Model);
    expect(firstLayers(whole, 4).weights).toEqual(whole.weights);
  });

  test('layers that are not there, and models without any, are refused', () => {
    const whole = trained(MODELS[0] as Model);
    for (const layers of [0, 5, 1.5]) {
      expect(() => firstLayers(whole, layers)).toThrow(
        `layers: wanted an integer from 1 to 4, the layers of the model, got ${layers}`,
      );
    }
    expect(() => firstLayers(trained(bilstm({ vocab_size: 4 })), 1)).toThrow(/wanted an encoder .* got a bilstm/);
  });
});
