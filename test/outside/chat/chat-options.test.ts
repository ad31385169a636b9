import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cyclicOrders, meanReading } from '../../../src/outside/asking/asked-orders.js';
import type { EndpointOptions } from '../../../src/outside/asking/endpoint-options.js';
import { chatWording } from '../../../src/outside/chat/chat-wording.js';
import { endpointTeacher } from '../../../src/outside/chat/endpoint-teacher.js';
import { holeTarget } from '../../../src/teachers/targets.js';
import { temporaryFolder } from '../../files/processes.js';
import { expectNear, textData, tokenizerIn } from '../../teachers/text-models.js';
import { completion, mockServer, refused, spoken } from '../asking/endpoint-server.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['billing', 'sales', 'tech'];
const many = Array.from({ length: 30 }, (_, i) => `label number ${i + 1}`);
let logs = 0;
const newLog = () => join(root, `log-${++logs}.jsonl`);
const quick = { model: 'm', labelNames, backoffMs: 5, timeoutMs: 600_000 };

async function ask(texts: readonly string[], options: EndpointOptions) {
  const teacher = endpointTeacher(options);
  const answers: (readonly number[])[] = [];
  const data = textData(texts, tokenizer, { labelNames: options.labelNames });
  await teacher.ask(data, (_, { target }) => answers.push(target.logits.map(Math.exp)));
  return { answers, report: teacher.report() };
}

const promptOf = (options: Partial<EndpointOptions>, pair?: string) =>
  chatWording({ ...quick, ...options })
    .messages('I paid twice', pair)
    .at(-1)?.content;

describe('chatWording', () => {
  test('few labels are asked for by their words, as before; many by codes', () => {
    expect(promptOf({})).toBe(
      'Which label fits the text? Answer with one of these labels and nothing else: billing, sales, tech\n\n' +
        'Text: I paid twice\nLabel:',
    );
    const asked = promptOf({ labelNames: many }) ?? '';
    expect(asked).toContain('\n01  label number 1\n02  label number 2\n');
    expect(asked).toMatch(/\n30 {2}label number 30\n\nText: I paid twice\nCode:$/u);
  });

  test('instructions, descriptions and examples have their places', () => {
    const examples = [{ text: 'It crashes', label: 'tech' }];
    const criteria = { billing: 'money matters' };
    expect(promptOf({ instructions: 'Which team?', criteria, examples }, 'and again')).toBe(
      'Which team? These are the labels, each after its code. Answer with one code and nothing else.\n\n' +
        'A  billing: money matters\nB  sales\nC  tech\n\nText: It crashes\nCode: C\n\n' +
        'First text: I paid twice\nSecond text: and again\nCode:',
    );
  });

  test.each([
    [
      { prompt: '{text}', answerBy: 'codes' },
      'prompt: wanted the placeholder {options} for codes, labels and descriptions, got none',
    ],
    [
      { prompt: '{text}', examples: [{ text: 'x', label: 'tech' }] },
      'prompt: wanted the placeholder {examples} for the examples, got none',
    ],
    [
      { answerBy: 'codes', labelWords: { tech: 'it' } },
      'answerBy: wanted labels, which have words of their own (labelWords), got codes',
    ],
    [
      { examples: [{ text: 'x', label: 'law' }] },
      "examples: wanted examples of the labels billing, sales, tech, got 'law'",
    ],
  ] as const)('%j is refused', (options, message) => {
    expect(() => promptOf(options)).toThrow(message);
  });
});

describe('endpointTeacher, labels by codes', () => {
  test('the tokens of a code give the distribution over all labels', async () => {
    const server = await mockServer(() =>
      spoken([
        ['1', { '1': 0.8, '0': 0.2 }],
        ['7', { '7': 0.75, '8': 0.25 }],
      ]),
    );
    const { answers, report } = await ask(['x'], { ...quick, labelNames: many, url: server.url, log: newLog() });
    expect(answers[0]?.[16]).toBeCloseTo(0.6, 6);
    expect(answers[0]?.[17]).toBeCloseTo(0.2, 6);
    // 0.2 is of the nine labels from 01 to 09 together; all others have nothing.
    expect(report).toMatchObject({ byLogprobs: 1, differing: 0, exact: 21 / 30 });
  });

  test('a label that is more likely than the written one is counted', async () => {
    const server = await mockServer(() => spoken([['A', { A: 0.3, C: 0.7 }]]));
    const { answers, report } = await ask(['x'], { ...quick, answerBy: 'codes', url: server.url, log: newLog() });
    expectNear(answers[0] ?? [], [0.3, 0, 0.7], 6);
    expect(report).toMatchObject({ differing: 1, exact: 1 });
  });
});

