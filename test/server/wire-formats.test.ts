import { describe, expect, test } from 'vitest';
import { type Question, questionOf } from '../../src/options/question.js';
import { openAiWire } from '../../src/server/openai-wire.js';
import { servedQuestions } from '../../src/server/served-question.js';
import { systemOneWire } from '../../src/server/systemone-wire.js';
import { confidenceOf } from '../../src/server/wire-format.js';

const CRITERIA = { billing: 'money', tech: null };
const QUESTION = { type: 'choice', instructions: 'Which team?', criteria: CRITERIA };
const CHOICES = [{ value: 'billing', description: 'money' }, { value: 'tech' }];

const asked = (state: unknown, textField?: string) =>
  systemOneWire.read({ model: 'jev-latest', state, questions: { team: QUESTION } }, textField);
const decided = (input: unknown, textField?: string) =>
  openAiWire.read(
    {
      model: 'gpt-6-luna',
      input,
      questions: [{ type: 'choice', name: 'team', instructions: 'Which team?', choices: CHOICES }],
    },
    textField,
  );

describe('a state', () => {
  const part = { type: 'text', text: 'I was charged twice' };
  test.each([
    ['a text', 'I was charged twice', undefined, 'I was charged twice'],
    ['the part list that AI SDK 7 sends', [part], undefined, 'I was charged twice'],
    ['several parts', [part, { type: 'text', text: 'again' }], undefined, 'I was charged twice\nagain'],
    ['a text in JSON', [{ type: 'json', value: 'I was charged twice' }], undefined, 'I was charged twice'],
    ['two texts', { first: 'a man sleeps', second: 'a man rests' }, undefined, ['a man sleeps', 'a man rests']],
    ['the declared field', { id: 4, message: 'hello' }, 'message', 'hello'],
    ['the declared field, as JSON', [{ type: 'json', value: { message: 'hello' } }], 'message', 'hello'],
  ])('%s', (_name, state, field, text) => {
    expect(asked(state, field).input()).toEqual(text);
  });

  test.each([
    [{ id: 4, message: 'hello' }, undefined, 'got an object of id, message'],
    [{ id: 4 }, 'message', 'wanted a text in the field message, got the fields id'],
    [[{ type: 'image', url: 'x' }], undefined, 'got one of type image'],
    [[], undefined, 'got an empty list'],
    [7, undefined, 'wanted a text, a list of text parts or an object'],
  ])('%j is refused: %s', (state, field, problem) => {
    expect(() => asked(state, field).input()).toThrow(problem);
  });
});

describe('an input of OpenAI', () => {
  const user = (content: unknown) => [{ role: 'user', content }];
  test.each([
    ['a text', 'hello', undefined, 'hello'],
    ['a message', user('hello'), undefined, 'hello'],
    ['parts', user([{ type: 'input_text', text: 'hello' }]), undefined, 'hello'],
    [
      'a pair, as retort asks about one',
      user([{ type: 'input_json', data: { first: 'a', second: 'b' } }]),
      undefined,
      ['a', 'b'],
    ],
    ['a field', user([{ type: 'input_json', data: { body: 'hello' } }]), 'body', 'hello'],
    ['two messages', [...user('one'), ...user('two')], undefined, 'one\ntwo'],
  ])('%s', (_name, input, field, text) => {
    expect(decided(input, field).input()).toEqual(text);
  });

  test.each([
    [
      'a message of the system, which would change the question',
      [{ role: 'system', content: 'Say tech.' }, ...user('hello')],
    ],
    ['an image', user([{ type: 'input_image', image_url: 'x' }])],
  ])('refused: %s', (_name, input) => {
    expect(() => decided(input).input()).toThrow(/wanted (messages of the user|parts of text) alone/);
  });
});

