import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withDistillableText } from '../../../src/outside/asking/endpoint-client.js';
import type { OutsideAnswer } from '../../../src/outside/asking/outside.js';
import {
  type DecisionEndpointOptions,
  decisionEndpointTeacher,
  decisionEndpointTeachers,
} from '../../../src/outside/decisions/decision-endpoint.js';
import { temporaryFolder } from '../../files/processes.js';
import { expectNear, textData, tokenizerIn } from '../../teachers/text-models.js';
import { mockServer, refused, type Said } from '../asking/endpoint-server.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['billing', 'tech', 'other'];
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);
let logs = 0;
const newLog = () => join(root, `log-${++logs}.jsonl`);
const quick = { model: 'jev-latest', labelNames, backoffMs: 5, timeoutMs: 600_000, format: 'systemone' } as const;

type SystemOne = {
  readonly state: unknown;
  readonly questions: Readonly<Record<string, { readonly criteria: object }>>;
};

const server = (say: (request: SystemOne, number: number) => Said | Promise<Said>) =>
  mockServer((request, number) => say(request as unknown as SystemOne, number));

const usage = { input_tokens: 30, output_tokens: 2 };
/** A reply of System One with these probabilities, in the order of the labels. */
const choice = (probabilities: readonly unknown[], more: object = {}) => ({
  type: 'choice',
  choice: labelNames[probabilities.indexOf(Math.max(...probabilities.map((p) => Number(p ?? 0))))],
  probabilities: Object.fromEntries(labelNames.map((label, c) => [label, probabilities[c]])),
  confidence: 0.5,
  ...more,
});
const decided = (probabilities: readonly unknown[], more: object = {}) => ({
  model: 'jev-1.13.0',
  answers: { label: choice(probabilities, more) },
  usage,
});

async function ask(texts: readonly string[], options: DecisionEndpointOptions, pairs?: readonly string[]) {
  const teacher = decisionEndpointTeacher(options);
  const answers: OutsideAnswer[] = [];
  const data = textData(texts, tokenizer, { labelNames: [...options.labelNames], ...(pairs && { pairs }) });
  await teacher.ask(data, (_, answer) => answers.push(answer));
  return {
    answers,
    probabilities: answers.flatMap(({ target }) => target.logits.map(Math.exp)),
    report: teacher.report(),
    teacher,
  };
}

