/**
 * @file `retort-ml/ai-sdk` with the AI SDK's own packages: `experimental_decide` of a student, alone and as a cascade over its
 * mock model and its OpenAI and TypeSafe providers at local servers. The core is the witness of what is valid.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createTypeSafeAi } from '@ai-sdk/typesafe-ai';
import { createProviderRegistry, customProvider, experimental_decide as decide } from 'ai';
import { Experimental_DecisionMockModelV4 as MockModel } from 'ai/test';
import { retort } from '../../../dist/entries/ai-sdk.js';
import { questionOf, studentIdentity, writeCertificate } from '../../../dist/entries/certificates.js';
import { saveOnnx } from '../../../dist/entries/export.js';
import { load } from '../../../dist/entries/inference.js';
import { ngram } from '../../../dist/entries/models.js';
import { initialiseParameters } from '../../../dist/entries/nn.js';
import { fitNgrams, ngramTokenizer } from '../../../dist/entries/tokenizers.js';

const root = mkdtempSync(join(tmpdir(), 'retort-ai-sdk-'));
const folder = join(root, 'banking');
/** As many as no float32 softmax has a sum of 1 for. */
const LABELS = Array.from({ length: 150 }, (_, i) => `label ${i}`);
const texts = Array.from({ length: 60 }, (_, i) => `message ${i} about ${['cards', 'loans', 'refunds'][i % 3]}`);
const criteria = Object.fromEntries(LABELS.map((label, i) => [label, i % 2 === 0 ? null : `number ${i}`]));
const question = { type: 'choice', instructions: 'What is it about?', criteria };
let answers;

const servers = [];
const students = [];
const student = (options) => {
  const made = retort(folder, options);
  students.push(made);
  return made;
};
after(async () => {
  await Promise.all(students.map((one) => one.release()));
  for (const server of servers) server.close().closeAllConnections();
  rmSync(root, { recursive: true });
});

before(async () => {
  const tokenizer = ngramTokenizer(fitNgrams(texts));
  const model = ngram({ vocab_size: tokenizer.vocabularySize, num_labels: LABELS.length });
  const weights = initialiseParameters(model.parameters, 1);
  for (const { data } of Object.values(weights))
    for (let i = 0; i < data.length; i++) data[i] = 9 * data[i] || Math.sin(i);
  const asked = questionOf({ labelNames: LABELS, instructions: question.instructions, criteria });
  await saveOnnx(folder, { model, weights, labelNames: LABELS, tokenizer, question: asked });
  const loaded = await load(folder);
  answers = await loaded.predict(texts, { badRows: 'stop' });
  await loaded.release();
});

async function serve(say) {
  const asked = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      asked.push(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(say(body)));
    });
  });
  servers.push(server);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { asked, url: `http://127.0.0.1:${server.address().port}/v1` };
}

const rounded = (chosen) => Object.fromEntries(LABELS.map((label) => [label, label === chosen ? 1 : 0]));

describe('experimental_decide of a question of another type', () => {
  const asked = {
    noul: {
      labelNames: ['calm', 'angry'],
      question: {
        ...questionOf({ type: 'noul', labelNames: ['true', 'false'], instructions: 'Is the writer angry?' }),
        labels: ['angry', 'calm'],
      },
      ask: { type: 'boolean', instructions: 'Is the writer angry?' },
      said: ({ probabilities: [, angry] }) => angry,
    },
    score: {
      labelNames: ['now', 'later'],
      question: {
        ...questionOf({
          type: 'score',
          labelNames: ['0', '1'],
          instructions: 'How urgent?',
          criteria: { 0: 'later', 1: 'now' },
        }),
        labels: ['later', 'now'],
      },
      ask: { type: 'score', instructions: 'How urgent?', criteria: ['later', 'now'] },
      said: ({ probabilities: [now] }) => now,
    },
  };
  for (const [name, { labelNames, question: own, ask, said }] of Object.entries(asked)) {
    test(`${name} passes all checks of the core`, async () => {
      const path = join(root, name);
      const tokenizer = ngramTokenizer(fitNgrams(texts));
      const model = ngram({ vocab_size: tokenizer.vocabularySize, num_labels: 2 });
      const weights = initialiseParameters(model.parameters, 1);
      for (const { data } of Object.values(weights)) for (let i = 0; i < data.length; i++) data[i] = Math.sin(7 * i);
      await saveOnnx(path, { model, weights, labelNames, tokenizer, question: own });
      const loaded = await load(path);
      const wanted = await loaded.predict(texts, { badRows: 'stop' });
      await loaded.release();
      const student = retort(path);
      students.push(student);
      for (const [i, text] of texts.entries()) {
        const { answers: given } = await decide({ model: student, state: text, questions: { q: ask } });
        const { type, probability, score } = given.q;
        assert.equal(type, ask.type);
        assert.ok(Math.abs((probability ?? score) - said(wanted[i])) < 1e-6);
      }
      const another = { ...ask, instructions: 'Another?' };
      await assert.rejects(
        decide({ model: student, state: 'x', questions: { q: another }, maxRetries: 0 }),
        /other instructions/,
      );
    });
  }
});

