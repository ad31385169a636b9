/** @file The JSON of a saved model, checked where bytes become objects. */
import { z } from 'zod';
import { ACTIVATIONS, type ActivationName } from '../nn/activations.js';
import { type FileReading, isFileReading } from '../options/file-reading.js';
import { isQuestion, type Question } from '../options/question.js';
import type { ConfigValue } from './config-values.js';
import type { EncoderFamily } from './encoder-family.js';
import { FAMILIES } from './families.js';
import { HEADS } from './heads.js';
import type { Model } from './model.js';
import { MODEL_FORMAT } from './model-format.js';
import { MULTI_TASK } from './multi-task.js';
import { MODELS } from './table.js';

/** Sizes beyond these are no model that anybody trained; a hostile file must not make us build one. */
const size = z.int().min(1).max(1e8);
const rate = z.number().min(0).max(1);

const VALUES: Readonly<Record<ConfigValue, z.ZodType>> = {
  size,
  sizes: z.array(size).max(1000),
  sizeOrNone: z.int().min(0).max(1e8),
  count: z.int().min(1).max(1000),
  rate,
  rateOrNull: rate.nullable(),
  id: z.int().min(0),
  number: z.number(),
  notNegative: z.number().min(0),
  positive: z.number().positive(),
  flag: z.boolean(),
  activation: z.enum(Object.keys(ACTIVATIONS) as [ActivationName, ...ActivationName[]]),
  /** Models from before there were others have none. */
  head: z.enum(HEADS).default('classification'),
};

type Maker = ((config: Model['config']) => Model) & { readonly values: Readonly<Record<string, ConfigValue>> };

function configOf({ values }: Maker) {
  return z.strictObject(Object.fromEntries(Object.entries(values).map(([key, value]) => [key, VALUES[value]])));
}

/** The schema that turns a config into a model of a kind. */
export function schemaOf(make: Maker): z.ZodType<Model> {
  return configOf(make).transform((config) => make(config));
}

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

const encoderOf = ([kind, family]: [string, EncoderFamily]) =>
  z.strictObject({ kind: z.literal(kind), config: configOf(family) });
const encoders = z.discriminatedUnion(
  'kind',
  Object.entries(FAMILIES).map(encoderOf) as [ReturnType<typeof encoderOf>],
);

const multiTaskConfig = z.strictObject({ encoder: encoders, tasks: z.record(z.string().max(200), taskHead) });

const { [MULTI_TASK]: multiTask, ...single } = MODELS;

const schemas: Readonly<Record<string, z.ZodType<Model>>> = {
  ...Object.fromEntries(Object.entries(single).map(([kind, make]) => [kind, schemaOf(make)])),
  [MULTI_TASK]: multiTaskConfig.transform((config): Model => multiTask(config)),
};

export const MODEL_KINDS: readonly string[] = Object.keys(schemas);

/** The schema that turns a config of this kind into its model, or undefined for an unknown kind. */
export function modelSchema(kind: string): z.ZodType<Model> | undefined {
  return Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
}

/** Read first and alone, so that a file of a newer version is reported as that and not as full of errors. */
export const versionSchema = z.looseObject({ format: z.literal(MODEL_FORMAT.name), version: z.int().min(1) });

const fileReading = z.custom<FileReading>(isFileReading, 'no way to read a file');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');

export const savedModelSchema = z.strictObject({
  format: z.literal(MODEL_FORMAT.name),
  version: z.int().min(1).max(MODEL_FORMAT.version),
  /** The retort that wrote it. */
  retort: z.string().max(100),
  model: z.strictObject({ kind: z.string().max(100), config: z.record(z.string(), z.unknown()) }),
  /** What it was trained with; absent for a model that was not. */
  method: z.strictObject({ name: z.string().max(200), options: z.record(z.string(), z.unknown()) }).optional(),
  /** In the order of the classes; empty where they have no names. */
  labelNames: z.array(z.string()),
  /** Of a model of texts, whether it was trained on two texts a row. */
  readsPairs: z.boolean().optional(),
  /** How the file was read that it was trained on, where that was not the usual way; of several tasks by their names. */
  readAs: fileReading.optional(),
  tasksReadAs: z.record(z.string().max(200), fileReading).optional(),
  question: z.custom<Question>(isQuestion, 'no question').optional(),
  /** Of the weights; see `weightsHash`. */
  weights: z.strictObject({ sha256 }),
});
