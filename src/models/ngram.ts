/**
 * @file A linear model over n-gram features, or through a narrow layer: "Bag of Tricks for Efficient Text Classification",
 * Joulin, Grave, Bojanowski & Mikolov 2016, arXiv:1607.01759, section 2.
 *   with a layer:  logits = W Σₛ vₛ E[iₛ] + b     E [F, H], W [C, H]
 *   without:       logits = Σₛ vₛ E[iₛ] + b       E [F, C]
 * i are the numbers of a text's features and v their values.
 * Departures: the paper averages over n-grams; here values are TF-IDF, whose blocks have norm 1, and are summed.
 */
import { add } from '../autograd/ops/elementwise.js';
import { matmul } from '../autograd/ops/matmul.js';
import { reshape, unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { embedding } from '../nn/embedding.js';
import { uniform, zeros } from '../nn/initialisers.js';
import { linear } from '../nn/linear.js';
import type { ParameterSpec } from '../nn/module.js';
import { type Dim, expectShape } from '../tensor/shape.js';
import { type ConfigValues, checkSizes } from './config-values.js';
import type { Model } from './model.js';

export type NgramConfig = {
  /** F: how many features there are. */
  readonly vocab_size: number;
  /** H: the width of the layer between features and logits; 0 for none. */
  readonly hidden_size: number;
  /** C */
  readonly num_labels: number;
};

export const ngramModelDefaults: NgramConfig = { vocab_size: 50_000, hidden_size: 0, num_labels: 2 };

/**
 * Inputs [B, S]: `input_ids` int64, `feature_values` float32, which is 0 for padding. B and S may be names, for export.
 * Parameters: `embed.weight` [F, H], new from U(±1/H) as fastText's, and `fc.weight`, `fc.bias` as `torch.nn.Linear` has
 * them; without a layer `embed.weight` [F, C] and `fc.bias` [C], new from zeros.
 *
 * @param config what differs from `ngramModelDefaults`.
 * @throws OptionError for sizes that make no model.
 */
export function ngram(config: Partial<NgramConfig> = {}): Model {
  const whole: NgramConfig = { ...ngramModelDefaults, ...config };
  checkSizes('ngram', whole, ngram.values);
  const { vocab_size: F, hidden_size: H, num_labels: C } = whole;
  const hasLayer = H > 0;
  const width = hasLayer ? H : C;
  const features = embedding('embed', F, width, { weight: hasLayer ? uniform(-1 / H, 1 / H) : zeros });
  const classifier = linear('fc', H, C);
  const bias: ParameterSpec = { name: 'fc.bias', shape: [C], initialise: zeros };
  const given = (inputs: Readonly<Record<string, Value>>, name: string): Value => {
    const value = inputs[name];
    if (value === undefined) {
      throw new ShapeError({ where: 'ngram', wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
    }
    expectShape(value, ['B', 'S'], `ngram ${name}`);
    return value;
  };

  return {
    kind: 'ngram',
    config: whole,
    parameters: [...features.parameters, ...(hasLayer ? classifier.parameters : [bias])],
    sort: 'ngram',
    signals: hasLayer ? ['logits', 'pooledOutput'] : ['logits'],
    inputs: ({ B, S }) => {
      if (S === undefined) throw new ShapeError({ where: 'ngram', wanted: 'inputs [B, S]', got: '[B]' });
      return [
        { name: 'input_ids', dtype: 'int64', shape: [B, S] },
        { name: 'feature_values', dtype: 'float32', shape: [B, S] },
      ];
    },
    forward: (context, inputs) => {
      const ids = given(inputs, 'input_ids');
      const values = unsqueeze(given(inputs, 'feature_values'), 1); // [B, S] -> [B, 1, S]
      const rows = features.forward(context, ids); // [B, S] -> [B, S, H]
      const sums = reshape(matmul(values, rows), [ids.shape[0] as Dim, width]); // [B, 1, S] x [B, S, H] -> [B, H]
      if (!hasLayer) return { logits: add(sums, context.parameters.get(bias.name)) };
      const classRows = context.parameters.get('fc.weight');
      return { logits: classifier.forward(context, sums), pooledOutput: sums, classRows };
    },
  };
}

ngram.values = {
  vocab_size: 'size',
  hidden_size: 'sizeOrNone',
  num_labels: 'size',
} satisfies ConfigValues<NgramConfig>;
