import { z } from 'zod';

const topLogprobs = z.array(z.object({ token: z.string(), logprob: z.number() }));

/** As much of a chat completion as is read; the rest differs from server to server. */
export const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullable() }),
        logprobs: z
          .object({ content: z.array(z.object({ top_logprobs: topLogprobs.optional() })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) }).nullish(),
});

export type Completion = z.infer<typeof completionSchema>;

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
  /** Of the first token, likeliest first; absent where the server gave none. */
  top: z.array(z.tuple([z.string(), z.number()])).optional(),
  usage: z.object({ input: z.number(), output: z.number(), isEstimate: z.boolean().optional() }),
});

export type Reply = z.infer<typeof replySchema>;
