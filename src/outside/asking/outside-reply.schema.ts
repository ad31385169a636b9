import { z } from 'zod';

const scored = z.tuple([z.string(), z.number()]);

/** Of every reply, whoever gave it. Replies of versions before 0.3.0 have less. */
const common = {
  /** The model as the reply names it. */
  answeredBy: z.string().optional(),
  requestId: z.string().optional(),
  /** Of a question in several parts, such as orders of its options, the one that it replies to. */
  part: z.int().min(0).optional(),
  usage: z.object({
    input: z.number(),
    output: z.number(),
    /** By a count of bytes, where the reply does not say. */
    isEstimate: z.boolean().optional(),
    /** As the reply says. */
    cost: z.number().min(0).optional(),
  }),
};

/** A chat completion. */
const chatReply = z.object({
  ...common,
  ask: z.enum(['label', 'samples']),
  contents: z.array(z.string()),
  /** Whether log-probabilities were asked for. */
  logprobs: z.boolean(),
  /** The tokens of the answer, each with the likely ones in its place; absent where the server gave none. */
  tokens: z.array(z.tuple([z.string(), z.array(scored)])).optional(),
  /** What replies of version 0.1.0 have in their place: the likely first tokens, likeliest first. */
  top: z.array(scored).optional(),
  /** Whether an answer ended because it might be no longer; replies of version 0.1.0 do not say. */
  isCut: z.boolean().optional(),
});

/** The answer to one question of a decision model. */
const decision = z.union([
  /** Of each label, in the order in which they were asked. */
  z.object({ probabilities: z.array(z.number()), decimals: z.int().min(0).optional() }),
  /** The number of the label, of a model that gives no probabilities. */
  z.object({ label: z.int().min(0) }),
  z.object({ isRefused: z.literal(true) }),
  /** Why it is no answer; whether asking again cannot help. */
  z.object({ invalid: z.string(), isFinal: z.boolean().optional() }),
]);

/** A decision: an answer for each of the questions, by their names. */
const decisionReply = z.object({ ...common, decisions: z.record(z.string(), decision) });

const asked = {
  key: z.string(),
  /** As it was asked for. */
  model: z.string(),
  text: z.string(),
  pair: z.string().optional(),
  why: z.object({ by: z.enum(['all', 'random', 'rule', 'cascade']), probability: z.number().gt(0).max(1) }).optional(),
};

/** One line of the log: one reply, as it came. */
export const replySchema = z.union([chatReply.extend(asked), decisionReply.extend(asked)]);

export type Reply = z.infer<typeof replySchema>;
export type ChatReply = Extract<Reply, { readonly contents: unknown }>;
export type DecisionReply = Extract<Reply, { readonly decisions: unknown }>;
export type Decision = z.infer<typeof decision>;

/** What an adapter makes of a reply; key, texts and the model that was asked are added. */
export type Said = z.infer<typeof chatReply> | z.infer<typeof decisionReply>;

/** Fields of every reply. */
export type SaidOfAll = Pick<Said, 'answeredBy' | 'requestId' | 'usage'>;
