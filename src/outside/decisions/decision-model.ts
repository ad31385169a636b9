/**
 * @file Any decision model of the AI SDK (`DecisionModelV4`) as a teacher. The types are written down here and no package is
 * needed: what a model is given is typed as it demands, what it answers as widely as it can be.
 */
import { OptionError } from '../../errors/failures.js';
import { messageOf } from '../../errors/message-of.js';
import { redacted } from '../../errors/secrets.js';
import { shortened } from '../../errors/shortened.js';
import { AskingTurns, type Refusal, refusalOfStatus } from '../asking/asking-turns.js';
import { checkOutsideOptions, type OutsideOptions } from '../asking/outside-options.js';
import { type EndpointTeacher, outsideTeacher } from '../asking/outside-teacher.js';
import {
  type AskedQuestions,
  type DecisionQuestion,
  type DecisionRoute,
  type DecisionState,
  decisionAdapter,
  type RawDecisions,
} from './decision.js';
import type { RawDecision } from './decision-answer.js';

type StatePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'json'; readonly value: { readonly first: string; readonly second: string } };

/** As much of a call's options as is given. */
export type DecideOptions = {
  state: readonly StatePart[];
  questions: Readonly<
    Record<
      string,
      { readonly type: 'choice'; readonly instructions: string; readonly criteria: Record<string, string | null> }
    >
  >;
  abortSignal: AbortSignal;
};

/** As much of a result as is read. */
export type DecideResult = {
  readonly answers: Readonly<Record<string, unknown>>;
  readonly rounding?: { readonly probabilityDecimals?: number | undefined } | undefined;
  readonly usage?:
    | { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined }
    | undefined;
  readonly response?: { readonly id?: string | undefined; readonly modelId?: string | undefined } | undefined;
};

type Decides = (options: DecideOptions) => PromiseLike<DecideResult>;

/** A decision model of the AI SDK 7, or one of its first releases, which called it an evaluation. */
export type AnyDecisionModel = {
  readonly specificationVersion: 'v4';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedQuestionTypes: readonly string[];
} & (
  | { doDecide(options: DecideOptions): PromiseLike<DecideResult> }
  | { doEvaluate(options: DecideOptions): PromiseLike<DecideResult> }
);

export type DecisionTeacherOptions = Omit<OutsideOptions, 'model' | 'labelNames'> &
  Omit<DecisionQuestion, 'labelNames' | 'criteria'> & {
    readonly model: AnyDecisionModel;
    /** Labels with their descriptions, in the order in which they are asked; null for one that says it itself. */
    readonly criteria: Readonly<Record<string, string | null>>;
    /** Labels at most. Default: 255. */
    readonly maxLabels?: number;
  };

const QUESTION = 'label';
/** Of an `InvalidResponseDataError` and the like: the reply is paid for and no answer. */
const BROKEN = /InvalidResponseData|TypeValidation|JSONParse|NoContentGenerated|EmptyResponseBody/u;

/**
 * A teacher that asks a decision model of the AI SDK for a probability of each label, with the checks of its core: exactly
 * the labels, finite probabilities, a sum of 1 within the rounding that the model states, the choice a most likely label.
 * What fails them is asked once more and then counted as malformed, a refusal as refused: both are holes. A model without
 * probabilities gives hard labels. Rate limits and failures are tried again here, not by the SDK.
 * @throws OptionError for a model that takes no choices; when it answers, as `outsideTeacher` does.
 */
export function decisionTeacher(options: DecisionTeacherOptions): EndpointTeacher {
  const { model, criteria, instructions, ...rest } = options;
  expectChoices(model);
  const labelNames = Object.keys(criteria);
  const own = { ...rest, model: model.modelId, labelNames };
  checkOutsideOptions(own);
  const questions = { [QUESTION]: { labelNames, instructions, criteria } };
  return outsideTeacher(decisionAdapter(routeTo(model, options), model.modelId, questions, QUESTION), own);
}

