/** @file The JSON of a saved model, checked where bytes become objects. */
import { z } from 'zod';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { bert } from './bert.js';
import { bilstm } from './bilstm.js';
import { distilbert } from './distilbert.js';
import { HEADS } from './heads.js';
import { mlp } from './mlp.js';
import type { Model } from './model.js';
import { MODEL_FORMAT } from './model-format.js';
import { MULTI_TASK, multiTask } from './multi-task.js';
import { roberta } from './roberta.js';
import type { ModelKind } from './table.js';

/** Sizes beyond these are no model that anybody trained; a hostile file must not make us build one. */
const size = z.int().min(1).max(1e8);
const layers = z.int().min(1).max(1000);
const rate = z.number().min(0).max(1);

const mlpConfig = z.strictObject({
  inputs: size,
  hidden: z.array(size).max(1000),
  classes: size,
  mean: z.number(),
  std: z.number().positive(),
});

const activation = z.enum(Object.keys(ACTIVATIONS) as [ActivationName, ...ActivationName[]]);
/** Models from before there were others have none. */
const head = z.enum(HEADS).default('classification');

const bertConfig = z.strictObject({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: layers,
  num_attention_heads: layers,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size,
  hidden_act: activation,
  layer_norm_eps: z.number().positive(),
  hidden_dropout_prob: rate,
  attention_probs_dropout_prob: rate,
  classifier_dropout: rate.nullable(),
  initializer_range: z.number().min(0),
  pad_token_id: z.int().min(0),
  num_labels: size,
  head,
});

const distilbertConfig = z.strictObject({
  vocab_size: size,
  dim: size,
  n_layers: layers,
  n_heads: layers,
  hidden_dim: size,
  max_position_embeddings: size,
  activation,
  dropout: rate,
  attention_dropout: rate,
  seq_classif_dropout: rate,
  initializer_range: z.number().min(0),
  pad_token_id: z.int().min(0),
  num_labels: size,
  head,
});

const bilstmConfig = z.strictObject({
  vocab_size: size,
  embedding_size: size,
  hidden_size: size,
  dense_size: size,
  dropout: rate,
  pad_token_id: z.int().min(0),
  num_labels: size,
  is_pair: z.boolean(),
});

const taskHead = z
  .strictObject({
    head: z.enum(['classification', 'tokens']),
    num_labels: size,
    labels: z.array(z.string()),
    scores: z.strictObject({ zero: z.number(), one: z.number() }).optional(),
    readsPairs: z.boolean().optional(),
  })
  .transform(({ scores, readsPairs, ...head }) => ({
    ...head,
    ...(scores && { scores }),
    ...(readsPairs !== undefined && { readsPairs }),
  }));

const encoders = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bert'), config: bertConfig }),
  z.strictObject({ kind: z.literal('roberta'), config: bertConfig }),
  z.strictObject({ kind: z.literal('distilbert'), config: distilbertConfig }),
]);

const multiTaskConfig = z.strictObject({ encoder: encoders, tasks: z.record(z.string().max(200), taskHead) });

/** From a config that has been read to the model. */
const models = {
  mlp: mlpConfig.transform((config): Model => mlp(config)),
  bert: bertConfig.transform((config): Model => bert(config)),
  roberta: bertConfig.transform((config): Model => roberta(config)),
  distilbert: distilbertConfig.transform((config): Model => distilbert(config)),
  bilstm: bilstmConfig.transform((config): Model => bilstm(config)),
  [MULTI_TASK]: multiTaskConfig.transform((config): Model => multiTask(config)),
} satisfies Record<ModelKind, z.ZodType<Model>>;

export const MODEL_KINDS: readonly string[] = Object.keys(models);

/** The schema that turns a config of this kind into its model, or undefined for an unknown kind. */
export function modelSchema(kind: string): z.ZodType<Model> | undefined {
  return Object.hasOwn(models, kind) ? models[kind as ModelKind] : undefined;
}

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const versionSchema = z.looseObject({ format: z.literal(MODEL_FORMAT.name), version: z.int().min(1) });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');

export const savedModelSchema = z.strictObject({
  format: z.literal(MODEL_FORMAT.name),
  version: z.literal(MODEL_FORMAT.version),
  /** The retort that wrote it. */
  retort: z.string().max(100),
  model: z.strictObject({ kind: z.string().max(100), config: z.record(z.string(), z.unknown()) }),
  /** What it was trained with; absent for a model that was not. */
  method: z.strictObject({ name: z.string().max(200), options: z.record(z.string(), z.unknown()) }).optional(),
  /** In the order of the classes; empty where they have no names. */
  labelNames: z.array(z.string()),
  /** Of a model of texts, whether it was trained on two texts a row. */
  readsPairs: z.boolean().optional(),
  /** Of the weights; see `weightsHash`. */
  weights: z.strictObject({ sha256 }),
});

export type SavedModelJson = z.infer<typeof savedModelSchema>;
