/** @file System One, as a server speaks it: `POST /v1/systemone`. */
import { isJsonObject } from '../options/json.js';
import { RequestFailure } from './request-failure.js';
import { isJson } from './served-question.js';
import { textOfState } from './state-text.js';
import { confidenceOf, type WireFormat, type WireQuestion } from './wire-format.js';

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
    answers: Object.fromEntries(
      answers.map(({ question: { id }, answer: { choice, probabilities } }) => [
        id ?? '',
        {
          type: 'choice',
          choice,
          probabilities: Object.fromEntries(probabilities),
          confidence: confidenceOf(probabilities.map(([, p]) => p)),
        },
      ]),
    ),
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

function questionIn(id: string, question: unknown): WireQuestion {
  const place = ['questions', id];
  if (!isJsonObject(question)) throw new RequestFailure('invalid', 'wanted a question', place);
  const { type, instructions, criteria } = question;
  if (typeof type !== 'string')
    throw new RequestFailure('invalid', 'wanted a type, such as choice', [...place, 'type']);
  if (type !== 'choice') return { id, place, type, instructions, criteria: [] };
  if (!isJsonObject(criteria) || Object.keys(criteria).length === 0) {
    throw new RequestFailure('invalid', 'wanted labels, each with a description or null', [...place, 'criteria']);
  }
  return { id, place, type, instructions, criteria: Object.entries(criteria).filter(([, value]) => isJson(value)) };
}
