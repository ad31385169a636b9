/** @file What stands on an encoder: heads for texts, for tokens, and for guessing masked words. */
import { greaterOrEqual } from '../autograd/ops/compare.js';
import { add } from '../autograd/ops/elementwise.js';
import { linearProduct } from '../autograd/ops/matmul.js';
import { reshape } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { dropout } from '../nn/dropout.js';
import { zeros } from '../nn/initialisers.js';
import { layerNorm } from '../nn/layer-norm.js';
import type { ForwardContext, ParameterSpec } from '../nn/module.js';
import type { Dim } from '../tensor/shape.js';
import { dense, type Encoder, WORD_EMBEDDINGS } from './encoder.js';
import { atPositions, MASKED_POSITIONS } from './masked-positions.js';
import type { BatchDims, Model, Signals } from './model.js';

/**
 * - `classification`: a text or a pair, logits [B, C]; with `num_labels` 1 it is a regression.
 * - `tokens`: a label for each token, logits [B, S, C].
 * - `masked-lm`: a word for each token, logits [B, S, V].
 */
export const HEADS = ['classification', 'tokens', 'masked-lm'] as const;
export type HeadName = (typeof HEADS)[number];

export type Head = {
  readonly parameters: readonly ParameterSpec[];
  readonly hasPooledOutput: boolean;
  /** hidden [B, S, H]; for a head that reads one token of it, `firstToken` makes that alone, [B, 1, H]. */
  forward(
    context: ForwardContext,
    hidden: Value,
    firstToken: () => Value,
  ): Pick<Signals, 'logits' | 'pooledOutput' | 'classRows'>;
};

type HeadSizes = { readonly width: number; readonly labels: number; readonly initializerRange: number };

type FirstTokenOptions = HeadSizes & {
  readonly dense: string;
  readonly classifier: string;
  readonly activation: (x: Value) => Value;
  /** Rates before the dense layer and before the classifier. */
  readonly dropout: { readonly dense: number; readonly classifier: number };
};

/** classifier(dropout(activation(dense(dropout(hidden of the first token))))); `pooledOutput` is what is activated. */
function firstTokenHead(options: FirstTokenOptions): Head {
  const { width: H, labels, initializerRange, activation } = options;
  const pooler = dense(options.dense, H, H, initializerRange);
  const classifier = dense(options.classifier, H, labels, initializerRange);
  const dropFirst = dropout('pooler.dropout', options.dropout.dense);
  const drop = dropout('classifier.dropout', options.dropout.classifier);
  return {
    parameters: [...pooler.parameters, ...classifier.parameters],
    hasPooledOutput: true,
    forward: (context, hidden, firstToken) => {
      const first = reshape(firstToken(), [hidden.shape[0] as Dim, H]);
      const pooledOutput = activation(pooler.forward(context, dropFirst.forward(context, first))); // [B, H]
      const logits = classifier.forward(context, drop.forward(context, pooledOutput)); // [B, C]
      return { logits, pooledOutput, classRows: context.parameters.get(`${options.classifier}.weight`) };
    },
  };
}

/** classifier(dropout(hidden)): [B, S, H] -> [B, S, C] */
function tokenHead({ width, labels, initializerRange, rate }: HeadSizes & { readonly rate: number }): Head {
  const classifier = dense('classifier', width, labels, initializerRange);
  const drop = dropout('classifier.dropout', rate);
  return {
    parameters: classifier.parameters,
    hasPooledOutput: false,
    forward: (context, hidden) => ({
      logits: classifier.forward(context, drop.forward(context, hidden)),
      classRows: context.parameters.get('classifier.weight'),
    }),
  };
}

type MaskedLmOptions = {
  readonly width: number;
  readonly vocabulary: number;
  readonly initializerRange: number;
  readonly epsilon: number;
  readonly dense: string;
  readonly norm: string;
  /** [V] */
  readonly bias: string;
  readonly activation: (x: Value) => Value;
};

