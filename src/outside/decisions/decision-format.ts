/** @file How a format of decision models over HTTP is written and read. */
import type { AskedQuestions, DecisionState } from './decision.js';
import type { RawDecision } from './decision-answer.js';

export type DecisionFormat = {
  readonly path: string;
  /** As documented; a server may take fewer. */
  readonly maxLabels: number;
  readonly maxQuestions: number;
  readonly idHeaders: readonly string[];
  body(model: string, state: DecisionState, questions: AskedQuestions): object;
  /** Undefined for JSON that is no reply of the format. */
  read(json: unknown): Promise<ReadDecisions | undefined>;
};

export type ReadDecisions = {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly usage?:
    | { readonly input_tokens: number; readonly output_tokens: number; readonly cost?: number | undefined }
    | undefined;
  readonly answers: ReadonlyMap<string, RawDecision>;
};
