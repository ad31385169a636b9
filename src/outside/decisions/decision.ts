/**
 * @file What a decision model is asked: questions with a closed set of labels about one text or pair, and the adapter that
 * asks them whatever the way there is (`DecisionRoute`). Texts and questions are brought into one form first, since equal
 * questions in another form get another answer.
 */
import { OptionError } from '../../errors/failures.js';
import { jsonHash } from '../../files/json-hash.js';
import { type Question, questionOf } from '../../options/question.js';
import { holeTarget, labelTarget, roundedTarget } from '../../teachers/targets.js';
import type { AskingCounts, OutsideAdapter, OutsideQuestion, Standing } from '../asking/outside.js';
import type { Decision, DecisionReply, SaidOfAll } from '../asking/outside-reply.schema.js';
import { mostInputTokens } from '../asking/outside-spending.js';
import { checkedDecision, type RawDecision } from './decision-answer.js';

/** A question as it is given. */
export type DecisionQuestion = {
  /** In the order in which they are asked; another order is another question. */
  readonly labelNames: readonly string[];
  /** Default: which label fits. */
  readonly instructions?: string | undefined;
  /** What a label means, by its name; null or absent for one that says it itself. */
  readonly criteria?: Readonly<Record<string, string | null>> | undefined;
};

/** A question as it is sent. */
export type AskedQuestion = Pick<Question, 'instructions' | 'criteria'>;

/** One text, or two. */
export type DecisionState = string | { readonly first: string; readonly second: string };

/** What came back: answers by the names of the questions, before any check. */
export type RawDecisions = {
  readonly answeredBy?: string | undefined;
  readonly requestId?: string | undefined;
  readonly usage?: SaidOfAll['usage'] | undefined;
  readonly answers: ReadonlyMap<string, RawDecision>;
};

/** The way to a decision model. */
export type DecisionRoute = {
  readonly source: string;
  /** The name of the format, by which replies are told apart. */
  readonly format: string;
  readonly counts: Readonly<AskingCounts>;
  /** Labels of a question, and questions of a request, at most. */
  readonly maxLabels: number;
  readonly maxQuestions: number;
  /** What a reply depends on besides model, state and questions. */
  readonly identity: unknown;
  decide(state: DecisionState, questions: AskedQuestions, stop: AbortSignal): Promise<RawDecisions>;
};

export type AskedQuestions = ReadonlyMap<string, AskedQuestion>;

/** Raised whenever the same replies come to mean something else. */
const READING = 1;
/** Replies that are no answer after which a row is given up. */
const MAX_INVALID = 2;
/** Of an answer, at most: TypeSafe's takes 9, and providers charge nothing for it. */
const OUTPUT_TOKENS = 32;

/**
 * @param questions by their names; all are asked in one request, and answers to all are logged.
 * @param name of the one that the teacher gives answers to.
 * @throws OptionError for questions that do not fit, or are more than the model takes.
 */
