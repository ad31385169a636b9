/** @file A static model (src/models/static-model.ts) in plain JavaScript, one text at a time: no session, no graph. */
import { OptionError } from '../errors/failures.js';
import type { StaticConfig } from '../models/static-model.js';
import { ngramBucket } from '../tensor/ngram-buckets.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { weightData } from './weight-data.js';

/** As a static model is saved. */
export type StaticWeights = {
  readonly config: Pick<
    StaticConfig,
    'vocab_size' | 'embedding_size' | 'hidden_sizes' | 'ngram_sizes' | 'ngram_buckets' | 'num_labels' | 'is_pair'
  >;
  readonly weights: Readonly<Record<string, Tensor<'float32'>>>;
};

/** Ids of a text's tokens, special tokens included and no padding; of a pair those of the second text, too. */
export type PlainStatic = (ids: ArrayLike<number>, pair?: ArrayLike<number>) => Float32Array;

type Layer = { readonly weight: Float32Array; readonly bias: Float32Array; readonly width: number };

/**
 * A function from ids to logits [C], equal to those of an inference session but for the order of sums (to 1e-5). Vectors are
 * multiplied by their weights here once, so a text costs a sum over its tokens and the layers.
 * @throws CheckpointError for weights that are missing or of another shape. The function throws OptionError for ids that the
 *   vocabulary lacks, and for a pair where the model reads single texts, or the other way round.
 */
export function plainStatic({ config, weights }: StaticWeights): PlainStatic {
  const { vocab_size: V, embedding_size: d, hidden_sizes: hidden, num_labels: C, is_pair: isPair } = config;
  const { ngram_sizes: grams, ngram_buckets: buckets } = config;
  const read = (name: string, shape: Shape): Float32Array => weightData(weights, name, shape);
  const vectors = weighted(read('embed.weight', [V, d]), read('token_weight.weight', [V, 1]), d);
  const ofGrams = buckets > 0 ? read('ngrams.weight', [buckets + 1, d]) : new Float32Array();
  const mean = (ids: ArrayLike<number>, into: Float64Array, at: number): void => {
    expectIds(ids, V);
    into.fill(0, at, at + d);
    addRows(vectors, ids, d, into, at);
    for (const n of grams) {
      const rows = Int32Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, s) =>
        ngramBucket(ids, s, n, buckets),
      );
      addRows(ofGrams, rows, d, into, at);
    }
    for (let i = at; ids.length > 0 && i < at + d; i++) into[i] = (into[i] as number) / ids.length;
  };
  const widths = [isPair ? 4 * d : d, ...hidden, C];
  const layers = widths.slice(1).map(
    (width, i): Layer => ({
      weight: read(`fc${i + 1}.weight`, [width, widths[i] as number]),
      bias: read(`fc${i + 1}.bias`, [width]),
      width,
    }),
  );
  // Float64, in which JavaScript computes: no rounding between sums, and no conversions.
  const values = widths.map((width) => new Float64Array(width));

  return (ids, pair) => {
    if ((pair !== undefined) !== isPair) {
      const [wanted, got] = isPair ? ['the ids of two texts', 'of one'] : ['the ids of one text', 'of two'];
      throw new OptionError({ where: 'plainStatic', wanted, got });
    }
    const features = values[0] as Float64Array;
    mean(ids, features, 0);
    if (pair !== undefined) {
      mean(pair, features, d);
      for (let i = 0; i < d; i++) {
        const [u, v] = [features[i] as number, features[d + i] as number];
        features[2 * d + i] = Math.abs(u - v);
        features[3 * d + i] = u * v;
      }
    }
    const last = layers.length - 1;
    for (const [i, layer] of layers.entries()) {
      apply(layer, values[i] as Float64Array, values[i + 1] as Float64Array, i < last);
    }
    return Float32Array.from(values[last + 1] as Float64Array);
  };
}

/** σ(θ) E: [V, d] and [V, 1] -> [V, d] */
function weighted(vectors: Float32Array, logOdds: Float32Array, d: number): Float32Array {
  const rows = new Float32Array(vectors.length);
  for (const [id, value] of logOdds.entries()) {
    const weight = 1 / (1 + Math.exp(-value));
    for (let i = id * d; i < (id + 1) * d; i++) rows[i] = weight * (vectors[i] as number);
  }
  return rows;
}

function expectIds(ids: ArrayLike<number>, rows: number): void {
  for (let s = 0; s < ids.length; s++) {
    const id = ids[s] as number;
    if (Number.isInteger(id) && id >= 0 && id < rows) continue;
    throw new OptionError({ where: `id ${s + 1}`, wanted: `an integer from 0 to ${rows - 1}`, got: String(id) });
  }
}

/** Adds the rows of ids to what stands from `at` on. */
function addRows(table: Float32Array, ids: ArrayLike<number>, d: number, into: Float64Array, at: number): void {
  let s = 0;
  // Four rows at a time: the sum is read and written once for them.
  for (; s + 4 <= ids.length; s += 4) {
    const [p, q, r, t] = [s, s + 1, s + 2, s + 3].map((place) => (ids[place] as number) * d) as Four;
    for (let i = 0; i < d; i++) {
      const sum =
        (table[p + i] as number) + (table[q + i] as number) + ((table[r + i] as number) + (table[t + i] as number));
      into[at + i] = (into[at + i] as number) + sum;
    }
  }
  for (; s < ids.length; s++) {
    const row = (ids[s] as number) * d;
    for (let i = 0; i < d; i++) into[at + i] = (into[at + i] as number) + (table[row + i] as number);
  }
}

type Four = [number, number, number, number];

/** W x + b, and of a hidden layer what of it is above 0. */
function apply({ weight, bias, width }: Layer, x: Float64Array, y: Float64Array, isHidden: boolean): void {
  const I = x.length;
  let o = 0;
  // Four outputs at a time: an input is read once for them, and no sum waits for another.
  for (; o + 4 <= width; o += 4) {
    let [a, b, c, e] = [bias[o], bias[o + 1], bias[o + 2], bias[o + 3]] as Four;
    const row = o * I;
    for (let i = row; i < row + I; i++) {
      const value = x[i - row] as number;
      a += (weight[i] as number) * value;
      b += (weight[i + I] as number) * value;
      c += (weight[i + 2 * I] as number) * value;
      e += (weight[i + 3 * I] as number) * value;
    }
    y[o] = a;
    y[o + 1] = b;
    y[o + 2] = c;
    y[o + 3] = e;
  }
  for (; o < width; o++) {
    let a = bias[o] as number;
    for (let i = 0; i < I; i++) a += (weight[o * I + i] as number) * (x[i] as number);
    y[o] = a;
  }
  for (let i = 0; isHidden && i < width; i++) if ((y[i] as number) < 0) y[i] = 0;
}
