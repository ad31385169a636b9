/**
 * @file A static student: a vector and a weight for each token, their mean, hidden layers, logits; no word sees another.
 * The recipe is model2vec's (Tulkens & van Dongen 2024, github.com/MinishLab/model2vec), which trains the weight of a token
 * through a sigmoid, too; a pair is compared as InferSent does (Conneau et al. 2017, arXiv:1705.02364).
 *   v_s = σ(θ[id_s]) · E[id_s]
 *   u = Σ_s m_s v_s / Σ_s m_s      over the tokens of a text, m the attention mask
 *   with n-grams of tokens, g_n,s the bucket of the n tokens from s on (fastText: Joulin et al. 2016, arXiv:1607.01759), the sum has
 *   also  Σ_n Σ_s G[g_n,s]    over those whose tokens are all of the text
 *   one text:  logits = W_L dropout(… relu(W_1 dropout(u) + b_1) …) + b_L
 *   a pair:    the same with [u; v; |u − v|; u ⊙ v] for u; both texts have one table
 * Departures: u is divided by the number of tokens, as model2vec does, and not brought to length 1 thereafter, so that how
 * much a text says of a class remains in it; dividing by Σ m σ(θ) would tie a word's share to the words around it, and what
 * mixes two texts' v_s (MixKD) would not mix u. fastText divides by tokens and n-grams, here the divisor is that of tokens alone.
 */
import { cast } from '../autograd/ops/compare.js';
import { abs, add, div, maximum, mul, relu, sigmoid, sub } from '../autograd/ops/elementwise.js';
import { ngramBuckets } from '../autograd/ops/indexing.js';
import { matmul } from '../autograd/ops/matmul.js';
import { sum } from '../autograd/ops/reduce.js';
import { reshape, unsqueeze } from '../autograd/ops/shaping.js';
import { concat } from '../autograd/ops/slicing.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { dropout } from '../nn/dropout.js';
import { embedding } from '../nn/embedding.js';
import { uniform, zeros } from '../nn/initialisers.js';
import { linear } from '../nn/linear.js';
import type { ForwardContext } from '../nn/module.js';
import { type Dim, expectShape } from '../tensor/shape.js';
import { type ConfigValues, checkSizes } from './config-values.js';
import type { Model, ModelInput, Signals, WordVectors } from './model.js';

export type StaticConfig = {
  readonly vocab_size: number;
  /** d, the width of a token's vector. */
  readonly embedding_size: number;
  /** Widths of the layers between the mean and the logits, first to last; none for a linear classifier. */
  readonly hidden_sizes: readonly number[];
  /** Before each layer. */
  readonly dropout: number;
  /** Of tokens and n-grams, which do not count in the mean then, while those that stay count 1 / (1 − rate) times. */
  readonly token_dropout: number;
  /** n of the n-grams of tokens that have vectors, too; none for tokens alone. */
  readonly ngram_sizes: readonly number[];
  /** N, what these are hashed to; 0 without n-grams. */
  readonly ngram_buckets: number;
  readonly pad_token_id: number;
  readonly num_labels: number;
  /** Whether an example is two texts, each an input of its own. */
  readonly is_pair: boolean;
};

export const staticDefaults: StaticConfig = {
  vocab_size: 30522,
  embedding_size: 256,
  hidden_sizes: [64],
  dropout: 0.1,
  token_dropout: 0,
  ngram_sizes: [],
  ngram_buckets: 0,
  pad_token_id: 0,
  num_labels: 2,
  is_pair: false,
};

/**
 * Inputs, int64 [B, S]: `input_ids`, `attention_mask` (1 = real token); for pairs also `input_ids_b`, `attention_mask_b` of
 * the second text, which may have another length. B and S may be names, for export. Parameters: `embed.weight` [V, d], new
 * from U(±0.25) with a padding row of zeros; `token_weight.weight` [V, 1], θ, new 0, which is the weight ½; with n-grams
 * `ngrams.weight` [N + 1, d], G, new zeros, whose row 0 stays so: that of no n-gram; `fc1.*`, `fc2.*` …, the last of them
 * the classifier.
 *
 * @param config what differs from `staticDefaults`.
 * @throws OptionError for sizes that make no network.
 */
