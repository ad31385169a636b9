/** @file What stands on an encoder: heads for texts, for tokens, and for guessing masked words. */
import { cast } from '../autograd/ops/compare.js';
import { add, div, maximum, mul, sqrt } from '../autograd/ops/elementwise.js';
import { linearProduct, matmul } from '../autograd/ops/matmul.js';
import { sum } from '../autograd/ops/reduce.js';
import { reshape, unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { OptionError } from '../errors/failures.js';
import { dropout } from '../nn/dropout.js';
import { zeros } from '../nn/initialisers.js';
import { layerNorm } from '../nn/layer-norm.js';
import type { ForwardContext, ParameterSpec } from '../nn/module.js';
import type { Dim } from '../tensor/shape.js';
import { dense, type EncoderConfig, WORD_EMBEDDINGS } from './encoder.js';
import type { Signals } from './model.js';

/**
 * - `classification`: a text or a pair, logits [B, C]; with `num_labels` 1 it is a regression.
 * - `mean`: the same of the mean over all tokens, as sentence encoders have it; `transformers` has no class for it.
 * - `tokens`: a label for each token, logits [B, S, C].
 * - `masked-lm`: a word for each token, logits [B, S, V].
 */
export const HEADS = ['classification', 'mean', 'tokens', 'masked-lm'] as const;
export type HeadName = (typeof HEADS)[number];

/** Whether a model answers one label or score for a text: those of other kinds than encoders have no head to name. */
export function isOfTexts({ head = 'classification' }: { readonly head?: unknown }): boolean {
  return head === 'classification' || head === 'mean';
}

/** What a model's config says of its head. */
export type HeadConfig = {
  readonly head: HeadName;
  readonly labels: number;
  /** Null: as `hiddenDropout`. */
  readonly classifierDropout: number | null;
};

/** What a family calls the parts of its heads, and how it runs them. */
export type FamilyHeads = {
  readonly classification: {
    readonly dense: string;
    readonly classifier: string;
    readonly activation: (x: Value) => Value;
    /** Rates before the dense layer and before the classifier. */
    readonly dropout: { readonly dense: number; readonly classifier: number };
  };
  /** Rate before the classifier of tokens. */
  readonly tokens: { readonly rate: number };
  readonly 'masked-lm': {
    readonly dense: string;
    readonly norm: string;
    /** [V] */
    readonly bias: string;
    readonly activation: (x: Value) => Value;
  };
};

type Shape = EncoderConfig & HeadConfig;

type Head = {
  readonly parameters: readonly ParameterSpec[];
  readonly hasPooledOutput: boolean;
  /** The last layer; absent where the word embeddings are it. */
  readonly classifier?: string;
  /** hidden [B, S, H], mask [B, S]; for a head that reads one token of it, `firstToken` makes that alone, [B, 1, H]. */
  forward(
    context: ForwardContext,
    hidden: Value,
    reads: { readonly firstToken: () => Value; readonly attentionMask: Value },
  ): Pick<Signals, 'logits' | 'pooledOutput' | 'classRows'>;
};

/** classifier(dropout(activation(dense(dropout(hidden of the first token))))); `pooledOutput` is what is activated. */
function firstTokenHead({ width: H, labels, initializerRange }: Shape, parts: FamilyHeads['classification']): Head {
  const pooler = dense(parts.dense, H, H, initializerRange);
  const classifier = dense(parts.classifier, H, labels, initializerRange);
  const dropFirst = dropout('pooler.dropout', parts.dropout.dense);
  const drop = dropout('classifier.dropout', parts.dropout.classifier);
  return {
    parameters: [...pooler.parameters, ...classifier.parameters],
    hasPooledOutput: true,
    classifier: parts.classifier,
    forward: (context, hidden, { firstToken }) => {
      const first = reshape(firstToken(), [hidden.shape[0] as Dim, H]);
      const pooledOutput = parts.activation(pooler.forward(context, dropFirst.forward(context, first))); // [B, H]
      const logits = classifier.forward(context, drop.forward(context, pooledOutput)); // [B, C]
      return { logits, pooledOutput, classRows: context.parameters.get(`${parts.classifier}.weight`) };
    },
  };
}

/** Below it the length of a mean is taken for this: that of a text without a token. */
const LEAST_LENGTH = 1e-12;

/**
 * classifier(dropout(u / |u|)), u = Σ_s m_s h_s / Σ_s m_s with m the attention mask; `pooledOutput` is u / |u|: what the sentence
 * encoders compare texts by (Reimers & Gurevych 2019, "Sentence-BERT", section 3), so that a linear model on it needs few labels.
 */
function meanHead({ width: H, labels, initializerRange }: Shape, parts: FamilyHeads['classification']): Head {
  const classifier = dense(parts.classifier, H, labels, initializerRange);
  const drop = dropout('classifier.dropout', parts.dropout.classifier);
  return {
    parameters: classifier.parameters,
    hasPooledOutput: true,
    classifier: parts.classifier,
    forward: (context, hidden, { attentionMask }) => {
      const mask = cast(attentionMask, { to: hidden.dtype }); // [B, S]
      const shares = div(mask, maximum(sum(mask, { axes: [1], keepDims: true }), 1));
      const mean = reshape(matmul(unsqueeze(shares, 1), hidden), [hidden.shape[0] as Dim, H]); // [B, 1, S] x [B, S, H] -> [B, H]
      const length = sqrt(maximum(sum(mul(mean, mean), { axes: [1], keepDims: true }), LEAST_LENGTH)); // [B, 1]
      const pooledOutput = div(mean, length); // [B, H]
      const logits = classifier.forward(context, drop.forward(context, pooledOutput)); // [B, C]
      return { logits, pooledOutput, classRows: context.parameters.get(`${parts.classifier}.weight`) };
    },
  };
}

/** classifier(dropout(hidden)): [B, S, H] -> [B, S, C] */
function tokenHead({ width, labels, initializerRange }: Shape, { rate }: FamilyHeads['tokens']): Head {
  const name = 'classifier';
  const classifier = dense(name, width, labels, initializerRange);
  const drop = dropout('classifier.dropout', rate);
  return {
    parameters: classifier.parameters,
    hasPooledOutput: false,
    classifier: name,
    forward: (context, hidden) => ({
      logits: classifier.forward(context, drop.forward(context, hidden)),
      classRows: context.parameters.get(`${name}.weight`),
    }),
  };
}

/** norm(activation(dense(hidden))) times the word embeddings, plus a bias: [B, S, H] -> [B, S, V]. */
function maskedLmHead({ width, vocabulary, initializerRange, epsilon }: Shape, parts: FamilyHeads['masked-lm']): Head {
  const transform = dense(parts.dense, width, width, initializerRange);
  const norm = layerNorm(parts.norm, width, epsilon);
  const bias = { name: parts.bias, shape: [vocabulary], initialise: zeros };
  return {
    parameters: [...transform.parameters, ...norm.parameters, bias],
    hasPooledOutput: false,
    forward: (context, hidden) => {
      const { parameters } = context;
      const words = norm.forward(context, parts.activation(transform.forward(context, hidden))); // [B, S, H]
      const classRows = parameters.get(`${WORD_EMBEDDINGS}.weight`); // [V, H]
      return { logits: add(linearProduct(words, classRows), parameters.get(bias.name)), classRows }; // -> [B, S, V]
    },
  };
}

/** The head that a shape names. @throws OptionError for a name of none. */
export function headOf(owner: string, shape: Shape, parts: FamilyHeads): Head {
  const makers: Readonly<Record<HeadName, () => Head>> = {
    classification: () => firstTokenHead(shape, parts.classification),
    mean: () => meanHead(shape, parts.classification),
    tokens: () => tokenHead(shape, parts.tokens),
    'masked-lm': () => maskedLmHead(shape, parts['masked-lm']),
  };
  if (Object.hasOwn(makers, shape.head)) return makers[shape.head]();
  throw new OptionError({ where: `${owner} head`, wanted: HEADS.join(', '), got: String(shape.head) });
}
