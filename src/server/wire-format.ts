/** @file What a format of decisions over HTTP has to say for itself: requests in, answers and failures out. */
import type { TextInput } from '../inference/answer.js';
import type { Json } from '../options/json.js';
import type { DecisionFormatName } from '../outside/decisions/decision-formats.js';
import type { RequestFailure } from './request-failure.js';
import type { AskedQuestion } from './served-question.js';
import type { StudentAnswer } from './typed-question.js';

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
  /** Of a score what its levels are called. */
  readonly legend?: readonly Json[];
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

/**
 * TypeSafe's for a score: how close the levels are to the most likely one, k: max(0, 1 - Σ p_i |i - k| / D), where D is the mean
 * distance of all levels from their middle.
 * @param probabilities of the levels in their order, with a sum of 1
 */
export function scoreConfidenceOf(probabilities: readonly number[]): number {
  const n = probabilities.length;
  const mode = probabilities.indexOf(Math.max(...probabilities));
  const around = (center: number, weight: (i: number) => number) =>
    probabilities.reduce((sum, _, i) => sum + weight(i) * Math.abs(i - center), 0);
  const spread = around((n - 1) / 2, () => 1 / n);
  return spread === 0 ? 1 : Math.max(0, 1 - around(mode, (i) => probabilities[i] as number) / spread);
}