describe('experimental_decide of a student', () => {
  test('passes all checks of the core, with the answers of the exported student', async () => {
    const model = student();
    for (const [i, text] of texts.entries()) {
      const { answers: given } = await decide({ model, state: text, questions: { topic: question } });
      assert.equal(given.topic.choice, answers[i].label);
      const sum = Object.values(given.topic.probabilities).reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum - 1) < 1e-14, String(sum));
    }
  });

  test('is registered as any other model', async () => {
    const provider = customProvider({ decisionModels: { student: student() } });
    const registry = createProviderRegistry({ retort: provider });
    const model = registry.decisionModel('retort:student');
    const { answers: given } = await decide({ model, state: texts[3], questions: { topic: question } });
    assert.equal(given.topic.choice, answers[3].label);
  });

  test('another question or type is an error before anything is answered', async () => {
    const asked = { ...question, instructions: 'What else is it about?' };
    await assert.rejects(decide({ model: student(), state: 'x', questions: { topic: asked } }), /other instructions/u);
    const boolean = { type: 'boolean', instructions: 'Is it so?' };
    await assert.rejects(
      decide({ model: student(), state: 'x', questions: { so: boolean } }),
      /got one of type boolean/u,
    );
  });
});

/** Certifies the student for the surer half of the texts. */
async function certified() {
  const threshold = answers.map(({ score }) => score).sort((a, b) => a - b)[30];
  const certificate = join(root, 'certificate.json');
  await writeCertificate(certificate, {
    date: '2026-11-29T07:00:00.000Z',
    ...(await studentIdentity(folder, LABELS)),
    score: { kind: 'max-probability' },
    truth: { kind: 'teacher', model: 'jev-1.13.0' },
    ...{ risk: { kept: 0.02 }, delta: 0.05, spent: 0.05, students: 1, round: 1 },
    ...{ threshold, deferredLabels: [] },
    sample: { rows: 400, kept: 200, wrong: 0, refusals: 0, asked: { all: 400 }, leftOut: {}, isChecked: true },
    coverage: { share: 0.5, low: 0.45, high: 0.55 },
  });
  return { threshold, certificate };
}

async function halves(fallback, chosen) {
  const { threshold, certificate } = await certified();
  const model = student({ fallback, certificate });
  let kept = 0;
  for (const [i, text] of texts.entries()) {
    const result = await decide({ model, state: text, questions: { topic: question } });
    const isKept = answers[i].score >= threshold;
    kept += isKept ? 1 : 0;
    assert.equal(result.answers.topic.choice, isKept ? answers[i].label : chosen);
    assert.equal(result.providerMetadata.retort.sources.topic, isKept ? 'student' : 'fallback');
  }
  assert.equal(kept, 30);
}

describe('a cascade', () => {
  test('over the TypeSafe provider, with its rounding', async () => {
    const server = await serve(({ questions }) => ({
      model: 'jev-1.13.0',
      answers: Object.fromEntries(
        Object.keys(questions).map((id) => [
          id,
          { type: 'choice', choice: 'label 7', probabilities: rounded('label 7') },
        ]),
      ),
      usage: { input_tokens: 30, output_tokens: 2 },
    }));
    await halves(createTypeSafeAi({ apiKey: 'x', baseURL: server.url }).evaluationModel('jev-latest'), 'label 7');
    assert.equal(server.asked.length, 30);
  });

  test('over the OpenAI provider', async () => {
    const server = await serve(({ questions }) => ({
      model: 'gpt-6-luna',
      answers: questions.map(({ name }) => ({
        ...{ type: 'choice', name, choice: 'label 9', confidence: 1 },
        probabilities: LABELS.map((value) => ({ value, probability: value === 'label 9' ? 1 : 0 })),
      })),
      usage: { input_tokens: 30, output_tokens: 0, total_tokens: 30 },
    }));
    await halves(createOpenAI({ apiKey: 'x', baseURL: server.url }).decisionModel('gpt-6-luna'), 'label 9');
    assert.equal(server.asked.length, 30);
  });

  test('is a decision model again: a cascade may stand behind a cascade', async () => {
    const mock = new MockModel({
      doDecide: async () => ({
        answers: { topic: { type: 'choice', choice: 'label 3', probabilities: rounded('label 3') } },
        warnings: [],
      }),
    });
    const behind = student({ fallback: mock, threshold: 1 });
    const model = student({ fallback: behind, threshold: 1 });
    const { answers: given, providerMetadata } = await decide({
      ...{ model, state: 'x', questions: { topic: question } },
    });
    assert.equal(given.topic.choice, 'label 3');
    const { sources } = providerMetadata.retort;
    assert.deepEqual(sources, { topic: 'fallback' });
  });

  test('what the fallback refuses or fails at is for the core, which asks again', async () => {
    const refusing = new MockModel({
      doDecide: async () => ({ answers: { topic: { type: 'refusal' } }, warnings: [] }),
    });
    const asked = { state: 'x', questions: { topic: question } };
    await assert.rejects(decide({ model: student({ fallback: refusing, threshold: 1 }), ...asked }), {
      name: 'AI_DecisionRefusalError',
    });
    const server = await serve(() => ({ model: 'm', answers: {} }));
    const broken = createTypeSafeAi({ apiKey: 'x', baseURL: server.url }).evaluationModel('jev-latest');
    await assert.rejects(decide({ model: student({ fallback: broken, threshold: 1 }), ...asked }));
    // Texts that the student keeps do not meet it.
    const { answers: given } = await decide({ model: student({ fallback: broken, threshold: 0 }), ...asked });
    assert.equal(given.topic.type, 'choice');
  });
});
