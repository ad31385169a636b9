/** @file The JSON of a Hugging Face model folder, checked where bytes become objects. */
import { z } from 'zod';

/** First, so that a model of another kind is reported as that. */
export const modelTypeSchema = z.looseObject({ model_type: z.string().max(200) });

const MAX_LABELS = 100_000;

/** What besides the network's own sizes is read of a `config.json`. */
export const configSchema = z.looseObject({
  architectures: z.array(z.string().max(200)).max(10).nullish(),
  id2label: z
    .record(z.string(), z.union([z.string(), z.number()]).transform(String))
    .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `more than ${MAX_LABELS} labels`)
    .nullish(),
  num_labels: z.int().min(1).max(MAX_LABELS).nullish(),
  // What is computed otherwise than `bert` does.
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
  add_cross_attention: z.literal(false).nullish(),
});

export type HuggingFaceConfig = z.infer<typeof configSchema>;

/** A file's name and nothing more: the index may be a stranger's, and must not lead out of its folder. */
const shardName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,199}\.safetensors$/, 'wanted the name of a .safetensors file beside it');

export const indexSchema = z.looseObject({ weight_map: z.record(z.string(), shardName) });
