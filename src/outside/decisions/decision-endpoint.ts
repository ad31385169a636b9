/** @file A decision model behind an address as a teacher: System One, or OpenAI's decisions. */
import { type AdapterMaker, rotated } from '../asking/asked-orders.js';
import { refusalOf } from '../asking/asking-turns.js';
import { type ClientOptions, EndpointClient } from '../asking/endpoint-client.js';
import { checkAddress } from '../asking/endpoint-options.js';
import { checkOutsideOptions, type OutsideOptions } from '../asking/outside-options.js';
import { type EndpointTeacher, outsideTeacher } from '../asking/outside-teacher.js';
import { type AskedQuestions, type DecisionQuestion, type DecisionRoute, decisionAdapter } from './decision.js';
import type { ReadDecisions } from './decision-format.js';
import { DECISION_FORMATS, type DecisionFormatName } from './decision-formats.js';

type RouteOptions = ClientOptions & {
  readonly format: DecisionFormatName;
  /** Further fields of each request, of a gateway's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** What the server takes, where that is less than its format does. */
  readonly maxLabels?: number;
  readonly maxQuestions?: number;
};

export type DecisionEndpointOptions = RouteOptions & OutsideOptions & DecisionQuestion;

export type DecisionEndpointsOptions = RouteOptions &
  Omit<OutsideOptions, 'labelNames'> & {
    /** By their names; each is a teacher's. */
    readonly questions: Readonly<Record<string, DecisionQuestion>>;
  };

const QUESTION = 'label';

/**
 * A teacher that asks a decision model for a probability of each label, in one request a row. Rounded probabilities are
 * those of the reply, with a sum of 1; all zeros of a row share at most half a unit of the last decimal.
 * @throws OptionError for options that do not fit, and for more labels than the format has; when it answers, as
 *   `outsideTeacher` does, after the first row where that has no valid answer.
 */
export function decisionEndpointTeacher(options: DecisionEndpointOptions): EndpointTeacher {
  return outsideTeacher(rotated(decisionAdapters(options), options.labelNames, options.rotations), options);
}

/** @throws OptionError as `decisionEndpointTeacher`. */
export function decisionAdapters(options: DecisionEndpointOptions): AdapterMaker {
  checkOutsideOptions(options);
  checkAddress(options);
  const { model, instructions, criteria } = options;
  const route = routeTo(options);
  return (labelNames) =>
    decisionAdapter(route, model, { [QUESTION]: { labelNames, instructions, criteria } }, QUESTION);
}

/**
 * A teacher for each of several questions about the same texts, such as those of the tasks of one student. A row is asked
 * once, about all of them: whichever teacher comes first pays, the others find the answers in the log.
 * @throws as `decisionEndpointTeacher`.
 */
export function decisionEndpointTeachers(options: DecisionEndpointsOptions): Readonly<Record<string, EndpointTeacher>> {
  const { questions, ...shared } = options;
  return Object.fromEntries(
    questionAdapters(options).map(({ name, labelNames, adapter }) => [
      name,
      outsideTeacher(adapter, { ...shared, labelNames }),
    ]),
  );
}

/** Of each of several questions that are asked in one request. @throws OptionError as `decisionEndpointTeachers`. */
export function questionAdapters({ questions, ...options }: DecisionEndpointsOptions) {
  checkAddress(options);
  return Object.entries(questions).map(([name, { labelNames }]) => {
    checkOutsideOptions({ ...options, labelNames });
    return { name, labelNames, adapter: decisionAdapter(routeTo(options), options.model, questions, name) };
  });
}

/** What a service says of a text that is too long for it. */
const TOO_LONG = /max_tokens_exceeded|context.{0,20}(length|window|limit)|too (long|large|many tokens)/iu;

function routeTo(options: RouteOptions & Pick<OutsideOptions, 'model'>): DecisionRoute {
  const { model, url, format: name, body } = options;
  const format = DECISION_FORMATS[name];
  const what = `of the format ${name}`;
  const parse = (json: unknown) => format.read(json);
  const client = new EndpointClient<ReadDecisions>(options, { ...format, what, parse });
  return {
    source: url,
    format: name,
    counts: client.turns.counts,
    maxLabels: options.maxLabels ?? format.maxLabels,
    maxQuestions: options.maxQuestions ?? format.maxQuestions,
    identity: body ?? null,
    decide: async (state, questions, stop) => {
      try {
        const { content, requestId } = await client.complete(
          { ...format.body(model, state, questions), ...body },
          stop,
        );
        const { usage } = content;
        return {
          answeredBy: content.model,
          requestId: requestId ?? content.id,
          usage: usage && { input: usage.input_tokens, output: usage.output_tokens, ...costOf(usage) },
          answers: content.answers,
        };
      } catch (error) {
        const refusal = refusalOf(error);
        const isTooLong = refusal?.isFinal && (refusal.status === 413 || TOO_LONG.test(refusal.problem));
        if (!isTooLong) throw error;
        return { usage: { input: 0, output: 0 }, answers: tooLong(questions, refusal.problem) };
      }
    },
  };
}

function costOf({ cost }: NonNullable<ReadDecisions['usage']>) {
  return cost === undefined ? {} : { cost };
}

/** One text that is too long is no reason to leave the others out. */
function tooLong(questions: AskedQuestions, problem: string) {
  const invalid = { invalid: `a text that is too long: ${problem}`, isFinal: true } as const;
  return new Map(Array.from(questions.keys(), (id) => [id, invalid]));
}
