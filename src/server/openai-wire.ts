/** @file OpenAI's decisions, as a server speaks them: `POST /v1/decisions`. */
import type { TextInput } from '../inference/answer.js';
import { isJsonObject, type Json, objectOf } from '../options/json.js';
import { RequestFailure } from './request-failure.js';
import { textOfParts, textOfState } from './state-text.js';
import { criteriaOf, scoreOf, truthOf } from './typed-question.js';
import { confidenceOf, scoreConfidenceOf, type WireAnswer, type WireFormat, type WireQuestion } from './wire-format.js';

const CODES: Readonly<Record<string, string>> = {
  authentication: 'invalid_api_key',
  forbidden: 'host_not_allowed',
  unsupported: 'unsupported_question',
  'too-large': 'request_too_large',
  busy: 'server_overloaded',
};
/** Whoever reads `type` knows these. */
const TYPES: Readonly<Record<string, string>> = {
  authentication: 'authentication_error',
  forbidden: 'permission_error',
  busy: 'server_error',
  upstream: 'server_error',
  internal: 'server_error',
};

export const openAiWire: WireFormat = {
  name: 'openai-decisions',
  path: '/v1/decisions',
  read: ({ model, input, questions }, textField) => {
    if (model !== undefined && typeof model !== 'string') {
      throw new RequestFailure('invalid', 'wanted the name of a model', ['model']);
    }
    if (!(typeof input === 'string' || Array.isArray(input))) {
      throw new RequestFailure('invalid', 'wanted a text, or a list of messages', ['input']);
    }
    if (!Array.isArray(questions) || questions.length === 0) {
      throw new RequestFailure('invalid', 'wanted a list of questions', ['questions']);
    }
    const read = questions.map(questionIn);
    const names = read.flatMap(({ id }) => id ?? []);
    if (new Set(names).size < names.length) {
      throw new RequestFailure('invalid', 'wanted questions with different names', ['questions']);
    }
    return { model, input: () => textOfInput(input, textField), questions: read };
  },
  reply: ({ model, answers, tokens, own }) => ({
    model,
    answers: answers.map(answerOf),
    usage: {
      input_tokens: tokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: tokens,
    },
    ...own,
  }),
  failure: ({ kind, message, place }) => ({
    error: {
      message,
      type: TYPES[kind] ?? 'invalid_request_error',
      param: place.length === 0 ? null : place.join('.'),
      code: CODES[kind] ?? null,
    },
  }),
};

/** OpenAI's name for a yes/no question. */
const PREDICATE = 'predicate';

function answerOf({ question: { id: name, type, legend = [] }, answer }: WireAnswer): object {
  if (type === 'noul') return { type: PREDICATE, name, probability: truthOf(answer) };
  const given = answer.probabilities.map(([, p]) => p);
  if (type === 'score') {
    const probabilities = given.map((probability, value) => ({ value, label: legend[value], probability }));
    return { type, name, score: scoreOf(answer), confidence: scoreConfidenceOf(given), probabilities };
  }
  const probabilities = answer.probabilities.map(([value, probability]) => ({ value, probability }));
  return { type: 'choice', name, choice: answer.choice, confidence: confidenceOf(given), probabilities };
}

function questionIn(question: unknown, i: number): WireQuestion {
  const place = ['questions', i];
  if (!isJsonObject(question)) throw new RequestFailure('invalid', 'wanted a question', place);
  const { type, name = null, instructions, choices, levels } = question;
  if (typeof type !== 'string')
    throw new RequestFailure('invalid', 'wanted a type, such as choice', [...place, 'type']);
  if (name !== null && typeof name !== 'string') {
    throw new RequestFailure('invalid', 'wanted a text, or null', [...place, 'name']);
  }
  const own = { id: name, place, instructions };
  if (type === PREDICATE) return { ...own, type: 'noul', criteria: criteriaOf('noul', undefined) ?? [] };
  if (type === 'score') return { ...own, type, ...levelsIn(levels, [...place, 'levels']) };
  if (type !== 'choice') return { ...own, type, criteria: [] };
  if (!Array.isArray(choices) || choices.length === 0) {
    throw new RequestFailure('invalid', 'wanted a list of choices', [...place, 'choices']);
  }
  const criteria = choices.map((choice, c) => {
    const { value, description = null }: Readonly<Record<string, Json>> = isJsonObject(choice) ? choice : {};
    // true and "true" are two choices to OpenAI, and no student has a label that is no text.
    if (typeof value === 'string' || typeof value === 'boolean') return [value, description] as const;
    throw new RequestFailure('invalid', 'wanted a text', [...place, 'choices', c, 'value']);
  });
  const texts = criteria.filter((one): one is readonly [string, (typeof one)[1]] => typeof one[0] === 'string');
  if (new Set(criteria.map(([value]) => value)).size < criteria.length) {
    throw new RequestFailure('invalid', 'wanted different choices', [...place, 'choices']);
  }
  const isOurs = texts.length === criteria.length;
  return { ...own, type: isOurs ? type : 'choice with true or false', criteria: texts };
}

/** A level is what it is called, and what it means where that is said. */
function levelsIn(levels: unknown, place: readonly (string | number)[]): Pick<WireQuestion, 'criteria' | 'legend'> {
  const read = Array.isArray(levels)
    ? levels.map((level: unknown) => {
        const { label, description } = objectOf(level);
        return typeof label === 'string'
          ? { label, said: description ? `${label}: ${String(description)}` : label }
          : null;
      })
    : [];
  if (read.length === 0 || read.includes(null)) {
    throw new RequestFailure('invalid', 'wanted a list of levels, each with a label', place);
  }
  const known = read.flatMap((level) => level ?? []);
  return { criteria: known.map(({ said }, i) => [String(i), said]), legend: known.map(({ label }) => label) };
}

/** Messages of others than the user would change the question. */
function textOfInput(input: string | readonly unknown[], textField: string | undefined): TextInput {
  if (typeof input === 'string') return input;
  const texts = input.map((message, i) => {
    const { role, content, type = 'message' }: Readonly<Record<string, Json>> = isJsonObject(message) ? message : {};
    if (role !== 'user' || type !== 'message') {
      throw new RequestFailure('unsupported', 'wanted messages of the user alone', ['input', i]);
    }
    if (typeof content === 'string') return content;
    if (!Array.isArray(content)) throw new RequestFailure('invalid', 'wanted a text or parts', ['input', i, 'content']);
    const [part] = content;
    if (content.length === 1 && isJsonObject(part) && part.type === 'input_json') {
      return textOfState(part.data, textField, 'input');
    }
    return textOfParts(content, ['input_text', 'text'], 'input');
  });
  const [first] = texts;
  if (texts.length === 1 && first !== undefined) return first;
  if (texts.length > 0 && texts.every((one) => typeof one === 'string')) return texts.join('\n');
  throw new RequestFailure('invalid', 'wanted a text', ['input']);
}
