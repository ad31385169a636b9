/**
 * @file The body of the BERT family: a post-norm transformer encoder (Devlin et al. 2019, arXiv:1810.04805). Families
 * differ in the names of parameters, in where positions start, and in which dropouts they have.
 */
import { cast, equal, lessOrEqual, not } from '../autograd/ops/compare.js';
import { add, mul, sub } from '../autograd/ops/elementwise.js';
import { gather, oneHot, positions } from '../autograd/ops/indexing.js';
import { matmul } from '../autograd/ops/matmul.js';
import { softmax } from '../autograd/ops/normalise.js';
import { reshape, transpose } from '../autograd/ops/shaping.js';
import { slice } from '../autograd/ops/slicing.js';
import { scalar, type Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { dropout } from '../nn/dropout.js';
import { embedding } from '../nn/embedding.js';
import { normal, zeros } from '../nn/initialisers.js';
import { layerNorm } from '../nn/layer-norm.js';
import { linear } from '../nn/linear.js';
import type { ForwardContext, Layer, ParameterSpec } from '../nn/module.js';
import { type Dim, expectShape } from '../tensor/shape.js';

/** Sizes and rates; the names that a family's `config.json` has for them stand in its file. */
export type EncoderConfig = {
  readonly vocabulary: number;
  /** H */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** A */
  readonly heads: number;
  readonly innerWidth: number;
  readonly maxPositions: number;
  /** Rows of the table of segments; 0: the family has none. */
  readonly types: number;
  readonly padding: number;
  readonly activation: ActivationName;
  readonly epsilon: number;
  readonly initializerRange: number;
  readonly hiddenDropout: number;
  /** Of attention's probabilities. */
  readonly attentionDropout: number;
  /** Whether the output of attention has `hiddenDropout` too. */
  readonly dropsAttentionOutput: boolean;
  /**
   * `0`: a token's place in the row. `afterPadding`: RoBERTa's, padding + 1 at the first real token, and padding itself
   * at padding.
   */
  readonly positions: '0' | 'afterPadding';
};

/** Names of a layer's parts, below `LAYERS.i`. */
export type EncoderNames = Readonly<
  Record<
    'layers' | 'query' | 'key' | 'value' | 'attentionOutput' | 'attentionNorm' | 'inner' | 'output' | 'outputNorm',
    string
  >
>;

export type EncoderInputs = {
  /** int64 [B, S] */
  readonly ids: Value;
  /** 1 = real token, int64 [B, S] */
  readonly attentionMask: Value;
  /** int64 [B, S]; left out, all tokens are of type 0. */
  readonly typeIds?: Value;
  /** In place of the word table's rows, [B, S, H]. What is padding is then told by the mask, not by the ids. */
  readonly words?: Value;
};

export type Encoded = {
  /** L + 1 of [B, S, H]; the first is the embedding output. */
  readonly hiddenStates: readonly Value[];
  /** L of [B, A, S, S], before the mask and softmax. */
  readonly attentionScores: readonly Value[];
  /** L of [B, S, H] each, all heads side by side; queries are not yet scaled. */
  readonly queries: readonly Value[];
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
  /**
   * The last hidden state of the first token, [B, 1, H]: equal to that row of it, and made without the others. Where
   * nothing else reads those, that saves five sixths of a layer.
   */
  firstToken(): Value;
};

export type Encoder = {
  readonly parameters: readonly ParameterSpec[];
  /** ids [B, S] -> rows of the word table [B, S, H] */
  words(context: ForwardContext, ids: Value): Value;
  forward(context: ForwardContext, inputs: EncoderInputs): Encoded;
};

export const WORD_EMBEDDINGS = 'embeddings.word_embeddings';

/**
 * Added to the scores of padding: `torch.finfo(float32).min`, as in `transformers`. Any score vanishes beside it, so a
 * masked key has a probability and a gradient of exactly 0, and a row without one valid token stays finite.
 */
const MASKED = -3.4028234663852886e38;

/** The longest row that there are positions for. */
export function mostTokens({ maxPositions, padding, positions }: EncoderConfig): number {
  return positions === '0' ? maxPositions : maxPositions - padding - 1;
}

/** A `linear` that starts as the family's do. */
export function dense(name: string, from: number, to: number, initializerRange: number): Layer {
  return linear(name, from, to, { weight: normal(initializerRange), bias: zeros });
}

/** RoBERTa's position numbers: padding + 1, padding + 2, … for tokens that are not padding. isReal [B, S] -> [B, S] */
function positionsAfterPadding(isReal: Value, padding: number): Value {
  const S = isReal.shape[1] as Dim;
  const isToken = cast(isReal, { to: 'float32' }); // [B, S]
  const numbers = positions(isReal, { axis: 1 });
  const upTo = cast(lessOrEqual(reshape(numbers, [S, 1]), reshape(numbers, [1, S])), { to: 'float32' }); // [S, S]
  const counted = mul(matmul(isToken, upTo), isToken); // [B, S] x [S, S]: counts are exact in float32
  return add(cast(counted, { to: 'int64' }), padding);
}

/** Embeddings of words, segments and positions, added and normalised: ids [B, S] -> [B, S, H]. */
function embeddings(owner: string, config: EncoderConfig) {
  const { width: H, maxPositions, types, padding } = config;
  const weight = normal(config.initializerRange);
  const words = embedding(WORD_EMBEDDINGS, config.vocabulary, H, { weight, paddingIndex: padding });
  const startsAtZero = config.positions === '0';
  const positionTable = { name: 'embeddings.position_embeddings.weight', shape: [maxPositions, H], initialise: weight };
  const placed = embedding('embeddings.position_embeddings', maxPositions, H, { weight, paddingIndex: padding });
  const typeTable = { name: 'embeddings.token_type_embeddings.weight', shape: [types, H], initialise: weight };
  const norm = layerNorm('embeddings.LayerNorm', H, config.epsilon);
  const drop = dropout('embeddings.dropout', config.hiddenDropout);
  const longest = mostTokens(config);

  const positionRows = (context: ForwardContext, { ids, attentionMask, words: given }: EncoderInputs): Value => {
    const S = ids.shape[1] as Dim;
    if (typeof S === 'number' && S > longest) {
      throw new ShapeError({
        where: owner,
        wanted: `at most ${longest} tokens (max_position_embeddings)`,
        got: String(S),
        fix: 'truncate the texts',
      });
    }
    if (!startsAtZero) {
      const isReal = given === undefined ? not(equal(ids, scalar(padding, 'int64'))) : attentionMask;
      return placed.forward(context, positionsAfterPadding(isReal, padding)); // [B, S, H]
    }
    const table = context.parameters.get(positionTable.name);
    if (typeof S === 'string') return gather(table, positions(ids, { axis: 1 })); // [S, H]
    return slice(table, { axis: 0, start: 0, end: S });
  };

  const typeRows = ({ parameters }: ForwardContext, typeIds: Value | undefined): Value => {
    const table = parameters.get(typeTable.name);
    if (typeIds === undefined) return slice(table, { axis: 0, start: 0, end: 1 }); // [1, H]
    // A product with one-hot rows: its gradient is a product too, where a gather's would be a slow scatter.
    return matmul(oneHot(typeIds, types, table.dtype), table); // [B, S, types] x [types, H] -> [B, S, H]
  };

  return {
    parameters: [
      ...words.parameters,
      ...(startsAtZero ? [positionTable] : placed.parameters),
      ...(types === 0 ? [] : [typeTable]),
      ...norm.parameters,
    ],
    words: (context: ForwardContext, ids: Value): Value => words.forward(context, ids), // [B, S] -> [B, S, H]
    forward: (context: ForwardContext, inputs: EncoderInputs): Value => {
      const word = inputs.words ?? words.forward(context, inputs.ids); // [B, S, H]
      const typed = types === 0 ? word : add(word, typeRows(context, inputs.typeIds));
      return drop.forward(context, norm.forward(context, add(typed, positionRows(context, inputs))));
    },
  };
}

type EncoderLayer = {
  readonly parameters: readonly ParameterSpec[];
  /**
   * x [B, S, H], maskBias [B, 1, 1, S] -> [B, S, H], the scores before the mask [B, A, S, S], and what they and the
   * output of attention are made from, [B, S, H] each; and the same for the first token alone, [B, 1, H].
   */
  forward(
    context: ForwardContext,
    x: Value,
    maskBias: Value,
  ): Readonly<Record<LayerSignal, Value>> & { firstOutput(): Value };
};

type LayerSignal = 'output' | 'scores' | 'queries' | 'keys' | 'values';

function encoderLayer(prefix: string, config: EncoderConfig, names: EncoderNames): EncoderLayer {
  const { width: H, heads: A, innerWidth: F, epsilon, initializerRange } = config;
  const D = H / A;
  const named = (name: string, from: number, to: number): Layer =>
    dense(`${prefix}.${name}`, from, to, initializerRange);
  const query = named(names.query, H, H);
  const key = named(names.key, H, H);
  const value = named(names.value, H, H);
  const dropProbs = dropout(`${prefix}.attention.self.dropout`, config.attentionDropout);
  const attentionOutput = named(names.attentionOutput, H, H);
  const dropAttention = dropout(
    `${prefix}.attention.output.dropout`,
    config.dropsAttentionOutput ? config.hiddenDropout : 0,
  );
  const attentionNorm = layerNorm(`${prefix}.${names.attentionNorm}`, H, epsilon);
  const inner = named(names.inner, H, F);
  const activation = ACTIVATIONS[config.activation];
  const output = named(names.output, F, H);
  const dropOutput = dropout(`${prefix}.output.dropout`, config.hiddenDropout);
  const outputNorm = layerNorm(`${prefix}.${names.outputNorm}`, H, epsilon);
  const layers = [query, key, value, attentionOutput, attentionNorm, inner, output, outputNorm];

  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    forward: (context, x, maskBias) => {
      const [B] = expectShape(x, ['B', 'S', H], prefix) as [Dim, Dim, Dim];
      const heads = (y: Value, order: readonly number[]) => transpose(reshape(y, [B, y.shape[1] as Dim, A, D]), order);
      const keys = key.forward(context, x); // [B, S, H]
      const values = value.forward(context, x); // [B, S, H]
      const k = heads(keys, [0, 2, 3, 1]); // [B, A, D, S]
      const v = heads(values, [0, 2, 1, 3]); // [B, A, S, D]
      /** The layer's output at R of the tokens, which look at all S: [B, R, H] -> [B, R, H]. */
      const outputAt = (tokens: Value, own: ForwardContext) => {
        const queries = query.forward(own, tokens); // [B, R, H]
        const q = heads(mul(queries, 1 / Math.sqrt(D)), [0, 2, 1, 3]); // [B, A, R, D]
        const scores = matmul(q, k); // [B, A, R, D] x [B, A, D, S] -> [B, A, R, S]
        const probs = dropProbs.forward(own, softmax(add(scores, maskBias), { axis: -1 }));
        const mixed = matmul(probs, v); // [B, A, R, S] x [B, A, S, D] -> [B, A, R, D]
        const joined = reshape(transpose(mixed, [0, 2, 1, 3]), tokens.shape);
        const attended = dropAttention.forward(own, attentionOutput.forward(own, joined));
        const hidden = attentionNorm.forward(own, add(attended, tokens)); // [B, R, H]
        const wide = activation(inner.forward(own, hidden)); // [B, R, F]
        const narrow = dropOutput.forward(own, output.forward(own, wide)); // [B, R, H]
        return { output: outputNorm.forward(own, add(narrow, hidden)), scores, queries };
      };
      const firstOutput = () => {
        const first = slice(x, { axis: 1, start: 0, end: 1 }); // [B, 1, H]
        return outputAt(first, { ...context, dropout: (y, rate, site) => context.dropout(y, rate, site, x) }).output;
      };
      return { ...outputAt(x, context), keys, values, firstOutput };
    },
  };
}

