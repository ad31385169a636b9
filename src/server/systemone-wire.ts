/** @file System One, as a server speaks it: `POST /v1/systemone`. */
import { isJsonObject } from '../options/json.js';
import { QUESTION_TYPES, type QuestionType } from '../options/question.js';
import { RequestFailure } from './request-failure.js';
import { textOfState } from './state-text.js';
import { criteriaOf, scoreOf, truthOf } from './typed-question.js';
import { confidenceOf, scoreConfidenceOf, type WireAnswer, type WireFormat, type WireQuestion } from './wire-format.js';

/** In `detail.error_type` of errors that are not about a field. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  authentication: 'authentication_error',
  forbidden: 'permission_error',
  'not-found': 'not_found_error',
  'too-large': 'request_too_large',
  busy: 'overloaded_error',
  upstream: 'upstream_error',
  internal: 'internal_error',
};

export const systemOneWire: WireFormat = {
  name: 'systemone',
  path: '/v1/systemone',
  read: ({ model, state, questions }, textField) => {
    if (model !== undefined && typeof model !== 'string') {
      throw new RequestFailure('invalid', 'wanted the name of a model', ['model']);
    }
    if (state === undefined || state === null) {
      throw new RequestFailure('invalid', 'wanted a text, a list or an object', ['state']);
    }
    if (!isJsonObject(questions) || Object.keys(questions).length === 0) {
      throw new RequestFailure('invalid', 'wanted questions by their names', ['questions']);
    }
    return {
      model,
      input: () => textOfState(state, textField, 'state'),
      questions: Object.entries(questions).map(([id, question]) => questionIn(id, question)),
    };
  },
  reply: ({ model, answers, tokens, own }) => ({
    model,
    answers: Object.fromEntries(answers.map((one) => [one.question.id ?? '', answerOf(one)])),
    usage: { input_tokens: tokens, output_tokens: 0 },
    ...own,
  }),
  failure: ({ kind, message, place }) =>
    ERROR_TYPES[kind] === undefined
      ? {
          detail: [
            {
              loc: ['body', ...place],
              msg: message,
              type: kind === 'unsupported' ? 'unsupported_question' : 'value_error',
            },
          ],
        }
      : { detail: { error_type: ERROR_TYPES[kind], message } },
};

function answerOf({ question: { type, legend = [] }, answer }: WireAnswer): object {
  if (type === 'noul') return { type, noul: truthOf(answer) };
  const probabilities = Object.fromEntries(answer.probabilities);
  const given = answer.probabilities.map(([, p]) => p);
  if (type === 'score') {
    const confidence = scoreConfidenceOf(given);
    return { type, score: scoreOf(answer), legend: Object.fromEntries(legend.entries()), probabilities, confidence };
  }
  return { type: 'choice', choice: answer.choice, probabilities, confidence: confidenceOf(given) };
}

const CRITERIA: Readonly<Record<QuestionType, string>> = {
  choice: 'wanted labels, each with a description or null',
  noul: 'wanted descriptions of true and false, or nothing',
  score: 'wanted a list of levels',
};

function questionIn(id: string, question: unknown): WireQuestion {
  const place = ['questions', id];
  if (!isJsonObject(question)) throw new RequestFailure('invalid', 'wanted a question', place);
  const { type, instructions, criteria } = question;
  if (typeof type !== 'string')
    throw new RequestFailure('invalid', 'wanted a type, such as choice', [...place, 'type']);
  const known = QUESTION_TYPES.find((one) => one === type);
  if (known === undefined) return { id, place, type, instructions, criteria: [] };
  const read = criteriaOf(known, criteria);
  if (read === undefined) throw new RequestFailure('invalid', CRITERIA[known], [...place, 'criteria']);
  const legend = known === 'score' ? { legend: read.map(([, level]) => level) } : {};
  return { id, place, type, instructions, criteria: read, ...legend };
}
