import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { retort } from '../../src/ai-sdk/student-model.js';
import { certificateMismatches, studentIdentity } from '../../src/certificates/certificate.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import type { Answer } from '../../src/inference/answer.js';
import { load } from '../../src/inference/load.js';
import { bert } from '../../src/models/bert.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { NOUL_LABELS, type Question, questionOf } from '../../src/options/question.js';
import { checkedDecision, type RawDecision } from '../../src/outside/decisions/decision-answer.js';
import { openAiDecisions } from '../../src/outside/decisions/openai-decisions.js';
import { systemOne } from '../../src/outside/decisions/systemone.js';
import { openAiWire } from '../../src/server/openai-wire.js';
import type { Serving, serveStudent as serveThere } from '../../src/server/serve.js';
import { servedQuestions } from '../../src/server/served-question.js';
import { systemOneWire } from '../../src/server/systemone-wire.js';
import { answerIn, criteriaOf, scoreOf } from '../../src/server/typed-question.js';
import { scoreConfidenceOf } from '../../src/server/wire-format.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { TEXTS, VOCABULARY } from '../inference/text-student.js';
import { fixture } from '../tokenizers/tokenizer-files.js';

const built = new URL('../../dist/server/serve.js', import.meta.url).href;
const { serveStudent } = (await import(built)) as { serveStudent: typeof serveThere };

// TypeSafe's documented example: of 0, 0.95 and 0.05 the score is 1.05 and the confidence 0.92.
test('a score is the mean of its levels, with the documented confidence', () => {
  const probabilities = [0, 0.95, 0.05];
  const answer = { choice: '1', probabilities: probabilities.map((p, i) => [String(i), p] as const) };
  expect(scoreOf(answer)).toBeCloseTo(1.05, 12);
  expect(scoreConfidenceOf(probabilities)).toBeCloseTo(0.925, 12);
  expect(scoreConfidenceOf([1])).toBe(1);
  expect(scoreConfidenceOf([0.5, 0.5])).toBe(0);
});

test('a value of a regression is between its two levels, and never beyond the last', () => {
  const levels = criteriaOf('score', ['low', 'middle', 'high']) ?? [];
  const names = levels.map(([name]) => name);
  const of = (score: number) => answerIn(levels, names, { score, probabilities: [] });
  expect(of(1.25).probabilities).toEqual([
    ['0', 0],
    ['1', 0.75],
    ['2', 0.25],
  ]);
  expect([of(1.25), of(-3), of(7)].map(scoreOf)).toEqual([1.25, 0, 2]);
});

describe('criteria', () => {
  test.each<['choice' | 'noul' | 'score', unknown, unknown]>([
    [
      'choice',
      { a: 'x', b: null },
      [
        ['a', 'x'],
        ['b', null],
      ],
    ],
    ['choice', {}, undefined],
    [
      'noul',
      undefined,
      [
        ['true', null],
        ['false', null],
      ],
    ],
    [
      'noul',
      { false: 'calm' },
      [
        ['true', null],
        ['false', 'calm'],
      ],
    ],
    ['noul', { yes: 'x' }, undefined],
    ['noul', ['x'], undefined],
    [
      'score',
      ['a', 'b'],
      [
        ['0', 'a'],
        ['1', 'b'],
      ],
    ],
    ['score', { 0: 'a' }, undefined],
    ['score', [], undefined],
  ])('of %s: %j', (type, given, read) => {
    expect(criteriaOf(type, given)).toEqual(read);
  });
});

