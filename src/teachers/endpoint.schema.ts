import { z } from 'zod';

/** What some servers give for a token that they cannot score, others `null`, NaN or an infinity. */
const NEVER = -9999;

const logprob = z.unknown().transform((value) => (typeof value === 'number' && Number.isFinite(value) ? value : NEVER));
const scoredToken = z.object({ token: z.string(), logprob });

/** As much of a chat completion as is read; the rest differs from server to server. */
export const completionSchema = z.object({
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
  usage: z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) }).nullish(),
});

export type Completion = z.infer<typeof completionSchema>;

const scored = z.tuple([z.string(), z.number()]);

/** One line of the log: one reply, as it came. */
export const replySchema = z.object({
  key: z.string(),
  model: z.string(),
  ask: z.enum(['label', 'samples']),
  text: z.string(),
  pair: z.string().optional(),
  contents: z.array(z.string()),
  /** Whether log-probabilities were asked for. */
  logprobs: z.boolean(),
  /** The tokens of the answer, each with the likely ones in its place; absent where the server gave none. */
  tokens: z.array(z.tuple([z.string(), z.array(scored)])).optional(),
  /** What replies of version 0.1.0 have in their place: the likely first tokens, likeliest first. */
  top: z.array(scored).optional(),
  /** Whether an answer ended because it might be no longer; replies of version 0.1.0 do not say. */
  isCut: z.boolean().optional(),
  usage: z.object({ input: z.number(), output: z.number(), isEstimate: z.boolean().optional() }),
});

export type Reply = z.infer<typeof replySchema>;
