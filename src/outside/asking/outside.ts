/**
 * @file The contract with a teacher that is outside this process and is asked row by row: a row's texts in, an answer out.
 * An adapter says what is asked and what the replies amount to; log, budget, smoke test, retries and redaction are written
 * once, around it (`outside-asking.ts`).
 */
import type { Target } from '../../teachers/targets.js';
import type { Reply, Said } from './outside-reply.schema.js';

export type Tokens = { readonly input: number; readonly output: number };

/** Why a row was asked, and how likely that was: what a sample stands for cannot be told without it. */
export type Why = { readonly by: 'all' | 'random' | 'rule' | 'cascade'; readonly probability: number };

/** Every row is asked unless somebody says otherwise. */
export const ALL_ROWS: Why = { by: 'all', probability: 1 };

/** What answers are made of; `refused` and `malformed` are holes, from which nothing is learnt. */
export const ANSWER_KINDS = ['probabilities', 'logprobs', 'samples', 'label', 'refused', 'malformed'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** What the replies to a question amount to. */
export type Reading = {
  readonly kind: AnswerKind;
  /** [C]; of a hole all labels share the whole. */
  readonly target: Target;
  /** The mass of what names no label. */
  readonly outside?: number;
  /** Of log-probabilities: the share of the labels whose probability is known to 0.001. */
  readonly exact?: number;
  /** Of log-probabilities: the label that the reply's text names, and whether another one is the most likely. */
  readonly named?: number | undefined;
  readonly differs?: boolean;
  /** How often each label was drawn, [C]. */
  readonly counts?: readonly number[];
  /** The decimals that probabilities were rounded to, where they were. */
  readonly decimals?: number;
};

/** `part`: of a question in several parts, the one that is to be asked now. */
export type Standing = Reading | { readonly kind: 'open'; readonly draws: number; readonly part?: number };

/** An answer with all that is known of where it comes from. */
export type OutsideAnswer = Reading & {
  /** Who was asked: an address, or a provider. */
  readonly source: string;
  /** The model as it was answered, where the reply says; else as it was asked for. */
  readonly model: string;
  readonly requestId?: string;
  /** Of all replies to the row, and what they cost where that is known. */
  readonly tokens: Tokens;
  readonly cost?: number;
  readonly why: Why;
};

export type OutsideQuestion = {
  /** Hash of all that a reply depends on: what is logged under it is not asked again. */
  readonly key: string;
  readonly text: string;
  readonly pair: string | undefined;
  /** Of all that is sent, in UTF-8, and in how many messages. */
  readonly bytes: number;
  readonly messages: number;
};

export type OutsideRequest = {
  /** Tokens that it takes at most. */
  readonly most: Tokens;
  /**
   * Sends it, as often as it takes. Undefined where it was refused and can be asked in another way, which the next request is.
   * @throws EndpointError for a refusal that trying again cannot help, or after the last retry.
   */
  send(stop: AbortSignal): Promise<Said | undefined>;
};

/** How often was asked, and what went wrong on the way. */
export type AskingCounts = { requests: number; retries: number; rateLimited: number; broken: number };

export type OutsideAdapter<Q extends OutsideQuestion = OutsideQuestion> = {
  /** Who is asked, as an answer's `source`. */
  readonly source: string;
  /** All that its answers depend on besides the texts: the teacher's content hash. */
  readonly identity: readonly unknown[];
  readonly counts: Readonly<AskingCounts>;
  /** Replies without an answer show in the first row whether they are the rule. */
  readonly isProbed?: true;
  /** The most requests for an answer, and the most tokens of a reply, for plans. */
  readonly draws: number;
  readonly outputTokens: number;
  /** What to do where many replies are malformed. */
  readonly fixMalformed: string;
  question(text: string, pair: string | undefined): Q;
  /** @param draws how many there are already. */
  request(question: Q, draws: number, part?: number): OutsideRequest;
  /** What the replies to one question amount to, in the order in which they came. */
  standing(replies: readonly Reply[]): Standing;
  /** Of a malformed reply, what it says, to be shown. */
  shown(reply: Reply): string;
  /** What is sent about a row, to be read by the user. */
  prompt?(question: Q): string;
  /** Told of every reply in the log, before any question and as they come. */
  notice?(reply: Reply): void;
};