describe('decisionEndpointTeacher', () => {
  test('System One: what is sent, what is learnt of it, and who answered', async () => {
    const { url, asked } = await server(
      () => (response) =>
        response.writeHead(200, { 'x-typesafe-request-id': 'r-9' }).end(JSON.stringify(decided([0.5, 0.25, 0.25]))),
    );
    const log = newLog();
    const criteria = { tech: ' broken\r\nthings  ', billing: 'money' };
    const found = await ask(['I was charged twice'], {
      ...{ ...quick, url, log, criteria, instructions: 'Which team? ', prices: { input: 1e6, output: 0 } },
    });
    expect(asked[0]?.request).toEqual({
      model: 'jev-latest',
      state: 'I was charged twice',
      questions: {
        label: {
          type: 'choice',
          instructions: 'Which team?',
          criteria: { billing: 'money', tech: 'broken\nthings', other: null },
        },
      },
    });
    expectNear(found.probabilities, [0.5, 0.25, 0.25], 9);
    expect(found.answers).toMatchObject([
      {
        ...{ kind: 'probabilities', decimals: 2, source: url, model: 'jev-1.13.0', requestId: 'r-9', cost: 30 },
        ...{ tokens: { input: 30, output: 2 }, why: { by: 'all', probability: 1 } },
      },
    ]);
    expect(found.report).toMatchObject({ byProbabilities: 1, answeredBy: 'jev-1.13.0' });
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({
      ...{ model: 'jev-latest', answeredBy: 'jev-1.13.0', text: 'I was charged twice' },
      decisions: { label: { probabilities: [0.5, 0.25, 0.25], decimals: 2 } },
    });
  });

  test('OpenAI decisions: what is sent; a refusal is a hole, counted and not asked again', async () => {
    const { url, asked } = await server((request) => {
      const { input } = request as unknown as { input: unknown };
      const probabilities = labelNames.map((value, c) => ({ value, probability: [0.9, 0.1, 0][c] }));
      const answer =
        input === 'text 1'
          ? { type: 'refusal', name: 'label' }
          : { type: 'choice', name: 'label', choice: 'billing', confidence: 0.8, probabilities };
      return { model: 'gpt-6-luna', answers: [answer], usage: { ...usage, total_tokens: 32 } };
    });
    const options = { ...quick, url, log: newLog(), format: 'openai-decisions', model: 'gpt-6-luna' } as const;
    const found = await ask(numbered(3), options);
    expect(asked[0]?.request).toEqual({
      model: 'gpt-6-luna',
      input: 'text 0',
      questions: [
        {
          ...{ type: 'choice', name: 'label', instructions: 'Which label fits the text?' },
          choices: labelNames.map((value) => ({ value })),
        },
      ],
    });
    expect(found.report).toMatchObject({ rows: 3, done: 3, refused: 1, malformed: 0, byProbabilities: 2 });
    const { target, kind } = found.answers[1] as OutsideAnswer;
    expect([kind, target.remainder]).toEqual(['refused', [1, 1, 1]]);
    // A 0 of two decimals is no more than what the others leave, here nothing.
    expectNear(found.probabilities.slice(0, 3), [0.9, 0.1, 0], 6);
    await ask(numbered(3), options);
    expect(asked).toHaveLength(3);
    const pair = await ask(['one'], { ...options, log: newLog() }, ['two']);
    expect(pair.report?.done).toBe(1);
    expect(asked[3]?.request).toMatchObject({
      input: [{ role: 'user', content: [{ type: 'input_json', data: { first: 'one', second: 'two' } }] }],
    });
  });

  test('all zeros of a rounded row share at most half a unit', async () => {
    const many = Array.from({ length: 40 }, (_, c) => `l${c}`);
    // By hand: 0.98 is seen; of the 0.02 that is missing 38 zeros get no more than 0.005.
    const row = { l0: 0.58, l1: 0.4, ...Object.fromEntries(many.slice(2).map((label) => [label, 0])) };
    const answers = { label: { type: 'choice', choice: 'l0', probabilities: row } };
    const { url } = await server(() => ({ answers, usage }));
    const { probabilities } = await ask(['x'], { ...quick, labelNames: many, url, log: newLog() });
    const zeros = probabilities.slice(2).reduce((sum, p) => sum + p, 0);
    expect(zeros).toBeCloseTo(0.005 / 0.985, 9);
    expectNear(probabilities.slice(0, 2), [0.58 / 0.985, 0.4 / 0.985], 9);
  });

  test.each<[string, object, string]>([
    [
      'other labels',
      decided([0.5, 0.5, 0], { probabilities: { a: 1 } }),
      'a probability for \\"a\\", which is no label',
    ],
    ['a label left out', decided([0.5, 0.5, undefined]), 'no probability for \\"other\\"'],
    ['NaN', decided([0.5, 0.5, null]), 'a probability of null for \\"other\\"'],
    ['a number above 1', decided([1.5, -0.5, 0]), 'a probability of 1.5 for \\"billing\\"'],
    ['a sum of 1.2', decided([0.6, 0.4, 0.2]), 'probabilities with a sum of 1.2'],
    ['another choice', decided([0.6, 0.3, 0.1], { choice: 'tech' }), 'a choice that is not the most likely label'],
    ['an unknown choice', decided([0.6, 0.3, 0.1], { choice: 'x' }), 'the choice \\"x\\", which is no label'],
    ['another question', { answers: { other: choice([1, 0, 0]) }, usage }, "an answer to 'other', which was not asked"],
    ['no answer', { answers: {}, usage }, "no answer to 'label'"],
    ['another type', { answers: { label: { type: 'noul', noul: 0.3 } }, usage }, 'an answer that is no choice'],
  ])('%s: the first row shows it, and nothing more is asked', async (_name, reply, problem) => {
    const { url, asked } = await server(() => reply);
    await expect(ask(numbered(30), { ...quick, url, log: newLog() })).rejects.toThrow(
      `wanted labels (billing, tech, other) in the first row, got none in 1 of 1 replies, such as "${problem}`,
    );
    // Once more, since a model may do better the second time.
    expect(asked).toHaveLength(2);
  });

  test('an answer that fails now and then is asked once more, then a hole; a text that is too long is one at once', async () => {
    const tries = new Map<unknown, number>();
    const { url } = await server(({ state }) => {
      const times = (tries.get(state) ?? 0) + 1;
      tries.set(state, times);
      if (state === 'text 40') return refused(413, 'max_tokens_exceeded');
      const isBad = state === 'text 41' || (state === 'text 42' && times === 1);
      return isBad ? decided([0.9, 0.9, 0.9]) : decided([0.7, 0.2, 0.1]);
    });
    const found = await ask(numbered(50), { ...quick, url, log: newLog() });
    expect(found.report).toMatchObject({ malformed: 2, byProbabilities: 48, refused: 0 });
    expect(['text 40', 'text 41', 'text 42', 'text 43'].map((text) => tries.get(text))).toEqual([1, 2, 2, 1]);
  });

  test('429, 529, torn and slow replies: nothing is lost, nothing wrong is learnt', async () => {
    const { url } = await server((_request, number) => {
      if (number % 5 === 1) return refused(429, 'rate', { 'retry-after-ms': '1' });
      if (number % 5 === 2) return refused(529, 'overloaded');
      if (number % 7 === 3) return (response) => response.writeHead(200).end('{"answers": {"label": {"ty');
      if (number % 11 === 4) return (response) => response.writeHead(200).write('{');
      return decided([0.7, 0.2, 0.1]);
    });
    const found = await ask(numbered(60), {
      ...quick,
      url,
      log: newLog(),
      concurrency: 8,
      retries: 30,
      timeoutMs: 500,
    });
    expect(found.report).toMatchObject({ done: 60, malformed: 0, byProbabilities: 60 });
    expect(found.report?.rateLimited).toBeGreaterThan(20);
    for (let row = 0; row < 60; row++) expectNear(found.probabilities.slice(3 * row, 3 * row + 3), [0.7, 0.2, 0.1], 9);
  });

  test('the order of keys in a reply has no effect; Cloudflare wraps it; a reply without usage is estimated', async () => {
    const probabilities = { other: 0.1, billing: 0.7, tech: 0.2 };
    const answers = { label: { type: 'choice', choice: 'billing', probabilities } };
    const { url } = await server(() => ({ success: true, result: { answers } }));
    const found = await ask(['x'], { ...quick, url, log: newLog() });
    expectNear(found.probabilities, [0.7, 0.2, 0.1], 9);
    expect(found.report?.inputTokens).toBeGreaterThan(10);
  });

  test('another question, description or order of labels is another teacher; blanks are none', () => {
    const url = 'http://localhost:1/v1';
    const hash = (more: Partial<DecisionEndpointOptions> = {}) =>
      decisionEndpointTeacher({ ...quick, url, log: newLog(), criteria: { tech: 'café' }, ...more }).contentHash;
    const others = [
      hash(),
      hash({ instructions: 'Which team?' }),
      hash({ criteria: { tech: 'machines' } }),
      hash({ labelNames: ['tech', 'billing', 'other'] }),
      hash({ model: 'jev-1.13.0' }),
      hash({ format: 'openai-decisions' }),
      hash({ answeredBy: 'jev-1.14' }),
    ];
    expect(new Set(others).size).toBe(others.length);
    expect(hash({ criteria: { tech: ' cafe\u0301\r\n', billing: '  ', other: null } })).toBe(others[0]);
    // Another address may be the same model behind a proxy.
    expect(hash({ url: 'http://localhost:2/v1' })).toBe(others[0]);
  });

  test('too many labels or questions are refused before anything is asked', () => {
    const url = 'http://localhost:1/v1';
    const many = Array.from({ length: 256 }, (_, c) => `l${c}`);
    const options = { ...quick, url, log: newLog() };
    expect(() => decisionEndpointTeacher({ ...options, labelNames: many })).toThrow(
      'question label, labels: wanted at most 255, as this format takes, got 256',
    );
    expect(() => decisionEndpointTeacher({ ...options, labelNames: many.slice(0, 27), maxLabels: 26 })).toThrow(
      'wanted at most 26',
    );
    const questions = Object.fromEntries(many.slice(0, 65).map((name) => [name, { labelNames }]));
    expect(() => decisionEndpointTeachers({ ...options, questions })).toThrow('questions: wanted at most 64');
    expect(() => decisionEndpointTeacher({ ...options, criteria: { bills: 'x' } })).toThrow(
      "criteria: wanted descriptions of labels: billing, tech, other, got 'bills'",
    );
  });
});

