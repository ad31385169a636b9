/**
 * @file `node check.mjs`: clients of decision services, as their makers ship them, at a student behind `retort serve`: the
 * AI SDK with two providers, OpenAI's SDK, TypeSafe's. The student is trained on recorded outputs with a question, exported
 * with it, and its own predictions are the witness. Then some of everything that a server meets at once, in a few seconds.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createOpenAI } from '@ai-sdk/openai';
import { createTypeSafeAi } from '@ai-sdk/typesafe-ai';
import { choice, TypeSafeClient } from '@typesafe-ai/sdk';
import { experimental_decide as decide } from 'ai';
import OpenAI from 'openai';
import { load } from '../../../dist/entries/inference.js';
import { CRITERIA, INSTRUCTIONS, TEXTS, writeLabels } from './question.js';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'retort-served-'));
const started = [];
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function retort(...words) {
  const done = spawnSync(process.execPath, [main, ...words], { cwd: root, encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

/** Its address, and its end. */
async function serve(...flags) {
  const child = spawn(process.execPath, [main, 'serve', 'student', '--port', '0', '--quiet', ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const ended = new Promise((done) => child.on('close', done));
  const url = await new Promise((done) => child.stdout.once('data', (chunk) => done(String(chunk).trim())));
  return { url, child, ended };
}

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

writeLabels(join(root, 'labels.jsonl'));
const { ship } = JSON.parse(
  retort(
    'distill',
    'labels.jsonl',
    '--teacher',
    'labels.jsonl',
    '--model',
    'ngram',
    '--quick',
    '--json',
    '--output_dir',
    'out',
  ),
);
retort('export', ship.path, '--output_dir', 'student', '--quiet');
const asked = JSON.parse(retort('serve', 'student', '--dry_run', '--json')).question;
assert.deepEqual(asked, { type: 'choice', instructions: INSTRUCTIONS, criteria: CRITERIA });
const student = await load(join(root, 'student'));
const wanted = await student.predict(TEXTS);
await student.release();

const { url, child, ended } = await serve();
const [text] = TEXTS;
const [{ label, probabilities }] = wanted;
const isRight = (found) => {
  assert.equal(found.choice, label);
  for (const [c, name] of student.labels.entries()) near(found.probabilities[name], probabilities[c]);
};

const question = { type: 'choice', instructions: INSTRUCTIONS, criteria: CRITERIA };
for (const model of [
  createTypeSafeAi({ apiKey: 'x', baseURL: `${url}/v1` }).evaluationModel('jev-latest'),
  createOpenAI({ apiKey: 'x', baseURL: `${url}/v1` }).decisionModel('gpt-6-luna'),
]) {
  const { answers } = await decide({ model, state: text, questions: { team: question }, maxRetries: 0 });
  isRight(answers.team);
  await assert.rejects(
    decide({ model, state: text, questions: { team: { ...question, instructions: 'Is it urgent?' } }, maxRetries: 0 }),
    /other instructions/,
  );
}

const openai = new OpenAI({ apiKey: 'x', baseURL: `${url}/v1`, maxRetries: 0 });
const choices = Object.entries(CRITERIA).map(([value, description]) => ({
  value,
  ...(description && { description }),
}));
const asOpenAi = { type: 'choice', name: 'team', instructions: INSTRUCTIONS, choices };
const decision = await openai.decisions.create({ model: 'gpt-6-luna', input: text, questions: [asOpenAi] });
const [first] = decision.answers;
isRight({
  ...first,
  probabilities: Object.fromEntries(first.probabilities.map((one) => [one.value, one.probability])),
});
await assert.rejects(
  openai.decisions.create({
    model: 'gpt-6-luna',
    input: text,
    questions: [{ ...asOpenAi, choices: choices.slice(1) }],
  }),
  (error) => error.status === 422 && /other labels/.test(error.message),
);
assert.equal((await openai.models.list()).data[0].id, 'student');

const typesafe = new TypeSafeClient({ apiKey: 'x', baseURL: url, maxRetries: 0 });
const reply = await typesafe.systemOne({ state: text, questions: { team: choice(INSTRUCTIONS, CRITERIA) } });
isRight(reply.answers.team);
await assert.rejects(typesafe.systemOne({ state: text, questions: { team: choice('Is it urgent?', CRITERIA) } }));
console.log('four clients have the answers of the student, and its refusals');

/** Hundreds at once, with requests among them that are wrong, too large, slow, broken off. */
const { hostname, port } = new URL(url);
const predicted = new Map(TEXTS.map((one, i) => [one, wanted[i].label]));
let answers = 0;
const valid = async (i) => {
  const state = TEXTS[i % TEXTS.length];
  const body = JSON.stringify({ state, questions: { q: question } });
  for (;;) {
    const response = await fetch(`${url}/v1/systemone`, { method: 'POST', body });
    const json = await response.json();
    if (response.status === 503) {
      assert.equal(response.headers.get('retry-after'), '1');
      continue;
    }
    assert.equal(response.status, 200, JSON.stringify(json));
    assert.equal(json.answers.q.choice, predicted.get(state));
    answers += 1;
    return;
  }
};
const wrong = async (i) => {
  const body = ['{"state":', '[]', '{"state": 4, "questions": {}}', 'x'.repeat(2 ** 21)][i % 4];
  const { status } = await fetch(`${url}/v1/systemone`, { method: 'POST', body }).catch(() => ({ status: 413 }));
  assert.ok([413, 422].includes(status), String(status));
};
const brokenOff = () =>
  new Promise((done) => {
    const head = `POST /predict HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 400\r\n\r\n{"text":`;
    const socket = connect(Number(port), hostname, () => socket.write(head, () => socket.destroy()));
    socket.on('close', done);
    socket.on('error', done);
  });
const queue = Array.from({ length: 2000 }, (_, i) => i).values();
const worker = async () => {
  for (const i of queue) await (i % 20 === 7 ? wrong(i) : i % 20 === 13 ? brokenOff() : valid(i));
};
await Promise.all(Array.from({ length: 100 }, worker));
assert.equal(answers, 1800);
const counted = await (await fetch(`${url}/metrics`)).text();
assert.match(counted, /retort_waiting_rows 0\n/);
assert.doesNotMatch(counted, /status="500"/);
child.kill('SIGTERM');
assert.equal(await ended, 0);
console.log('1,800 of 2,000 requests were valid, and none of them was lost');
process.exit(0);