export function staticModel(config: Partial<StaticConfig> = {}): Model {
  const whole: StaticConfig = { ...staticDefaults, ...config };
  checkSizes('static', whole, staticModel.values);
  const { vocab_size: V, embedding_size: d, hidden_sizes: hidden, is_pair: isPair } = whole;
  const { ngram_sizes: grams, ngram_buckets: buckets } = whole;
  const short = grams.find((n) => !(Number.isInteger(n) && n >= 2));
  if (short !== undefined) {
    throw new OptionError({ where: 'static ngram_sizes', wanted: 'integers ≥ 2', got: String(short) });
  }
  if (grams.length > 0 !== buckets > 0) {
    const wanted = grams.length > 0 ? 'an integer ≥ 1, since there are n-grams' : '0, since there are no n-grams';
    throw new OptionError({ where: 'static ngram_buckets', wanted, got: String(buckets) });
  }
  const narrow = hidden.find((width) => !(Number.isInteger(width) && width >= 1));
  if (narrow !== undefined) {
    throw new OptionError({ where: 'static hidden_sizes', wanted: 'integers ≥ 1', got: String(narrow) });
  }
  const vectors = embedding('embed', V, d, { weight: uniform(-0.25, 0.25), paddingIndex: whole.pad_token_id });
  const logOdds = embedding('token_weight', V, 1, { weight: zeros });
  const ngrams = embedding('ngrams', buckets + 1, d, { weight: zeros, paddingIndex: 0 });
  const widths = [(isPair ? 4 : 1) * d, ...hidden, whole.num_labels];
  const layers = widths.slice(1).map((width, i) => ({
    drop: dropout(`dropout${i + 1}`, whole.dropout),
    linear: linear(`fc${i + 1}`, widths[i] as number, width),
  }));

  const given = (inputs: Readonly<Record<string, Value>>, name: string): Value => {
    const value = inputs[name];
    if (value !== undefined) return value;
    throw new ShapeError({ where: 'static', wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
  };
  const texts = isPair ? ['', '_b'] : [''];
  const lookUp = (context: ForwardContext, inputs: Readonly<Record<string, Value>>): WordVectors =>
    Object.fromEntries(
      texts.flatMap((text) => {
        const ids = given(inputs, `input_ids${text}`);
        expectShape(ids, ['B', 'S'], `static input_ids${text}`);
        const words = mul(vectors.forward(context, ids), sigmoid(logOdds.forward(context, ids))); // [B, S, d]
        const mask = grams.length > 0 ? given(inputs, `attention_mask${text}`) : ids;
        const ofGrams = grams.map((n) => ngrams.forward(context, ngramBuckets(ids, mask, { n, buckets }))); // [B, S, d]
        return [
          [`input_ids${text}`, words],
          ...ofGrams.map((rows, i) => [gramsOf(text, grams[i] as number), rows] as const),
        ];
      }),
    );
  /** words [B, S, d], attention mask [B, S] -> their mean [B, d], n-grams added; of a text without a token zero. */
  const pool = (
    context: ForwardContext,
    words: WordVectors,
    inputs: Readonly<Record<string, Value>>,
    text: string,
  ): Value => {
    const mean = given(words, `input_ids${text}`);
    const [B] = expectShape(mean, ['B', 'S', d], 'static words') as [Dim, Dim, Dim];
    const mask = cast(given(inputs, `attention_mask${text}`), { to: mean.dtype }); // [B, S]
    const counted = maximum(sum(mask, { axes: [1], keepDims: true }), 1); // [B, 1]
    const shares = div(mask, counted);
    const sumOf = (name: string): Value => {
      const kept = context.dropout(shares, whole.token_dropout, `token_dropout/${name}`);
      return reshape(matmul(unsqueeze(kept, 1), given(words, name)), [B, d]); // [B, 1, S] x [B, S, d] -> [B, d]
    };
    return grams.reduce((total, n) => add(total, sumOf(gramsOf(text, n))), sumOf(`input_ids${text}`));
  };
  const classify = (context: ForwardContext, pooled: Value): Pick<Signals, 'logits' | 'pooledOutput' | 'classRows'> => {
    let x = pooled;
    let read = pooled;
    for (const [i, layer] of layers.entries()) {
      read = i === 0 ? x : relu(x); // [B, widths[i]]
      x = layer.linear.forward(context, layer.drop.forward(context, read)); // -> [B, widths[i + 1]]
    }
    return { logits: x, pooledOutput: read, classRows: context.parameters.get(`fc${layers.length}.weight`) };
  };

  return {
    kind: 'static',
    config: whole,
    parameters: [vectors, logOdds, ...(buckets > 0 ? [ngrams] : []), ...layers.map((layer) => layer.linear)].flatMap(
      (part) => part.parameters,
    ),
    sort: 'static',
    signals: isPair ? ['logits', 'pooledOutput'] : ['logits', 'pooledOutput', 'embeddings'],
    inputs: ({ B, S, S2 = S }) => {
      if (S === undefined || S2 === undefined) {
        throw new ShapeError({ where: 'static', wanted: 'inputs [B, S]', got: '[B]' });
      }
      const text = (suffix: string, length: Dim): ModelInput[] =>
        ['input_ids', 'attention_mask'].map((name) => ({ name: name + suffix, dtype: 'int64', shape: [B, length] }));
      return isPair ? [...text('', S), ...text('_b', S2)] : text('', S);
    },
    words: lookUp,
    forward: (context, inputs, words = lookUp(context, inputs)) => {
      const u = pool(context, words, inputs, '');
      if (!isPair) {
        return {
          ...classify(context, u),
          embeddings: given(words, 'input_ids'),
          attentionMask: given(inputs, 'attention_mask'),
        };
      }
      const v = pool(context, words, inputs, '_b');
      return classify(context, concat([u, v, abs(sub(u, v)), mul(u, v)], { axis: 1 })); // [B, 4d]
    },
  };
}

/** What the vectors of a text's n-grams are called among its word vectors. */
function gramsOf(text: string, n: number): string {
  return `${n}-grams${text}`;
}

staticModel.values = {
  vocab_size: 'size',
  embedding_size: 'size',
  hidden_sizes: 'sizes',
  dropout: 'rate',
  token_dropout: 'rate',
  ngram_sizes: 'sizes',
  ngram_buckets: 'sizeOrNone',
  pad_token_id: 'id',
  num_labels: 'size',
  is_pair: 'flag',
} satisfies ConfigValues<StaticConfig>;