export function decisionAdapter(
  route: DecisionRoute,
  model: string,
  questions: Readonly<Record<string, DecisionQuestion>>,
  name: string,
): OutsideAdapter<DecisionAsked> {
  expectFew('questions', Object.keys(questions).length, route.maxQuestions, 'ask them in several requests');
  for (const [id, { labelNames }] of Object.entries(questions)) {
    const fix = 'ask another model, or a question about groups of labels first';
    expectFew(`question ${id}, labels`, labelNames.length, route.maxLabels, fix);
  }
  const single = askedQuestions(questions, false);
  const paired = askedQuestions(questions, true);
  const classes = questions[name]?.labelNames.length ?? 0;
  const parts = (asked: AskedQuestions) => ['decision', route.format, model, [...asked], route.identity];
  const partsBytes = Buffer.byteLength(JSON.stringify([...single]));
  const outputTokens = OUTPUT_TOKENS * single.size;
  return {
    source: route.source,
    identity: [...parts(single), name, READING],
    counts: route.counts,
    isProbed: true,
    draws: 1,
    outputTokens,
    fixMalformed: 'check format, model and labels, or allow more (maxMalformed, --bad_rows skip)',
    question: (text, pair) => {
      const state = pair === undefined ? text : { first: text, second: pair };
      const asked = pair === undefined ? single : paired;
      const bytes = Buffer.byteLength(text + (pair ?? '')) + partsBytes;
      return { key: jsonHash([...parts(asked), state]), text, pair, bytes, messages: 1, state, asked };
    },
    request: (question) => {
      const most = { input: mostInputTokens(question), output: outputTokens };
      return {
        most,
        send: async (stop) => {
          const { answeredBy, requestId, usage, answers } = await route.decide(question.state, question.asked, stop);
          return {
            ...(answeredBy && { answeredBy }),
            ...(requestId !== undefined && { requestId }),
            usage: usage ?? { ...most, isEstimate: true },
            decisions: decisionsOf(answers, questions),
          };
        },
      };
    },
    standing: (replies) => standingOf(replies, name, classes),
    prompt: ({ state, asked }) => {
      const shownOf = ({ instructions, criteria }: AskedQuestion) => ({
        instructions,
        labels: Object.fromEntries(criteria),
      });
      return JSON.stringify({ state, questions: Array.from(asked.values(), shownOf) }, null, 2);
    },
    shown: (reply) => {
      const decision = isDecision(reply) ? reply.decisions[name] : undefined;
      return decision !== undefined && 'invalid' in decision ? decision.invalid : '';
    },
  };
}

export type DecisionAsked = OutsideQuestion & { readonly state: DecisionState; readonly asked: AskedQuestions };

/** Each answer checked by itself; ids that nobody asked for make all of them doubtful. */
function decisionsOf(
  answers: ReadonlyMap<string, RawDecision>,
  questions: Readonly<Record<string, DecisionQuestion>>,
): DecisionReply['decisions'] {
  const stranger = [...answers.keys()].find((id) => !Object.hasOwn(questions, id));
  return Object.fromEntries(
    Object.entries(questions).map(([id, { labelNames }]): [string, Decision] => {
      if (stranger !== undefined) return [id, { invalid: `an answer to '${stranger}', which was not asked` }];
      const raw = answers.get(id);
      return [id, raw === undefined ? { invalid: `no answer to '${id}'` } : checkedDecision(raw, labelNames)];
    }),
  );
}

function standingOf(replies: readonly object[], name: string, classes: number): Standing {
  let failures = 0;
  for (const reply of replies) {
    const decision = isDecision(reply) ? reply.decisions[name] : undefined;
    if (decision === undefined) continue;
    if ('isRefused' in decision) return { kind: 'refused', target: holeTarget(classes) };
    if ('label' in decision) return { kind: 'label', target: labelTarget(decision.label, classes) };
    if ('probabilities' in decision) {
      const { probabilities, decimals } = decision;
      const halfUnit = decimals === undefined ? 0 : 10 ** -decimals / 2;
      const target = roundedTarget(probabilities, halfUnit);
      return { kind: 'probabilities', target, ...(decimals !== undefined && { decimals }) };
    }
    failures += decision.isFinal ? MAX_INVALID : 1;
  }
  return failures >= MAX_INVALID ? { kind: 'malformed', target: holeTarget(classes) } : { kind: 'open', draws: 0 };
}

function isDecision(reply: object): reply is DecisionReply {
  return 'decisions' in reply;
}

function askedQuestions(questions: Readonly<Record<string, DecisionQuestion>>, isPair: boolean): AskedQuestions {
  return new Map(
    Object.entries(questions).map(([id, { labelNames, instructions, criteria = {} }]) => {
      const unknown = Object.keys(criteria).find((label) => !labelNames.includes(label));
      if (unknown !== undefined) {
        throw new OptionError({
          where: 'criteria',
          wanted: `descriptions of labels: ${labelNames.slice(0, 12).join(', ')}`,
          got: `'${unknown}'`,
        });
      }
      const { type: _, ...asked } = questionOf({ labelNames, instructions, criteria, isPair });
      return [id, asked] as const;
    }),
  );
}

function expectFew(where: string, count: number, most: number, fix: string): void {
  if (count <= most) return;
  throw new OptionError({ where, wanted: `at most ${most}, as this format takes`, got: String(count), fix });
}
