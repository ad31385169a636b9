/**
 * @file A family of encoders is one entry: what the keys of its config mean, what `transformers` calls its parts, and what
 * its heads are made of. Its models, their checks and schema, and all that is done to its checkpoints follow from it.
 */
import { greaterOrEqual } from '../autograd/ops/compare.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { ACTIVATIONS } from '../nn/activations.js';
import { type ConfigValue, type ConfigValues, checkSizes } from './config-values.js';
import { type EncoderConfig, type EncoderNames, encoder, mostTokens } from './encoder.js';
import { type FamilyHeads, type HeadConfig, type HeadName, headOf } from './heads.js';
import { atPositions, MASKED_POSITIONS } from './masked-positions.js';
import type { BatchDims, Model } from './model.js';

/** An encoder and its head in our words, whatever the family's config calls them. */
export type Shape = EncoderConfig & HeadConfig;

/** What a key of a config may say, and what it may hold. */
const ROLES = {
  vocabulary: 'size',
  width: 'size',
  layers: 'count',
  heads: 'count',
  innerWidth: 'size',
  maxPositions: 'size',
  types: 'size',
  padding: 'id',
  activation: 'activation',
  epsilon: 'positive',
  initializerRange: 'notNegative',
  hiddenDropout: 'rate',
  attentionDropout: 'rate',
  classifierDropout: 'rate',
  labels: 'size',
  head: 'head',
} as const satisfies Partial<Record<keyof Shape, ConfigValue>>;

export type Role = keyof typeof ROLES;

/** The role of each key, one that its type fits. */
type ConfigRoles<C> = { readonly [K in keyof C]-?: { [R in Role]: C[K] extends Shape[R] ? R : never }[Role] };

export type FamilyEntry<C, Roles extends ConfigRoles<C>> = {
  /** As checkpoints record it: `model_type` in a `config.json` of `transformers`. */
  readonly kind: string;
  /** As people write it. */
  readonly title: string;
  readonly defaults: C;
  readonly roles: Roles;
  /** What no key says: it is the same in all models of the family. */
  readonly fixed: Omit<Shape, Roles[keyof C]>;
  readonly names: EncoderNames;
  heads(shape: Shape): FamilyHeads;
  /** Whether batches say which segment a token is of. */
  readonly readsSegments: boolean;
  readonly huggingFace: {
    /** Of the encoder's tensors in a model with a head. */
    readonly prefix: string;
    /** What the classes begin with: `Bert` of `BertForMaskedLM`. */
    readonly className: string;
    /** What `transformers` takes for a missing key, where that differs from ours. */
    readonly defaults?: Partial<C>;
  };
};

/** The classes of `transformers`, by head. */
export type HubClasses = Readonly<Record<Exclude<HeadName, 'mean'>, string> & { readonly mean?: undefined }>;

/** The function that makes a family's models, and what else is known of them. */
export type EncoderFamily<C = Model['config']> = ((config?: Partial<C>) => Model) & {
  readonly title: string;
  readonly roles: Readonly<Record<string, Role>>;
  readonly values: ConfigValues<C>;
  /** The key of the config that says how wide its hidden states are. */
  readonly widthKey: string;
  /** The key of the config that counts the layers, and what the parameters of one begin with, before its number from 0. */
  readonly layers: { readonly key: string; readonly prefix: string };
  readonly huggingFace: {
    readonly prefix: string;
    /** Without those that `transformers` has no class for. */
    readonly classes: HubClasses;
    /** All keys of a `config.json` that shape the network; `head` and `num_labels` are ours. */
    readonly defaults: C;
  };
  /** Whether a parameter is of the encoder proper, so that no checkpoint may lack it. */
  isOfEncoder(name: string): boolean;
  /** Whether `transformers` puts a parameter below the family's prefix: the encoder, and a pooler. All else is the head. */
  isPrefixed(name: string): boolean;
  /** The last layer of a head; undefined where the word embeddings are it. */
  classifierOf(head: HeadName): string | undefined;
};