describe('decisionEndpointTeachers', () => {
  test('one request a row answers the questions of all tasks', async () => {
    const { url, asked } = await server(({ questions }) => ({
      model: 'm',
      usage,
      answers: Object.fromEntries(
        Object.entries(questions).map(([id, { criteria }]) => {
          const [first = '', ...others] = Object.keys(criteria);
          const rest = others.map((label) => [label, 0.2 / others.length]);
          return [id, { type: 'choice', choice: first, probabilities: { [first]: 0.8, ...Object.fromEntries(rest) } }];
        }),
      ),
    }));
    const questions = {
      team: { labelNames },
      mood: { labelNames: ['calm', 'angry'], instructions: 'How do they feel?' },
    };
    const { labelNames: _, ...shared } = quick;
    const teachers = decisionEndpointTeachers({ ...shared, url, log: newLog(), questions });
    const data = textData(numbered(5), tokenizer, { labelNames });
    const team = await teachers.team?.answer(data, ['logits']);
    const mood = await teachers.mood?.answer(data, ['logits']);
    expect(asked).toHaveLength(5);
    expectNear(Array.from(team?.batch([0], 1).logits?.data as Float32Array, Math.exp), [0.8, 0.1, 0.1], 6);
    expectNear(Array.from(mood?.batch([4], 1).logits?.data as Float32Array, Math.exp), [0.8, 0.2], 6);
    expect(teachers.mood?.report()).toMatchObject({ fromLog: 5, requests: 0 });
    expect(teachers.team?.contentHash).not.toBe(teachers.mood?.contentHash);
  });
});

describe('withDistillableText', () => {
  test('is told to OpenRouter alone, and what a request says itself holds', () => {
    const at = 'https://openrouter.ai/api/v1/chat/completions';
    expect(withDistillableText(at, { model: 'm' })).toEqual({
      ...{ model: 'm', provider: { enforce_distillable_text: true } },
    });
    const own = { provider: { enforce_distillable_text: false, order: ['x'] } };
    expect(withDistillableText(at, own)).toEqual(own);
    expect(withDistillableText('https://notopenrouter.ai/v1', {})).toEqual({});
  });
});
