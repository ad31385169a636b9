/** @file OpenAI's decisions: `POST …/decisions`. A refusal is of one question; the answers to the others stand. */
import { noulDecision, type RawDecision, scoreDecision } from './decision-answer.js';
import type { DecisionFormat } from './decision-format.js';

/** As it says itself, for want of a field: OpenAI's own clients take two. */
const DECIMALS = 2;

export const openAiDecisions: DecisionFormat = {
  path: 'decisions',
  maxLabels: 255,
  maxQuestions: 400,
  idHeaders: ['x-request-id'],
  body: (model, state, questions) => ({
    model,
    input: typeof state === 'string' ? state : [{ role: 'user', content: [{ type: 'input_json', data: state }] }],
    questions: Array.from(questions, ([name, { instructions, criteria }]) => ({
      type: 'choice',
      name,
      instructions,
      choices: criteria.map(([value, description]) => ({ value, ...(description !== null && { description }) })),
    })),
  }),
  read: async (json) => {
    const { openAiDecisionsSchema, openAiAnswerSchema } = await import('./decisions.schema.js');
    const { data } = openAiDecisionsSchema.safeParse(json);
    if (data === undefined) return undefined;
    const answers = new Map<string, RawDecision>();
    for (const [i, given] of data.answers.entries()) {
      const answer = openAiAnswerSchema.safeParse(given).data;
      const id = answer?.name ?? `answer ${i + 1}`;
      answers.set(id, answers.has(id) ? { invalid: `'${id}' twice` } : readAnswer(answer));
    }
    return { ...data, answers };
  },
};

type Answer =
  | { readonly type: 'refusal' }
  | { readonly type: 'predicate'; readonly probability: number }
  | { readonly type: 'score'; readonly probabilities: readonly Share<number>[] }
  | { readonly type: 'choice'; readonly choice?: unknown; readonly probabilities: readonly Share<unknown>[] };
type Share<P> = { readonly value?: unknown; readonly probability?: P };

function readAnswer(answer: Answer | undefined): RawDecision {
  if (answer === undefined) return { invalid: 'an answer that is no choice with probabilities' };
  if (answer.type === 'refusal') return { isRefused: true };
  if (answer.type === 'predicate') return noulDecision(answer.probability, DECIMALS);
  if (answer.type === 'score') {
    const shares = answer.probabilities.map(({ value, probability = 0 }) => [String(value), probability] as const);
    return scoreDecision(new Map(shares), DECIMALS);
  }
  const { choice, probabilities } = answer;
  const byLabel = new Map(probabilities.map(({ value, probability }) => [value, probability]));
  if (byLabel.size < probabilities.length) return { invalid: 'two probabilities for one label' };
  return { choice, probabilities: byLabel, decimals: DECIMALS };
}
