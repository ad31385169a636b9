/** @file What a format of decisions over HTTP has to say for itself: requests in, answers and failures out. */
import type { TextInput } from '../inference/answer.js';
import type { DecisionFormatName } from '../outside/decisions/decision-formats.js';
import type { RequestFailure } from './request-failure.js';
import type { AskedQuestion } from './served-question.js';

export type WireRequest = {
  /** As it was asked for. */
  readonly model: string | undefined;
  /** @throws RequestFailure for what holds no text that a student can read. */
  readonly input: () => TextInput;
  readonly questions: readonly WireQuestion[];
};

export type WireQuestion = AskedQuestion & {
  /** The name of its answer; null for one without. */
  readonly id: string | null;
  /** Where it is in the body, for messages. */
  readonly place: readonly (string | number)[];
};

/** What the student says to a question, in the asker's labels. */
export type StudentAnswer = {
  readonly choice: string;
  /** In the order of the question. */
  readonly probabilities: readonly (readonly [label: string, probability: number])[];
};

export type WireAnswer = { readonly question: WireQuestion; readonly answer: StudentAnswer };

export type WireReply = {
  readonly model: string;
  readonly answers: readonly WireAnswer[];
  readonly tokens: number;
  /** Of the server's own. */
  readonly own: Readonly<Record<string, unknown>>;
};

export type WireFormat = {
  /** As teachers have it, by which replies of others are read. */
  readonly name: DecisionFormatName;
  readonly path: string;
  /** @throws RequestFailure for a body that is not of the format. */
  read(body: Readonly<Record<string, unknown>>, textField: string | undefined): WireRequest;
  reply(reply: WireReply): object;
  failure(failure: RequestFailure): object;
};

/**
 * TypeSafe's: how far the largest probability is above chance.
 * @param probabilities with a sum of 1
 */
export function confidenceOf(probabilities: readonly number[]): number {
  const chance = 1 / probabilities.length;
  return (Math.max(...probabilities) - chance) / (1 - chance);
}