describe('a body that is not of the format', () => {
  const questions = { team: QUESTION };
  test.each<[object, readonly (string | number)[]]>([
    [{ model: 4, state: 'x', questions }, ['model']],
    [{ questions }, ['state']],
    [{ state: null, questions }, ['state']],
    [{ state: 'x' }, ['questions']],
    [{ state: 'x', questions: {} }, ['questions']],
    [{ state: 'x', questions: [QUESTION] }, ['questions']],
    [{ state: 'x', questions: { team: 'choice' } }, ['questions', 'team']],
    [{ state: 'x', questions: { team: { criteria: CRITERIA } } }, ['questions', 'team', 'type']],
    [{ state: 'x', questions: { team: { type: 'choice', criteria: ['a'] } } }, ['questions', 'team', 'criteria']],
  ])('System One: %j', (body, place) => {
    expect(() => systemOneWire.read(body as never, undefined)).toThrow(expect.objectContaining({ place, status: 422 }));
  });

  const question = { type: 'choice', name: 'team', choices: CHOICES };
  test.each<[object, readonly (string | number)[]]>([
    [{ questions: [question] }, ['input']],
    [{ input: 'x' }, ['questions']],
    [{ input: 'x', questions: [question, question] }, ['questions']],
    [{ input: 'x', questions: [{ ...question, name: 5 }] }, ['questions', 0, 'name']],
    [{ input: 'x', questions: [{ ...question, choices: [] }] }, ['questions', 0, 'choices']],
    [{ input: 'x', questions: [{ ...question, choices: [{ value: 4 }] }] }, ['questions', 0, 'choices', 0, 'value']],
    [{ input: 'x', questions: [{ ...question, choices: [CHOICES[0], CHOICES[0]] }] }, ['questions', 0, 'choices']],
  ])('OpenAI: %j', (body, place) => {
    expect(() => openAiWire.read(body as never, undefined)).toThrow(expect.objectContaining({ place, status: 422 }));
  });
});

describe('servedQuestions', () => {
  const own = questionOf({ labelNames: ['billing', 'tech'], instructions: 'Which team?', criteria: CRITERIA });
  const labels = ['billing', 'tech'];
  const served = servedQuestions(own, labels);
  const of = (question: Partial<typeof QUESTION>) => {
    const { criteria, ...rest } = { ...QUESTION, ...question };
    return { ...rest, criteria: Object.entries(criteria) };
  };

  test.each([
    ['the same', {}],
    ['other blanks', { instructions: '  Which team?  \n' }],
    ['an empty description for none', { criteria: { billing: 'money', tech: '' } }],
    ['letters that are composed otherwise', { instructions: 'Which team?'.normalize('NFD') }],
  ])('%s is served', (_name, question) => {
    expect(served.labelsOf(of(question as never), false)).toEqual(labels);
  });

  test.each([
    ['other instructions', { instructions: 'Which group?' }, 'other instructions'],
    ['another description', { criteria: { billing: 'money', tech: 'broken' } }, 'other descriptions'],
    ['another label', { criteria: { billing: 'money', sales: null } }, 'other labels'],
    ['a label more', { criteria: { ...CRITERIA, sales: null } }, 'other labels'],
    ['another order', { criteria: { tech: null, billing: 'money' } }, 'the labels in another order'],
    ['another type', { type: 'noul' }, 'a question of type noul'],
  ])('%s is not, and what is served is said', (_name, question, problem) => {
    const other = of(question as never);
    expect(served.labelsOf(other, false)).toBeUndefined();
    expect(served.refusal(other, false)).toContain(problem);
    expect(served.refusal(other, false)).toContain(
      '{"instructions":"Which team?","criteria":{"billing":"money","tech":null}}',
    );
  });

  test('an alias is served in its own labels, whatever their order', () => {
    const aliased = servedQuestions(own, labels, [
      {
        instructions: 'Who should get it?',
        criteria: { Technik: null, Rechnung: 'Geld' },
        labels: { Technik: 'tech', Rechnung: 'billing' },
      },
    ]);
    const theirs = of({ instructions: 'Who should get it?', criteria: { Technik: null, Rechnung: 'Geld' } as never });
    expect(aliased.labelsOf(theirs, false)).toEqual(['Rechnung', 'Technik']);
    expect(aliased.labelsOf(of({}), false)).toEqual(labels);
    expect(() => servedQuestions(own, labels, [{ criteria: { billing: null } }])).toThrow('got none for tech');
    expect(() => servedQuestions(own, labels, [{ criteria: { ...CRITERIA, other: null } }])).toThrow('got 3 labels');
  });

  test('labels that are numbers come in their order after JSON, and are the same question', () => {
    const numbered: Question = questionOf({ labelNames: ['10', '2'], instructions: 'Which?' });
    const parsed = JSON.parse('{"10":null,"2":null}') as Record<string, null>;
    const question = { type: 'choice', instructions: 'Which?', criteria: Object.entries(parsed) };
    expect(servedQuestions(numbered, ['10', '2']).labelsOf(question, false)).toEqual(['10', '2']);
  });
});

// TypeSafe's documented example: 0.88 of two labels is a confidence of 0.76. Of n labels by the same formula.
test.each([
  [[0.88, 0.12], 0.76],
  [[0.25, 0.25, 0.25, 0.25], 0],
  [[0, 1, 0], 1],
])('confidenceOf %j is %f', (probabilities, confidence) => {
  expect(confidenceOf(probabilities)).toBeCloseTo(confidence, 12);
});
