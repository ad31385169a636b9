import { z } from 'zod';

/** What some servers give for a token that they cannot score, others `null`, NaN or an infinity. */
const NEVER = -9999;

const logprob = z.unknown().transform((value) => (typeof value === 'number' && Number.isFinite(value) ? value : NEVER));
const scoredToken = z.object({ token: z.string(), logprob });

/** As much of a chat completion as is read; the rest differs from server to server. */
export const completionSchema = z.object({
  id: z.string().nullish().catch(undefined),
  model: z.string().nullish().catch(undefined),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullable() }),
        /** `length`: there might have been more. */
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({ content: z.array(scoredToken.extend({ top_logprobs: z.array(scoredToken).optional() })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.int().min(0),
      completion_tokens: z.int().min(0),
      /** Of gateways that say so. */
      cost: z.number().min(0).nullish().catch(undefined),
    })
    .nullish(),
});

export type Completion = z.infer<typeof completionSchema>;
