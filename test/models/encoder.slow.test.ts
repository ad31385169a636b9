/** @file The first token's last hidden state by itself, against that row of the whole. */
import { describe, expect, test } from 'vitest';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { slice } from '../../src/autograd/ops/slicing.js';
import { topologicalOrder } from '../../src/autograd/topological-order.js';
import { input, type Value } from '../../src/autograd/value.js';
import { BERT_NAMES, bert, bertDefaults } from '../../src/models/bert.js';
import { type EncoderConfig, encoder } from '../../src/models/encoder.js';
import { evaluationContext, trainingContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { RandomStream } from '../../src/tensor/random.js';
import type { Dim } from '../../src/tensor/shape.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { expectDeclaredValues } from '../autograd/declared.js';
import { evaluate } from '../nn/evaluate.js';
import { inputsOf } from './witness.js';

const SIZES = {
  ...bertDefaults,
  vocab_size: 30,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 8,
};
const [B, S, H, F] = [3, 5, 8, 12];

describe('the first token alone', () => {
  const config: EncoderConfig = {
    vocabulary: SIZES.vocab_size,
    width: H,
    layers: 2,
    heads: 2,
    innerWidth: F,
    maxPositions: 8,
    types: 2,
    padding: 0,
    activation: 'gelu',
    epsilon: 1e-12,
    initializerRange: 0.02,
    hiddenDropout: 0.3,
    attentionDropout: 0.4,
    dropsAttentionOutput: true,
    positions: '0',
  };
  const body = encoder('bert', config, BERT_NAMES);
  const random = new RandomStream(1, 'test/encoder');
  const feeds: Record<string, Tensor> = {
    ids: fromNumbers(
      'int64',
      [B, S],
      Array.from({ length: B * S }, () => 1 + random.below(29)),
    ),
    attentionMask: fromNumbers('int64', [B, S], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0]),
    g: fromNumbers(
      'float64',
      [B, 1, H],
      Array.from({ length: B * H }, () => random.uniform() - 0.5),
    ),
  };
  for (const [name, data] of Object.entries(initialiseParameters(body.parameters, 3))) {
    // Weights larger than new ones, that attention is uneven.
    feeds[name] = fromNumbers(
      'float64',
      data.shape,
      toNumbers(data).map((value) => 20 * value),
    );
  }

  test.each<readonly [string, Dim, Dim, 'training' | 'evaluation']>([
    ['lengths', B, S, 'training'],
    ['names of lengths', 'B', 'S', 'training'],
    ['lengths, without dropout', B, S, 'evaluation'],
  ])('is that row of the whole, dropout and gradients too: %s', async (_about, rows, tokens, form) => {
    const parameters = inputParameters(body.parameters, 'float64');
    const keys = new Map<string, Value>();
    const keyFor = (site: string): Value => {
      const key = keys.get(site) ?? input(`key.${site}`, 'uint32', []);
      keys.set(site, key);
      return key;
    };
    const context = form === 'training' ? trainingContext(parameters, keyFor) : evaluationContext(parameters);
    const encoded = body.forward(context, {
      ids: input('ids', 'int64', [rows, tokens]),
      attentionMask: input('attentionMask', 'int64', [rows, tokens]),
    });
    const g = input('g', 'float64', [rows, 1, H]);
    const by = Object.values(parameters.values);
    const read = (first: Value) => ({ first, gradients: vectorJacobianProduct([[first, g]], by) });
    const alone = read(encoded.firstToken());
    const whole = read(slice(encoded.hiddenStates.at(-1) as Value, { axis: 1, start: 0, end: 1 }));
    const named = (prefix: string, { first, gradients }: ReturnType<typeof read>) => ({
      [`${prefix} output`]: first,
      ...Object.fromEntries(gradients.map((value, i) => [`${prefix} ${body.parameters[i]?.name}`, value])),
    });
    const masks = Object.fromEntries(
      [...keys.keys()].map((site, i) => [`key.${site}`, fromNumbers('uint32', [], [i])]),
    );
    const outputs = { ...named('alone', alone), ...named('whole', whole) };
    const results = await evaluate(outputs, { ...feeds, ...masks });
    expect(keys.size).toBe(form === 'training' ? 1 + 2 * 3 : 0);
    for (const [name, value] of Object.entries(results)) {
      if (!name.startsWith('alone ')) continue;
      const wanted = toNumbers(results[name.replace('alone', 'whole')] as Tensor);
      const largest = Math.max(...wanted.map(Math.abs));
      for (const [i, number] of toNumbers(value).entries()) {
        expect(Math.abs(number - (wanted[i] as number)), name).toBeLessThanOrEqual(1e-12 * Math.max(1, largest));
      }
    }
    expect(Math.max(...toNumbers(results['alone output'] as Tensor))).toBeGreaterThan(0.1);
    const declared = await expectDeclaredValues({ outputs }, { ...feeds, ...masks }, { B, S });
    expect(declared).toBeGreaterThan(300);
  });

  test('is all that logits read of the last layer', () => {
    const model = bert({ ...SIZES, num_hidden_layers: 1 });
    const signals = model.forward(evaluationContext(inputParameters(model.parameters)), inputsOf(model, { B, S }));
    const shapes = (value: Value) =>
      topologicalOrder([value]).flatMap((node) => node.inputs.map(({ shape }) => shape.join('x')));
    expect(shapes(signals.logits)).toContain(`${B}x1x${F}`);
    expect(shapes(signals.logits)).not.toContain(`${B}x${S}x${F}`);
    expect(shapes(signals.hiddenStates?.at(-1) as Value)).toContain(`${B}x${S}x${F}`);
  });
});
