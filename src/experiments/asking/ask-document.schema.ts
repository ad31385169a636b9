/** @file What an ask that several processes share says to them, checked where bytes become objects. */
import { z } from 'zod';
import { ENDPOINT_FORMAT_NAMES } from '../distillation/endpoint-formats.js';

export const ASK_FORMAT = { name: 'retort-ask', version: 1 } as const;

const count = z.int().min(0);
const words = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const example = z.strictObject({ text: z.string(), pair: z.string().optional(), label: z.string() });

/** No address, path, or name of a variable: those are of each worker's own command line. */
export const askDocumentSchema = z.strictObject({
  format: z.literal(ASK_FORMAT.name),
  version: z.int().min(1).max(ASK_FORMAT.version),
  retort: z.string(),
  teacherFormat: z.enum(ENDPOINT_FORMAT_NAMES),
  /** Of all that a reply depends on besides the texts: a worker that makes another of it asks in another way. */
  contentHash: z.string(),
  /** The model as replies have named it before. */
  answeredBy: z.string().optional(),
  asked: z.strictObject({
    model: z.string(),
    labelNames: z.array(z.string()).min(2),
    prompt: z.string().optional(),
    instructions: z.string().optional(),
    criteria: z.record(z.string(), z.string().nullable()).optional(),
    answerBy: z.enum(['labels', 'codes']).optional(),
    structured: z.boolean().optional(),
    labelWords: words.optional(),
    examples: z.array(example).optional(),
    samples: count.optional(),
    rotations: z.int().min(1).optional(),
    prices: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
    enforceDistillableText: z.boolean().optional(),
  }),
});

/** Rows of a unit: their texts, and the replies that the log had when it was shared. */
export const askRowsSchema = z.array(
  z.strictObject({ text: z.string(), pair: z.string().optional(), replies: z.array(z.looseObject({})).optional() }),
);

export type AskDocument = z.infer<typeof askDocumentSchema>;