function expectChoices({ specificationVersion, supportedQuestionTypes, ...model }: AnyDecisionModel): void {
  const where = `model ${model.modelId}`;
  if (specificationVersion !== 'v4') {
    throw new OptionError({ where, wanted: "a model of the specification 'v4'", got: `'${specificationVersion}'` });
  }
  if (supportedQuestionTypes.includes('choice')) return;
  const got = supportedQuestionTypes.join(', ') || 'none';
  throw new OptionError({ where, wanted: "a model that takes questions of the type 'choice'", got });
}

function routeTo(model: AnyDecisionModel, options: DecisionTeacherOptions): DecisionRoute {
  const { timeoutMs = 60_000, maxLabels = 255 } = options;
  const turns = new AskingTurns(options);
  const decides: Decides = 'doDecide' in model ? (asked) => model.doDecide(asked) : (asked) => model.doEvaluate(asked);
  return {
    source: model.provider,
    format: 'ai-sdk',
    counts: turns.counts,
    maxLabels,
    maxQuestions: 1,
    identity: model.provider,
    decide: (state, questions, stop) =>
      turns.untilAnswered(
        async () => {
          const timeout = new AbortController();
          const timer = setTimeout(() => timeout.abort(), timeoutMs);
          try {
            const { signal } = timeout;
            return { answer: readResult(await withinTime(decides(asked(state, questions, signal)), signal)) };
          } catch (error) {
            if (isBroken(error)) turns.counts.broken += 1;
            return timeout.signal.aborted
              ? { problem: `no complete reply within ${timeoutMs} ms`, isFinal: false, status: 0 }
              : refusalIn(error);
          } finally {
            clearTimeout(timer);
          }
        },
        `${model.provider} ${model.modelId}`,
        stop,
      ),
  };
}

/** A model may not heed the signal. */
function withinTime<T>(answer: PromiseLike<T>, timeout: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
    answer.then(resolve, reject);
  });
}

function asked(state: DecisionState, questions: AskedQuestions, abortSignal: AbortSignal): DecideOptions {
  return {
    state: [typeof state === 'string' ? { type: 'text', text: state } : { type: 'json', value: state }],
    questions: Object.fromEntries(
      Array.from(questions, ([id, { instructions, criteria }]) => [
        id,
        { type: 'choice' as const, instructions, criteria: Object.fromEntries(criteria) },
      ]),
    ),
    abortSignal,
  };
}

function readResult({ answers, rounding, usage, response }: DecideResult): RawDecisions {
  const { inputTokens: input, outputTokens: output = 0 } = usage ?? {};
  const decimals = rounding?.probabilityDecimals ?? 'none';
  return {
    answeredBy: response?.modelId,
    requestId: response?.id,
    usage: input === undefined ? undefined : { input, output },
    answers: new Map(Object.entries(answers ?? {}).map(([id, answer]) => [id, readAnswer(answer, decimals)])),
  };
}

function readAnswer(given: unknown, decimals: number | 'none'): RawDecision {
  const answer = typeof given === 'object' && given !== null ? given : {};
  const { type, choice, probabilities } = { type: undefined, choice: undefined, probabilities: undefined, ...answer };
  if (type === 'refusal') return { isRefused: true };
  if (type !== 'choice') return { invalid: 'an answer of another type' };
  if (probabilities === undefined) return { choice };
  if (typeof probabilities !== 'object' || probabilities === null)
    return { invalid: 'probabilities that are no object' };
  return { choice, probabilities: new Map(Object.entries(probabilities)), decimals };
}

/** What the SDK's errors say: a status, whether it is worth another try, when. */
function refusalIn(error: unknown): Refusal {
  const {
    statusCode,
    isRetryable,
    responseHeaders = {},
  }: {
    statusCode?: unknown;
    isRetryable?: unknown;
    responseHeaders?: Readonly<Record<string, string>>;
  } = typeof error === 'object' && error !== null ? error : {};
  const said = redacted(messageOf(error));
  const problem = shortened(said.replaceAll(/\s+/gu, ' ').trim(), 200);
  if (typeof statusCode === 'number' && statusCode >= 400) {
    return refusalOfStatus(statusCode, `HTTP ${statusCode} ${problem}`, (name) => responseHeaders[name]);
  }
  return { problem, isFinal: isRetryable === false && !isBroken(error), status: 0 };
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && BROKEN.test(error.name);
}
