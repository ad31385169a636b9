/**
 * @file `decisionTeacher` with the AI SDK's own packages: a mock model of the core, and its OpenAI and TypeSafe providers at
 * local servers. The core itself (`experimental_decide`) is the witness of what is valid.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createTypeSafeAi } from '@ai-sdk/typesafe-ai';
import { experimental_decide as decide } from 'ai';
import { Experimental_DecisionMockModelV4 as MockModel } from 'ai/test';
import { textTable } from '../../../dist/data/text-table.js';
import { decisionTeacher } from '../../../dist/entries/teachers.js';

const root = mkdtempSync(join(tmpdir(), 'retort-ai-sdk-'));
const servers = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(root, { recursive: true });
});

const criteria = { billing: 'money matters', tech: null, other: null };
const instructions = 'Which team?';
let logs = 0;
const quick = () => ({ criteria, instructions, log: join(root, `log-${++logs}.jsonl`), backoffMs: 5 });
const dataOf = (texts, pairs) => ({
  name: 'rows',
  size: texts.length,
  text: { table: textTable('rows', { texts, ...(pairs && { pairs }) }) },
});

async function ask(teacher, texts, pairs) {
  const answers = [];
  await teacher.ask(dataOf(texts, pairs), (_, answer) => answers.push(answer));
  return answers;
}

const near = (found, wanted) => {
  for (const [i, value] of wanted.entries()) assert.ok(Math.abs(found[i] - value) < 1e-6, `${found} is not ${wanted}`);
};
const probabilities = ({ target }) => target.logits.map(Math.exp);

/** A server that gives each request a body or a status. */
async function serve(say) {
  const asked = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      asked.push({ path: request.url, body, headers: request.headers });
      const { status = 200, headers = {}, ...said } = say(body, asked.length - 1);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(said.body));
    });
  });
  servers.push(server);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { asked, url: `http://127.0.0.1:${server.address().port}/v1` };
}

const usage = { input_tokens: 30, output_tokens: 2 };

describe('the TypeSafe provider, at a server of System One', () => {
  test('gives the probabilities that the core gives, with its rounding; the model that answered is logged', async () => {
    const row = { billing: 0.58, tech: 0.41, other: 0 };
    const server = await serve(() => ({
      body: {
        model: 'jev-1.13.0',
        answers: { label: { type: 'choice', choice: 'billing', probabilities: row } },
        usage,
      },
    }));
    const model = createTypeSafeAi({ apiKey: 'x', baseURL: server.url }).evaluationModel('jev-latest');
    const options = quick();
    const [answer] = await ask(decisionTeacher({ model, ...options }), ['I was charged twice']);
    // By hand: 0.01 is missing; the rounded 0 gets at most half of 0.01.
    near(probabilities(answer), [0.58 / 0.995, 0.41 / 0.995, 0.005 / 0.995]);
    assert.equal(answer.model, 'jev-1.13.0');
    assert.deepEqual(answer.tokens, { input: 30, output: 2 });
    const core = await decide({
      model,
      state: 'I was charged twice',
      questions: { label: { type: 'choice', instructions, criteria } },
    });
    assert.deepEqual(core.answers.label.probabilities, row);
    // The same request as the core's, but for its user agent.
    assert.deepEqual(server.asked[0].body, server.asked[1].body);
    assert.equal(JSON.parse(readFileSync(options.log, 'utf8')).answeredBy, 'jev-1.13.0');
  });

  test('rate limits and overload are tried again here, as the core would', async () => {
    const good = { billing: 0.7, tech: 0.2, other: 0.1 };
    const server = await serve((_, number) =>
      number < 2
        ? { status: [429, 529][number], headers: { 'retry-after-ms': '1' }, body: { detail: { message: 'busy' } } }
        : { body: { model: 'm', answers: { label: { type: 'choice', choice: 'billing', probabilities: good } } } },
    );
    const model = createTypeSafeAi({ apiKey: 'x', baseURL: server.url }).evaluationModel('jev-latest');
    const teacher = decisionTeacher({ model, ...quick() });
    near(probabilities((await ask(teacher, ['x']))[0]), [0.7, 0.2, 0.1]);
    const { requests, retries, rateLimited } = teacher.report();
    assert.deepEqual({ requests, retries, rateLimited }, { requests: 3, retries: 2, rateLimited: 2 });
  });

  test('a refused key is said at once, without the key', async () => {
    const server = await serve(() => ({ status: 401, body: { detail: { message: 'no such key' } } }));
    const model = createTypeSafeAi({ apiKey: 'x', baseURL: server.url }).evaluationModel('jev-latest');
    await assert.rejects(ask(decisionTeacher({ model, ...quick() }), ['x', 'y']), /wanted a reply, got HTTP 401/u);
    assert.equal(server.asked.length, 1);
  });
});

