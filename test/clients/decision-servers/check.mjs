/**
 * @file `node check.mjs BIN`: retort against real servers of System One. Sparrow labels texts that have no labels, and an
 * n-gram student learns from it; each fault that jevcompat can plant ends as docs/teachers.md says. Then a served student,
 * alone and before Sparrow. BIN is the folder of the two commands.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { textTable } from '../../../dist/data/text-table.js';
import { decisionEndpointTeacher, decisionEndpointTeachers } from '../../../dist/entries/teachers.js';
import { checkServed } from './served.js';

const bin = process.argv[2];
const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'retort-decisions-'));
const started = new Set();
const begun = performance.now();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
const say = (text) => console.log(`${seconds()}  ${text}`);

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts a server and waits until something answers there, whatever it says. */
async function serve(command, ...flags) {
  const port = await freePort();
  const child = spawn(join(bin, command), [...flags, '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  started.add(child);
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${said}`);
    const isThere = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (isThere) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    stop: () => {
      started.delete(child);
      child.kill('SIGKILL');
    },
  };
}

const CRITERIA = { billing: 'money, invoices, refunds', tech: 'something is broken' };
const INSTRUCTIONS = 'Which team should get this message?';
const ROWS = 2000;
/** For texts in and student, report and prediction out, on two cores. */
const MOST_SECONDS = 180;

function texts(count) {
  const subjects = ['My card', 'The invoice', 'The app', 'My screen', 'The refund', 'The login page', 'My payment'];
  const verbs = ['was charged', 'crashed', 'is missing', 'does not load', 'came late', 'shows an error', 'was taken'];
  const ends = ['twice', 'since Monday', 'after the update', 'from my account', 'again', 'and nobody answers', 'today'];
  const greetings = ['', 'Help! ', 'Hello team, ', 'Once more: ', 'Please look at this. ', 'Second message. '];
  const all = greetings.flatMap((greeting) =>
    subjects.flatMap((subject) => verbs.flatMap((verb) => ends.map((end) => `${greeting}${subject} ${verb} ${end}`))),
  );
  return all.slice(0, count);
}

/** One command: texts without labels in, student and report out; and what the student then says. */
async function sparrow() {
  const server = await serve('sparrow-decider', 'serve');
  const rows = texts(ROWS);
  writeFileSync(join(root, 'texts.csv'), ['text', ...rows.map((text) => `"${text}"`)].join('\n'));
  writeFileSync(
    join(root, 'retort.yaml'),
    JSON.stringify({
      task: { train: 'texts.csv' },
      teacher: {
        ...{ url: server.url, format: 'systemone', name: 'sparrow', instructions: INSTRUCTIONS, criteria: CRITERIA },
        ...{ terms: 'allowed', termsSource: 'Apache-2.0', termsDate: '2026-11-28' },
      },
      student: { model: 'ngram' },
      output: 'out',
    }),
  );
  const main = join(checkout, 'dist/cli/main.js');
  const retort = (...words) => {
    const done = spawnSync(process.execPath, [main, ...words], { cwd: root, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return done;
  };
  const before = performance.now();
  const { stdout, stderr } = retort('distill', 'retort.yaml', '--quick', '--json');
  say(`${ROWS} texts labelled, a student trained and reported`);
  assert.match(stderr, /training on its outputs is allowed \(Apache-2\.0, read 2026-11-28\)/u);
  const result = JSON.parse(stdout);
  assert.equal(result.teacher.answers.malformed, 0);
  assert.ok(result.arms[0].mean > 70, `agreement ${result.arms[0].mean}`);
  const record = JSON.parse(readFileSync(join(root, 'out/experiment.json'), 'utf8'));
  assert.equal(record.teacher.terms.status, 'allowed');
  assert.deepEqual(record.teacher.replies, {
    model: record.teacher.replies.model,
    rows: ROWS,
    refused: 0,
    malformed: 0,
  });
  assert.match(record.teacher.replies.model, /^sparrow-/u);
  assert.ok(readFileSync(join(root, 'out/report.html'), 'utf8').includes('</html>'));
  const log = readFileSync(join(root, 'out/answers/endpoint.jsonl'), 'utf8').trim().split('\n');
  assert.equal(log.length, ROWS);
  // Witness: the server itself, asked by hand.
  for (const line of log.slice(0, 20)) {
    const { text, decisions } = JSON.parse(line);
    const question = { type: 'choice', instructions: INSTRUCTIONS, criteria: CRITERIA };
    const body = JSON.stringify({ model: 'sparrow', state: text, questions: { q: question } });
    const headers = { 'content-type': 'application/json' };
    const answer = await (await fetch(`${server.url}/systemone`, { method: 'POST', body, headers })).json();
    assert.deepEqual(decisions.label.probabilities, Object.values(answer.answers.q.probabilities));
  }
  const predicted = retort(
    'predict',
    result.ship.path ?? result.studentPath,
    'I was charged twice for one invoice',
    '--json',
  );
  assert.ok(
    Object.keys(CRITERIA).some((label) => predicted.stdout.includes(`"${label}"`)),
    predicted.stdout,
  );
  const taken = (performance.now() - before) / 1000;
  say(`the student answers, ${taken.toFixed(1)} s after its texts came`);
  assert.ok(taken <= MOST_SECONDS, `${taken} s`);

  // In two steps: the terms come along with the file.
  retort('ask', 'retort.yaml', '--output_file', 'labels.jsonl');
  const told = retort(
    'distill',
    'texts.csv',
    '--teacher',
    'labels.jsonl',
    '--model',
    'ngram',
    '--quick',
    '--output_dir',
    'two',
  );
  assert.match(told.stderr, /terms of labels\.jsonl: training on its outputs is allowed \(Apache-2\.0/u);
  const { teacher } = JSON.parse(readFileSync(join(root, 'two/experiment.json'), 'utf8'));
  assert.equal(teacher.terms.source, 'Apache-2.0');
  server.stop();
  say('asked and distilled in two steps');
}

const KEY = 'a-key-of-this-check';
/** Faults that concern keys show only where one is asked for. */
const KEYED = ['auth-x-api-key', 'auth-plain', 'auth-invalid-403-text'];
const SENT = [...KEYED, 'auth-rejects-header'];
const FAULT_ROWS = texts(30);
const LABELS = ['Billing', 'tech', 'café'];
/** Those that show with many labels, and with two questions. */
const MANY_LABELS = ['cap-64'];
const TWO_QUESTIONS = ['first-question-only'];

/** What a client sees of a fault: the targets of some rows, or the message that ended it. */
async function outcome(fault) {
  const flags = [...(fault === undefined ? [] : ['--fault', fault]), ...(KEYED.includes(fault) ? ['--key', KEY] : [])];
  const server = await serve('jevcompat', 'mock', ...flags);
  try {
    const options = {
      ...{ url: server.url, format: 'systemone', model: 'jev-latest', retries: 1, backoffMs: 1 },
      ...{ log: join(root, `${fault}.jsonl`), ...(SENT.includes(fault) && { apiKey: KEY }) },
    };
    const more = MANY_LABELS.includes(fault) ? Array.from({ length: 62 }, (_, i) => `label ${i}`) : [];
    const criteria = { Billing: 'money', tech: 'something is broken' };
    const question = { instructions: INSTRUCTIONS, labelNames: [...LABELS, ...more], criteria };
    const teacher = TWO_QUESTIONS.includes(fault)
      ? decisionEndpointTeachers({ ...options, questions: { team: question, mood: { labelNames: ['calm', 'angry'] } } })
          .mood
      : decisionEndpointTeacher({ ...options, ...question });
    const targets = [];
    const data = { name: 'rows', size: FAULT_ROWS.length, text: { table: textTable('rows', { texts: FAULT_ROWS }) } };
    await teacher.ask(data, (_, { kind, target }) => targets.push([kind, ...target.logits]));
    const isEstimate = readFileSync(options.log, 'utf8').includes('isEstimate');
    return { targets: JSON.stringify(targets), malformed: teacher.report().malformed, isEstimate };
  } catch (error) {
    return { problem: error.message };
  } finally {
    server.stop();
  }
}

/** The rows of the table of faults in the docs: fault -> how it ends. */
function documented() {
  const page = readFileSync(join(checkout, 'docs/teachers.md'), 'utf8');
  const [, table = ''] = page.split('| fault of a server | ends as | what is seen |\n|---|---|---|\n');
  const rows = table.split('\n\n')[0]?.split('\n') ?? [];
  return new Map(
    rows.flatMap((row) => {
      const [, names = '', end = ''] = row.split('|').map((cell) => cell.trim());
      return [...names.matchAll(/`([\w-]+)`/gu)].map(([, name]) => [name, end]);
    }),
  );
}

function endOf({ problem, malformed, isEstimate, isSame }) {
  if (problem !== undefined) return 'refused';
  if (malformed > 0) return 'holes';
  if (!isSame) return 'invisible';
  return isEstimate ? 'repaired' : 'harmless';
}

async function faults() {
  const listed = spawnSync(join(bin, 'jevcompat'), ['mock', '--list-faults'], { encoding: 'utf8' }).stdout;
  const names = [...listed.matchAll(/^(\S+) +breaks/gmu)].map(([, name]) => name);
  assert.ok(names.length >= 47, listed);
  const good = await outcome(undefined);
  assert.equal(good.problem, undefined);
  const ends = new Map();
  const queue = names.values();
  const worker = async () => {
    for (const name of queue) {
      const { problem, targets, malformed, isEstimate } = await outcome(name);
      ends.set(name, endOf({ problem, malformed, isEstimate, isSame: targets === good.targets }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  say(`${names.length} faults planted`);
  assert.deepEqual(Object.fromEntries([...ends].sort()), Object.fromEntries([...documented()].sort()));
}

await sparrow();
await faults();
const upstream = await serve('sparrow-decider', 'serve');
await checkServed({ bin, folder: join(root, 'served'), upstream: upstream.url, started, say });
say('as it should be');
process.exit(0);