/**
 * Embeddings and L layers. Parameters bear the names of the family's base model in `transformers` (`BertModel` …).
 * @param owner the family, for error messages.
 */
export function encoder(owner: string, config: EncoderConfig, names: EncoderNames): Encoder {
  const embedded = embeddings(owner, config);
  const layers = Array.from({ length: config.layers }, (_, i) => encoderLayer(`${names.layers}.${i}`, config, names));
  return {
    parameters: [embedded, ...layers].flatMap((part) => part.parameters),
    words: embedded.words,
    forward: (context, inputs) => {
      const [B, S] = expectShape(inputs.ids, ['B', 'S'], `${owner} input_ids`) as [Dim, Dim];
      let hidden = embedded.forward(context, inputs); // [B, S, H]
      const isPadding = sub(1, cast(inputs.attentionMask, { to: hidden.dtype }));
      const maskBias = reshape(mul(isPadding, MASKED), [B, 1, 1, S]);
      const embeddingOutput = hidden;
      const traced = layers.map((layer) => {
        const signals = layer.forward(context, hidden, maskBias);
        hidden = signals.output;
        return signals;
      });
      const each = (signal: LayerSignal): Value[] => traced.map((signals) => signals[signal]);
      return {
        hiddenStates: [embeddingOutput, ...each('output')],
        attentionScores: each('scores'),
        queries: each('queries'),
        keys: each('keys'),
        values: each('values'),
        firstToken: () => traced.at(-1)?.firstOutput() ?? slice(hidden, { axis: 1, start: 0, end: 1 }),
      };
    },
  };
}