describe('endpointTeacher, structured replies', () => {
  test('the schema names the codes, and the tokens of the value are read', async () => {
    const server = await mockServer(() =>
      spoken([
        ['{"', { '{"': 1 }],
        ['label', { label: 1 }],
        ['":"', { '":"': 1 }],
        ['B', { B: 0.75, A: 0.25 }],
        ['"}', { '"}': 1 }],
      ]),
    );
    const options = { ...quick, answerBy: 'codes', structured: true, url: server.url, log: newLog() } as const;
    const { answers } = await ask(['x'], options);
    expectNear(answers[0] ?? [], [0.25, 0.75, 0], 6);
    expect(server.asked[0]?.request).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { strict: true } },
    });
    expect(JSON.stringify(server.asked[0]?.request)).toContain('"enum":["A","B","C"]');
  });

  test('a server without them is asked for them once, and replies as it does', async () => {
    const server = await mockServer((request) =>
      'response_format' in request ? refused(400, 'response_format is not supported') : completion(['tech']),
    );
    const options = { ...quick, structured: true, logprobs: false, url: server.url, log: newLog() };
    const { report } = await ask(['x', 'y', 'z'], options);
    expect(report).toMatchObject({ byLabel: 3, malformed: 0 });
    expect(server.asked.filter(({ request }) => 'response_format' in request)).toHaveLength(1);
  });
});

describe('endpointTeacher, rotations', () => {
  test('a model that likes the first place best has no favourite among labels', async () => {
    const server = await mockServer(() => spoken([['A', { A: 0.6, B: 0.3, C: 0.1 }]]));
    const log = newLog();
    const options = { ...quick, answerBy: 'codes', rotations: 3, url: server.url, log } as const;
    const { answers, report } = await ask(['x', 'y'], options);
    for (const answer of answers) expectNear(answer, [1 / 3, 1 / 3, 1 / 3], 6);
    expect(report).toMatchObject({ rows: 2, done: 2, requests: 6 });
    await ask(['y', 'x'], options);
    expect(server.asked).toHaveLength(6);
    const prompts = server.asked.map(({ request }) => request.messages.at(-1)?.content ?? '');
    expect(new Set(prompts.map((prompt) => /A {2}(\w+)/u.exec(prompt)?.[1]))).toEqual(new Set(labelNames));
  });

  test('orders begin at places spread over all labels', () => {
    expect(cyclicOrders(4, 2)).toEqual([
      [0, 1, 2, 3],
      [2, 3, 0, 1],
    ]);
    expect(() => endpointTeacher({ ...quick, url: 'http://127.0.0.1:1', log: newLog(), rotations: 4 })).toThrow(
      'rotations: wanted an integer from 1 to 3, the number of labels, got 4',
    );
  });

  test('the mean leaves out holes, and knows only the sum of what one of its parts did not name', () => {
    const log = (p: readonly number[]) => p.map(Math.log);
    const whole = { kind: 'logprobs', target: { logits: log([0.5, 0.3, 0.2]) } } as const;
    const part = { kind: 'logprobs', target: { logits: log([0.7, 0.15, 0.15]), remainder: [0, 1, 1] } } as const;
    const hole = { kind: 'malformed', target: holeTarget(3) } as const;
    const mean = meanReading([whole, hole, part]);
    expectNear('target' in mean ? mean.target.logits.map(Math.exp) : [], [0.6, 0.225, 0.175], 9);
    expect('target' in mean && mean.target.remainder).toEqual([0, 1, 1]);
    expect(meanReading([hole, hole])).toBe(hole);
  });
});