/** norm(activation(dense(hidden))) times the word embeddings, plus a bias: [B, S, H] -> [B, S, V]. */
function maskedLmHead(options: MaskedLmOptions): Head {
  const { width, vocabulary, activation } = options;
  const transform = dense(options.dense, width, width, options.initializerRange);
  const norm = layerNorm(options.norm, width, options.epsilon);
  const bias = { name: options.bias, shape: [vocabulary], initialise: zeros };
  return {
    parameters: [...transform.parameters, ...norm.parameters, bias],
    hasPooledOutput: false,
    forward: (context, hidden) => {
      const { parameters } = context;
      const words = norm.forward(context, activation(transform.forward(context, hidden))); // [B, S, H]
      const classRows = parameters.get(`${WORD_EMBEDDINGS}.weight`); // [V, H]
      return { logits: add(linearProduct(words, classRows), parameters.get(bias.name)), classRows }; // -> [B, S, V]
    },
  };
}

/** What a family calls the parts of its heads, and how it runs them. */
export type FamilyHeads = HeadSizes & {
  readonly classification: Omit<FirstTokenOptions, keyof HeadSizes>;
  /** Rate before the classifier of tokens. */
  readonly tokens: { readonly rate: number };
  readonly 'masked-lm': Omit<MaskedLmOptions, keyof HeadSizes>;
};

/** The head of a name. @throws OptionError for a name of none. */
export function headNamed(owner: string, name: HeadName, family: FamilyHeads): Head {
  const makers: Readonly<Record<HeadName, () => Head>> = {
    classification: () => firstTokenHead({ ...family, ...family.classification }),
    tokens: () => tokenHead({ ...family, ...family.tokens }),
    'masked-lm': () => maskedLmHead({ ...family, ...family['masked-lm'] }),
  };
  if (Object.hasOwn(makers, name)) return makers[name]();
  throw new OptionError({ where: `${owner} head`, wanted: HEADS.join(', '), got: String(name) });
}

type EncoderModelParts = {
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly encoder: Encoder;
  readonly head: Head;
  /** Whether batches say which segment a token is of. */
  readonly hasTypes: boolean;
};

/** An encoder with a head, as a model. */
export function encoderModel({ kind, config, encoder, head, hasTypes }: EncoderModelParts): Model {
  const names = ['input_ids', 'attention_mask', ...(hasTypes ? ['token_type_ids'] : [])];
  return {
    kind,
    config,
    parameters: [...encoder.parameters, ...head.parameters],
    signals: [
      'logits',
      ...(head.hasPooledOutput ? (['pooledOutput'] as const) : []),
      'hiddenStates',
      'attentionScores',
      'queries',
      'keys',
      'values',
      'embeddings',
    ],
    inputs: ({ B, S }: BatchDims) => {
      if (S === undefined) {
        throw new ShapeError({ where: kind, wanted: 'a length S beside the batch B', got: 'B alone' });
      }
      return names.map((name) => ({ name, dtype: 'int64', shape: [B, S] }));
    },
    words: (context, { input_ids: ids }) => {
      if (ids === undefined) throw new ShapeError({ where: kind, wanted: "input 'input_ids'", got: 'none' });
      return { input_ids: encoder.words(context, ids) };
    },
    forward: (context, inputs, words) => {
      const [ids, attentionMask] = ['input_ids', 'attention_mask'].map((name) => {
        const value = inputs[name];
        if (value !== undefined) return value;
        throw new ShapeError({ where: kind, wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
      }) as [Value, Value];
      // Rows of a student without segments have none for its teacher: then all tokens are of type 0.
      const typeIds = hasTypes ? inputs.token_type_ids : undefined;
      const encoded = encoder.forward(context, {
        ids,
        attentionMask,
        ...(typeIds && { typeIds }),
        ...(words?.input_ids && { words: words.input_ids }),
      });
      const last = encoded.hiddenStates.at(-1) as Value;
      const asked = inputs[MASKED_POSITIONS];
      const { firstToken, ...layerSignals } = encoded;
      const signals = head.forward(context, asked === undefined ? last : atPositions(last, asked), firstToken);
      return {
        ...signals,
        ...layerSignals,
        embeddings: encoded.hiddenStates[0] as Value,
        attentionMask,
        ...(asked && { logitsMask: greaterOrEqual(asked, 0) }),
      };
    },
  };
}
