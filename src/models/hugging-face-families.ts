/** @file The families of encoders as `transformers` names them: `model_type`, classes, prefixes of tensors. */
import { bertDefaults } from './bert.js';
import { distilbertDefaults } from './distilbert.js';
import type { HeadName } from './heads.js';
import { robertaDefaults } from './roberta.js';

export type Family = {
  /** Of the encoder's tensors in a model with a head. */
  readonly prefix: string;
  /** Keys of a `config.json` and what `transformers` takes where one is missing; `head` and `num_labels` are ours. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly classes: Readonly<Record<HeadName, string>>;
};

const classes = (name: string): Family['classes'] => ({
  classification: `${name}ForSequenceClassification`,
  tokens: `${name}ForTokenClassification`,
  'masked-lm': `${name}ForMaskedLM`,
});

/** By `model_type`, which is also the kind of the model. */
export const FAMILIES = {
  bert: { prefix: 'bert.', defaults: bertDefaults, classes: classes('Bert') },
  roberta: {
    prefix: 'roberta.',
    // Of RobertaConfig; roberta-base, whose sizes are our defaults, differs from it.
    defaults: { ...robertaDefaults, layer_norm_eps: 1e-12, max_position_embeddings: 512, type_vocab_size: 2 },
    classes: classes('Roberta'),
  },
  distilbert: { prefix: 'distilbert.', defaults: distilbertDefaults, classes: classes('DistilBert') },
} as const satisfies Readonly<Record<string, Family>>;

export const HUGGING_FACE_TYPES: readonly string[] = Object.keys(FAMILIES);

/** @returns undefined for a type of no family. */
export function familyOf(type: string): Family | undefined {
  return Object.hasOwn(FAMILIES, type) ? FAMILIES[type as keyof typeof FAMILIES] : undefined;
}

/** The head that the first known class of a config's `architectures` has. */
export function headOf({ classes }: Family, architectures: readonly string[]): HeadName | undefined {
  const heads = Object.entries(classes) as [HeadName, string][];
  return heads.find(([, name]) => architectures.includes(name))?.[0];
}

/** Whether a parameter is of the encoder proper, so that no checkpoint may lack it. */
export function isOfEncoder(name: string): boolean {
  return /^(embeddings|encoder|transformer)\./.test(name);
}

/** Whether `transformers` puts a parameter below the family's prefix: the encoder, and BERT's pooler. */
export function isPrefixed(name: string): boolean {
  return isOfEncoder(name) || name.startsWith('pooler.');
}
