/** @file A model over n-grams in plain JavaScript: a few thousand products a text, for which no engine is started. */
import type { Tensor } from '../tensor/tensor.js';
import type { NgramFeatures, NgramRow } from '../tokenizers/ngram-features.js';
import { type Answer, answerOf, expectAsTrained, type TextInput } from './answer.js';
import { weightData } from './weight-data.js';

/** Weights by the names that the model gives them. */
export type NgramWeights = Readonly<Record<string, Tensor<'float32'>>>;

export type NgramPredictor = {
  /** In the order of the classes; of a regression the name of what is scored. */
  readonly labels: readonly string[];
  readonly features: NgramFeatures;
  /** [C], of a row of features; they hold until the next row. */
  logits(row: Pick<NgramRow, 'ids' | 'values'>): Float64Array;
  /** @throws OptionError for a pair where the model reads single texts, or the other way round. */
  predict(input: TextInput): Answer;
};

const [EMBED, WEIGHT] = ['embed.weight', 'fc.weight'];
export const BIAS = 'fc.bias';

/**
 * Answers as the model's ONNX file does, but for the last digits of float32.
 * @param parts.weights `embed.weight` [F, H], `fc.weight` [C, H], `fc.bias` [C]; without a layer `embed.weight` [F, C] and
 *   `fc.bias`
 * @throws CheckpointError for weights that are not of these features and labels.
 */
export function ngramPredictor(parts: {
  readonly features: NgramFeatures;
  readonly weights: NgramWeights;
  readonly labels: readonly string[];
}): NgramPredictor {
  const { features, weights, labels } = parts;
  const C = labels.length;
  const layer = weights[WEIGHT];
  const H = layer === undefined ? C : (layer.shape[1] ?? 0);
  const table = weightData(weights, EMBED, [features.size, H]);
  const bias = weightData(weights, BIAS, [C]);
  const classRows = layer === undefined ? undefined : weightData(weights, WEIGHT, [C, H]);
  const sums = new Float64Array(H);
  const logits = classRows === undefined ? sums : new Float64Array(C);

  const logitsOf = ({ ids, values }: Pick<NgramRow, 'ids' | 'values'>): Float64Array => {
    if (classRows === undefined) sums.set(bias);
    else sums.fill(0);
    // Four rows at a time: each sum is read and written a fourth as often.
    const whole = ids.length - (ids.length % 4);
    for (let i = 0; i < whole; i += 4) {
      const [a, b] = [(ids[i] as number) * H, (ids[i + 1] as number) * H];
      const [c, d] = [(ids[i + 2] as number) * H, (ids[i + 3] as number) * H];
      const [p, q] = [values[i] as number, values[i + 1] as number];
      const [r, s] = [values[i + 2] as number, values[i + 3] as number];
      for (let h = 0; h < H; h++) {
        const first = p * (table[a + h] as number) + q * (table[b + h] as number);
        sums[h] = (sums[h] as number) + first + r * (table[c + h] as number) + s * (table[d + h] as number);
      }
    }
    for (let i = whole; i < ids.length; i++) {
      const from = (ids[i] as number) * H;
      const value = values[i] as number;
      for (let h = 0; h < H; h++) sums[h] = (sums[h] as number) + value * (table[from + h] as number);
    }
    if (classRows === undefined) return logits;
    for (let c = 0; c < C; c++) {
      let logit = bias[c] as number;
      for (let h = 0; h < H; h++) logit += (classRows[c * H + h] as number) * (sums[h] as number);
      logits[c] = logit;
    }
    return logits;
  };
  return {
    labels,
    features,
    logits: logitsOf,
    predict: (input) => {
      const [text, pair] = typeof input === 'string' ? [input] : input;
      expectAsTrained(pair, features.readsPairs);
      return answerOf(logitsOf(features.row(text, pair)), labels);
    },
  };
}