const root = temporaryFolder();
const URGENT: Question = {
  ...questionOf({ type: 'noul', labelNames: NOUL_LABELS, instructions: 'Is it urgent?' }),
  labels: ['urgent', 'calm'],
};
const LEVELS = ['can wait', 'today', 'now'];
const levelled = (labels?: readonly string[]): Question => ({
  ...questionOf({
    type: 'score',
    labelNames: ['0', '1', '2'],
    instructions: 'How urgent?',
    criteria: Object.fromEntries(LEVELS.entries()),
  }),
  ...(labels && { labels }),
});
/** Classes in another order than levels, so that a mix-up shows. */
const STUDENTS = {
  noul: { labelNames: ['calm', 'urgent'], question: URGENT },
  score: { labelNames: ['now', 'can wait', 'today'], question: levelled(LEVELS) },
  regression: { labelNames: ['score'], question: levelled() },
};
const folderOf = (name: string) => join(root, name);
const servings = {} as Record<keyof typeof STUDENTS, Serving>;
const wanted = {} as Record<keyof typeof STUDENTS, readonly Answer[]>;
const texts = TEXTS.slice(0, 20);

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  const tokenizer = await loadTokenizer(root);
  for (const [name, content] of Object.entries(STUDENTS)) {
    const model = bert({
      ...{ vocab_size: fixture.vocab.length, num_labels: content.labelNames.length, hidden_size: 16 },
      ...{ num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 24, max_position_embeddings: 40 },
      initializer_range: 0.5,
    });
    const weights = initialiseParameters(model.parameters, 1);
    await saveOnnx(folderOf(name), { model, weights, ...content, tokenizer });
    const loaded = await load(folderOf(name));
    wanted[name as 'noul'] = await loaded.predict(texts, { badRows: 'stop' });
    await loaded.release();
    servings[name as 'noul'] = await serveStudent({ student: folderOf(name), port: 0 });
  }
});
afterAll(() => Promise.all(Object.values(servings).map((one) => one.close())));

async function post(name: keyof typeof STUDENTS, path: string, body: object) {
  const reply = await fetch(servings[name].url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: reply.status, body: (await reply.json()) as { answers: never } };
}
const noul = { type: 'noul', instructions: 'Is it urgent?' };
const score = { type: 'score', instructions: 'How urgent?', criteria: LEVELS };

describe('a student of a yes/no question', () => {
  test('gives the probability of true in each format', async () => {
    for (const [i, state] of texts.entries()) {
      const { probabilities: [, urgent] = [] } = wanted.noul[i] as Answer;
      const { body } = await post('noul', '/v1/systemone', { state, questions: { q: noul } });
      expect(body.answers).toEqual({ q: { type: 'noul', noul: expect.closeTo(urgent as number, 6) } });
    }
    const predicate = { type: 'predicate', name: 'q', instructions: 'Is it urgent?' };
    const asked = await post('noul', '/v1/decisions', { input: texts[0], questions: [predicate] });
    const { probabilities: [, urgent] = [] } = wanted.noul[0] as Answer;
    expect(asked.body.answers).toEqual([
      { type: 'predicate', name: 'q', probability: expect.closeTo(urgent as number, 6) },
    ]);
  });

  test.each<[object, string]>([
    [{ ...noul, instructions: 'Is it not?' }, 'other instructions'],
    [{ ...noul, criteria: { true: 'fire' } }, 'other descriptions of the labels'],
    [
      { type: 'choice', instructions: 'Is it urgent?', criteria: { true: null, false: null } },
      'a question of type choice',
    ],
    [score, 'a question of type score'],
    [{ ...noul, criteria: { yes: null } }, 'wanted descriptions of true and false, or nothing'],
  ])('refuses %j', async (question, says) => {
    const { status, body } = await post('noul', '/v1/systemone', { state: 'x', questions: { q: question } });
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining(says)]);
  });

  test('is served under an alias, whatever order true and false have in it', () => {
    const served = servedQuestions(URGENT, STUDENTS.noul.labelNames, [
      { instructions: 'Must we hurry?', criteria: { false: null, true: null } },
    ]);
    const asked = { type: 'noul', instructions: 'Must we hurry?', criteria: criteriaOf('noul', undefined) ?? [] };
    expect(served.labelsOf(asked, false)).toEqual(['false', 'true']);
  });

  test('with true and false the other way round is another student', async () => {
    const identity = await studentIdentity(folderOf('noul'), STUDENTS.noul.labelNames);
    const turned = { ...identity, question: { ...URGENT, labels: ['calm', 'urgent'] } };
    expect(certificateMismatches(identity as never, turned)).toEqual([
      expect.stringContaining('labels for what is asked'),
    ]);
    expect(certificateMismatches(identity as never, identity)).toEqual([]);
  });
});