/** The family of an entry. Its models are checked when they are made: OptionError for a config that makes no network. */
export function encoderFamily<C extends object, const Roles extends ConfigRoles<C>>(
  entry: FamilyEntry<C, Roles>,
): EncoderFamily<C> {
  const { kind, title, defaults, names } = entry;
  const roles = entry.roles as Readonly<Record<keyof C & string, Role>>;
  const keys = Object.keys(roles) as (keyof C & string)[];
  const values = Object.fromEntries(
    keys.map((key) => [key, defaults[key] === null ? 'rateOrNull' : ROLES[roles[key]]]),
  ) as ConfigValues<C>;
  const keyOf = (role: Role): string => keys.find((key) => roles[key] === role) ?? role;
  const fixed: Partial<Shape> = entry.fixed;
  const shapeOf = (config: C): Shape =>
    ({ ...fixed, ...Object.fromEntries<unknown>(keys.map((key) => [roles[key], config[key]])) }) as Shape;

  const make = (config: Partial<C> = {}): Model => {
    const whole: C = { ...defaults, ...config };
    checkSizes(kind, whole, values);
    const shape = shapeOf(whole);
    checkShape(kind, shape, keyOf);
    return encoderModel(kind, whole, shape, entry);
  };

  const isOfEncoder = (name: string): boolean =>
    ['embeddings', ...names.layers.split('.', 1)].some((part) => name.startsWith(`${part}.`));
  const { prefix, className } = entry.huggingFace;
  return Object.assign(make, {
    title,
    roles,
    values,
    widthKey: keyOf('width'),
    layers: { key: keyOf('layers'), prefix: `${names.layers}.` },
    huggingFace: {
      prefix,
      defaults: { ...defaults, ...entry.huggingFace.defaults },
      classes: {
        classification: `${className}ForSequenceClassification`,
        tokens: `${className}ForTokenClassification`,
        'masked-lm': `${className}ForMaskedLM`,
      },
    },
    isOfEncoder,
    isPrefixed: (name: string) => isOfEncoder(name) || name.startsWith('pooler.'),
    classifierOf: (head: HeadName) =>
      headOf(kind, { ...shapeOf(defaults), head }, entry.heads(shapeOf(defaults))).classifier,
  });
}

function checkShape(owner: string, { width, heads, activation }: Shape, keyOf: (role: Role) => string): void {
  if (width % heads !== 0) {
    const wanted = `a divisor of ${keyOf('width')} ${width}`;
    throw new OptionError({ where: `${owner} ${keyOf('heads')}`, wanted, got: String(heads) });
  }
  if (!Object.hasOwn(ACTIVATIONS, String(activation))) {
    const wanted = Object.keys(ACTIVATIONS).join(', ');
    throw new OptionError({ where: `${owner} ${keyOf('activation')}`, wanted, got: String(activation) });
  }
}

type Parts = Pick<FamilyEntry<never, never>, 'names' | 'heads' | 'readsSegments'>;

/** An encoder with a head, as a model. */
function encoderModel(kind: string, config: object, shape: Shape, { names, heads, readsSegments }: Parts): Model {
  const body = encoder(kind, shape, names);
  const head = headOf(kind, shape, heads(shape));
  const inputNames = ['input_ids', 'attention_mask', ...(readsSegments ? ['token_type_ids'] : [])];
  return {
    kind,
    config: { ...config },
    parameters: [...body.parameters, ...head.parameters],
    maxTokens: mostTokens(shape),
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
        throw new ShapeError({ where: kind, wanted: 'inputs [B, S]', got: '[B]' });
      }
      return inputNames.map((name) => ({ name, dtype: 'int64', shape: [B, S] }));
    },
    words: (context, { input_ids: ids }) => {
      if (ids === undefined) throw new ShapeError({ where: kind, wanted: "input 'input_ids'", got: 'none' });
      return { input_ids: body.words(context, ids) };
    },
    forward: (context, inputs, words) => {
      const [ids, attentionMask] = ['input_ids', 'attention_mask'].map((name) => {
        const value = inputs[name];
        if (value !== undefined) return value;
        throw new ShapeError({ where: kind, wanted: `input '${name}'`, got: Object.keys(inputs).join(', ') });
      }) as [Value, Value];
      // Rows of a student without segments have none for its teacher: then all tokens are of type 0.
      const typeIds = readsSegments ? inputs.token_type_ids : undefined;
      const encoded = body.forward(context, {
        ids,
        attentionMask,
        ...(typeIds && { typeIds }),
        ...(words?.input_ids && { words: words.input_ids }),
      });
      const last = encoded.hiddenStates.at(-1) as Value;
      const asked = inputs[MASKED_POSITIONS];
      const { firstToken, ...layerSignals } = encoded;
      const hidden = asked === undefined ? last : atPositions(last, asked);
      const signals = head.forward(context, hidden, { firstToken, attentionMask });
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
