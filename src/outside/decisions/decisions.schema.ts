import { z } from 'zod';

/** What differs from server to server is taken where it is of the usual kind, and left out elsewhere. */
const name = z.string().optional().catch(undefined);
const tokens = z.number().min(0).transform(Math.ceil).catch(0);
const usage = z
  .object({ input_tokens: tokens, output_tokens: tokens, cost: z.number().min(0).optional().catch(undefined) })
  .optional()
  .catch(undefined);
const common = { id: name, model: name, usage };

/** Each answer is checked by itself, so that one that is wrong does not take the others with it. */
export const systemOneSchema = z.object({ ...common, answers: z.record(z.string(), z.unknown()) });
export const systemOneChoiceSchema = z.object({
  type: z.literal('choice'),
  choice: z.unknown(),
  probabilities: z.record(z.string(), z.unknown()),
});

export const systemOneNoulSchema = z.object({ type: z.literal('noul'), noul: z.number().min(0).max(1) });
export const systemOneScoreSchema = z.object({
  type: z.literal('score'),
  probabilities: z.record(z.string(), z.number()),
});

/** Cloudflare's. */
export const envelopeSchema = z.object({ result: z.record(z.string(), z.unknown()) });

export const openAiDecisionsSchema = z.object({ ...common, answers: z.array(z.unknown()) });
export const openAiAnswerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('refusal'), name: z.string().nullable() }),
  z.object({
    type: z.literal('choice'),
    name: z.string().nullable(),
    choice: z.unknown(),
    probabilities: z.array(z.object({ value: z.unknown(), probability: z.unknown() })),
  }),
  z.object({ type: z.literal('predicate'), name: z.string().nullable(), probability: z.number().min(0).max(1) }),
  z.object({
    type: z.literal('score'),
    name: z.string().nullable(),
    probabilities: z.array(z.object({ value: z.number(), probability: z.number() })),
  }),
]);