describe.each(['score', 'regression'] as const)('a student of levels (%s)', (name) => {
  test('gives the mean, the share of each level and what it is called', async () => {
    const [answer] = wanted[name] as [Answer];
    const order = [1, 2, 0];
    const shares = name === 'score' ? order.map((c) => answer.probabilities[c] as number) : undefined;
    const mean = shares?.reduce((sum, p, i) => sum + i * p, 0) ?? Math.min(Math.max(answer.score, 0), 2);
    const { body } = await post(name, '/v1/systemone', { state: texts[0], questions: { q: score } });
    const { q } = body.answers as { q: { probabilities: Record<string, number>; legend: object; score: number } };
    expect(q.score).toBeCloseTo(mean, 5);
    expect(q.legend).toEqual({ 0: 'can wait', 1: 'today', 2: 'now' });
    for (const [i, p] of shares?.entries() ?? []) expect(q.probabilities[i]).toBeCloseTo(p, 6);
    const levels = LEVELS.map((label) => ({ label }));
    const asked = { type: 'score', name: 'q', instructions: 'How urgent?', levels };
    const { body: said } = await post(name, '/v1/decisions', { input: texts[0], questions: [asked] });
    expect(said.answers).toMatchObject([
      { type: 'score', name: 'q', score: q.score, probabilities: [{ value: 0, label: 'can wait' }, {}, {}] },
    ]);
  });
});

describe('in the AI SDK', () => {
  test.each([
    ['noul', { ...noul, type: 'boolean' }, 'boolean'],
    ['score', score, 'score'],
    ['regression', score, 'score'],
  ])('%s', async (name, question, type) => {
    const model = retort(folderOf(name));
    const state = [{ type: 'text', text: texts[0] as string }] as const;
    const { answers } = await model.doDecide({ state, questions: { q: question } });
    const { body } = await post(name as 'noul', '/v1/systemone', {
      state: texts[0],
      questions: { q: { ...question, type: type === 'boolean' ? 'noul' : type } },
    });
    const { q } = body.answers as { q: { noul?: number; score?: number } };
    const given = answers.q as { type: string; probability?: number; score?: number };
    expect(given.type).toBe(type);
    expect(given.probability ?? given.score).toBeCloseTo((q.noul ?? q.score) as number, 6);
    const other = model.doDecide({ state, questions: { q: { ...question, instructions: 'Which?' } } });
    await expect(other).rejects.toThrow('other instructions');
    const choice = { type: 'choice', instructions: 'How urgent?', criteria: { a: null, b: null } };
    await expect(model.doDecide({ state, questions: { q: choice } })).rejects.toThrow('got one of type choice');
    await model.release();
  });
});

test('a student that gives a value is not served before an upstream', async () => {
  const upstream = 'http://127.0.0.1:9/v1';
  await expect(serveStudent({ student: folderOf('regression'), port: 0, upstream })).rejects.toThrow(
    'upstream: wanted a student of labels, which can be compared and certified',
  );
});

describe('what a server of ours says to a typed question is read as a decision', () => {
  test.each([
    ['systemone', systemOneWire, systemOne],
    ['openai', openAiWire, openAiDecisions],
  ])('%s', async (_name, wire, format) => {
    const questions = {
      urgent: { type: 'noul', criteria: criteriaOf('noul', undefined) ?? [], p: [0.25, 0.75] },
      level: { type: 'score', criteria: criteriaOf('score', LEVELS) ?? [], p: [0.25, 0.5, 0.25] },
    };
    const answers = Object.entries(questions).map(([id, { type, criteria, p }]) => ({
      question: { id, type, criteria, place: [], instructions: '' },
      answer: answerIn(
        criteria,
        criteria.map(([label]) => label),
        { score: 1, probabilities: p },
      ),
    }));
    const reply = wire.reply({ model: 'm', answers, tokens: 1, own: {} });
    const read = await format.read(JSON.parse(JSON.stringify(reply)));
    // Whoever asked for a choice has not got one.
    expect(checkedDecision(read?.answers.get('urgent') as RawDecision, ['true', 'false'])).toEqual({
      invalid: 'an answer that is no choice, but a noul',
    });
    expect(checkedDecision(read?.answers.get('urgent') as RawDecision, ['false', 'true'], 'noul')).toMatchObject({
      probabilities: [0.75, 0.25],
    });
    expect(read?.answers.get('urgent')).toMatchObject({
      choice: 'false',
      probabilities: new Map([
        ['true', 0.25],
        ['false', 0.75],
      ]),
    });
    expect(read?.answers.get('level')).toMatchObject({
      choice: '1',
      probabilities: new Map([
        ['0', 0.25],
        ['1', 0.5],
        ['2', 0.25],
      ]),
    });
  });
});
