/**
 * @file The AI SDK's `DecisionModelV4`, written down so that no package of it is needed: what a model of ours is given is typed
 * as widely as it can be, what it answers exactly. A value of these types is one of the SDK's.
 */

type JsonValue = null | string | number | boolean | JsonObject | JsonValue[];
export type JsonObject = { [key: string]: JsonValue | undefined };

/** A question as far as it is looked at; the SDK has checked the rest. */
export type AskedByCaller = {
  readonly type: string;
  readonly instructions?: unknown;
  readonly criteria?: unknown;
};

export type DecideOptions = {
  /** Parts of text, JSON or files. */
  state: readonly { readonly type: string }[];
  questions: Readonly<Record<string, AskedByCaller>>;
  maxOutputTokens?: number | undefined;
  reasoning?: string | undefined;
  abortSignal?: AbortSignal | undefined;
  headers?: Readonly<Record<string, string | undefined>> | undefined;
  providerOptions?: unknown;
};

export type DecisionAnswer =
  | { type: 'choice'; choice: string; probabilities?: Record<string, number> }
  | { type: 'score'; score: number; probabilities?: Record<string, number> }
  | { type: 'box'; box: { top: number; bottom: number; left: number; right: number } }
  | { type: 'boolean'; probability: number }
  | { type: 'refusal' };

export type DecideResult = {
  answers: Record<string, DecisionAnswer>;
  rounding?: { probabilityDecimals?: number; scoreDecimals?: number };
  usage?: { inputTokens?: number; outputTokens?: number };
  warnings: { type: 'other'; message: string }[];
  providerMetadata?: Record<string, JsonObject>;
  response?: {
    id?: string;
    timestamp?: Date;
    modelId?: string;
    headers?: Record<string, string>;
    body?: unknown;
  };
};

export type QuestionType = 'choice' | 'score' | 'box' | 'boolean';

/** What `experimental_decide` of `ai` 7 takes as its model. */
export type DecisionModel = {
  readonly specificationVersion: 'v4';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedQuestionTypes: readonly QuestionType[];
  doDecide(options: DecideOptions): PromiseLike<DecideResult>;
};

/** A model behind a student, of whatever provider. Its first releases called a decision an evaluation. */
export type FallbackModel = {
  readonly specificationVersion: 'v4';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedQuestionTypes: readonly string[];
} & ({ doDecide(options: never): PromiseLike<unknown> } | { doEvaluate(options: never): PromiseLike<unknown> });