describe('the OpenAI provider, at a server of decisions', () => {
  test('gives probabilities; a refusal is a hole where the core gives nothing', async () => {
    const server = await serve(({ input }) => ({
      body: {
        model: 'gpt-6-luna',
        usage: { ...usage, total_tokens: 32 },
        answers: [
          input[0].content[0].text === 'no'
            ? { type: 'refusal', name: 'label' }
            : {
                ...{ type: 'choice', name: 'label', choice: 'tech', confidence: 0.4 },
                probabilities: Object.keys(criteria).map((value, i) => ({ value, probability: [0.3, 0.6, 0.1][i] })),
              },
        ],
      },
    }));
    const model = createOpenAI({ apiKey: 'x', baseURL: server.url }).decisionModel('gpt-6-luna');
    const teacher = decisionTeacher({ model, ...quick() });
    const [yes, no] = await ask(teacher, ['yes', 'no']);
    near(probabilities(yes), [0.3, 0.6, 0.1]);
    assert.deepEqual([no.kind, no.target.remainder], ['refused', [1, 1, 1]]);
    assert.equal(teacher.report().refused, 1);
    const questions = { label: { type: 'choice', instructions, criteria } };
    await assert.rejects(decide({ model, state: 'no', questions }), { name: 'AI_DecisionRefusalError' });
    assert.deepEqual(server.asked[1].body, server.asked[2].body);
    assert.equal(server.asked[0].path, '/v1/decisions');
    const [pair] = await ask(decisionTeacher({ model, ...quick() }), ['one'], ['two']);
    assert.equal(pair.kind, 'probabilities');
    assert.deepEqual(server.asked[3].body.input[0].content, [
      { type: 'input_json', data: { first: 'one', second: 'two' } },
    ]);
  });
});

/** What a model may give, and whether the core takes it. */
const RESULTS = {
  'full precision': { probabilities: { billing: 0.7, tech: 0.2, other: 0.1 }, choice: 'billing' },
  'a sum that is off by float32': {
    probabilities: { billing: 0.7, tech: 0.2, other: 0.1 + 8.8e-7 },
    choice: 'billing',
  },
  'a sum that is off by more': { probabilities: { billing: 0.7, tech: 0.2, other: 0.1 + 3e-6 }, choice: 'billing' },
  'a rounded sum': { probabilities: { billing: 0.69, tech: 0.2, other: 0.1 }, choice: 'billing', decimals: 2 },
  'a sum that rounding does not explain': {
    ...{ probabilities: { billing: 0.66, tech: 0.2, other: 0.1 }, choice: 'billing', decimals: 2 },
  },
  'rounding of no decimals that there are': {
    probabilities: { billing: 1, tech: 0, other: 0 },
    choice: 'billing',
    decimals: 17,
  },
  'another label': { probabilities: { billing: 0.7, tech: 0.2, others: 0.1 }, choice: 'billing' },
  'a label too many': { probabilities: { billing: 0.7, tech: 0.2, other: 0.1, more: 0 }, choice: 'billing' },
  'a label left out': { probabilities: { billing: 0.8, tech: 0.2 }, choice: 'billing' },
  NaN: { probabilities: { billing: Number.NaN, tech: 0.5, other: 0.5 }, choice: 'tech' },
  'a choice that is less likely': { probabilities: { billing: 0.7, tech: 0.2, other: 0.1 }, choice: 'tech' },
  'a choice as likely but for rounding': {
    ...{ probabilities: { billing: 0.46, tech: 0.45, other: 0.09 }, choice: 'tech', decimals: 2 },
  },
  'an unknown choice': { choice: 'more' },
  'a choice alone': { choice: 'tech' },
  'another type': { type: 'boolean', probability: 0.5 },
};

describe('a model of the core', () => {
  for (const [name, { type = 'choice', decimals, ...answer }] of Object.entries(RESULTS)) {
    test(`${name}: taken where the core takes it`, async () => {
      const model = new MockModel({
        doDecide: async () => ({
          answers: { label: { type, ...answer } },
          warnings: [],
          ...(decimals !== undefined && { rounding: { probabilityDecimals: decimals } }),
        }),
      });
      const question = { state: 'x', questions: { label: { type: 'choice', instructions, criteria } } };
      const isValid = await decide({ model, ...question, maxRetries: 0 }).then(
        () => true,
        (error) => {
          assert.equal(error.name, 'AI_InvalidResponseDataError');
          return false;
        },
      );
      const teacher = decisionTeacher({ model, ...quick() });
      const isTaken = await ask(teacher, ['x']).then(
        ([{ target }]) => {
          const sum = target.logits.reduce((total, value) => total + Math.exp(value), 0);
          assert.ok(Math.abs(sum - 1) < 1e-12, 'a target has a sum of 1');
          return true;
        },
        (error) => {
          assert.match(error.message, /in the first row, got none in 1 of 1 replies/u);
          return false;
        },
      );
      assert.equal(isTaken, isValid);
    });
  }

  test('a choice alone is a hard label', async () => {
    const model = new MockModel({
      doDecide: async () => ({ answers: { label: { type: 'choice', choice: 'tech' } }, warnings: [] }),
    });
    const [answer] = await ask(decisionTeacher({ model, ...quick() }), ['x']);
    assert.equal(answer.kind, 'label');
    near(probabilities(answer), [0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3]);
  });

  test('one that takes no choices is refused before it is asked', () => {
    const model = new MockModel({ supportedQuestionTypes: ['boolean'] });
    assert.throws(
      () => decisionTeacher({ model, ...quick() }),
      /wanted a model that takes questions of the type 'choice'/u,
    );
  });

  test('one that never answers is given up after its time', async () => {
    const model = new MockModel({ doDecide: () => new Promise(() => {}) });
    const teacher = decisionTeacher({ model, ...quick(), timeoutMs: 50, retries: 1 });
    await assert.rejects(ask(teacher, ['x']), /no complete reply within 50 ms, 2 times/u);
  });
});
