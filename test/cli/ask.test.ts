/** @file `retort ask`: a file of texts becomes a file of recorded outputs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { recordedTeacher } from '../../src/teachers/recorded-teacher.js';
import { faultAt } from '../files/processes.js';
import { completion, mockServer, refused, spoken, textOf } from '../outside/asking/endpoint-server.js';
import { expectNear, textData, tokenizerIn } from '../teachers/text-models.js';
import { type Outcome, wordsOf, workFolder } from './command-line.js';

const root = workFolder();
const path = (name: string): string => join(root, name);
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Beside this process, which answers its requests. */
function retort(line: string, fault?: string): Promise<Outcome> {
  const env = { PATH: process.env.PATH, ...(fault !== undefined && faultAt(fault)) };
  const child = spawn(process.execPath, [MAIN, ...wordsOf(line)], { cwd: root, env });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (said[name] += chunk));
  return new Promise((end) => child.on('close', (code) => end({ code, ...said })));
}

async function resultOf(line: string) {
  const { code, stdout, stderr } = await retort(`${line} --json`);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const chance = (text: string) => 0.05 + (0.9 * Number(text.split(' ')[1])) / 40;
/** Text n is good with a probability that grows with n. */
const scored = (text: string) =>
  completion([chance(text) > 0.5 ? 'good' : 'bad'], { good: Math.log(chance(text)), bad: Math.log(1 - chance(text)) });

const texts = Array.from({ length: 40 }, (_, i) => `text ${i + 1}`);
writeFileSync(
  path('texts.csv'),
  `text,stars\n${[...texts, 'text 7'].map((text, i) => `${text},${i < 20 ? 'bad' : 'good'}`).join('\n')}\n`,
);

const lines = (name: string) =>
  readFileSync(path(name), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('retort ask', () => {
  test('one line for each text, which a recorded teacher reads as the same probabilities', async () => {
    const server = await mockServer((request) => scored(textOf(request)));
    const line = `ask texts.csv --label stars --labels bad,good --teacher ${server.url} --teacher_model m --prices 1,2`;
    const result = await resultOf(`${line} --output_file all.jsonl`);
    expect(result).toMatchObject({
      texts: 40,
      rows: 41,
      labels: ['bad', 'good'],
      refused: 0,
      malformed: 0,
      outputFile: 'all.jsonl',
    });
    // By hand: the teacher says good from text 21 on, as the column does.
    expect(result.predicted).toEqual([20, 20]);
    expect(result.known).toMatchObject({ rows: 40, right: 40 });
    expect(result.report.cost).toBeCloseTo((40 * 52) / 1e6, 12);
    expect(server.asked).toHaveLength(40);
    const [first] = lines('all.jsonl');
    expect(first).toMatchObject({
      text: 'text 1',
      said: 'bad',
      from: { model: 'm', tokens: { input: 50, output: 1 }, why: { by: 'all' } },
    });
    const teacher = await recordedTeacher(path('all.jsonl'), { labelNames: ['bad', 'good'] });
    const tokenizer = await tokenizerIn(path('tokenizer'));
    const answers = await teacher.answer(textData(texts, tokenizer, { labelNames: ['bad', 'good'] }), ['logits']);
    const { logits } = answers.batch([0, 29], 2);
    expectNear(
      Array.from(logits?.data as Float32Array, Math.exp),
      [1 - chance('text 1'), chance('text 1'), 1 - chance('text 30'), chance('text 30')],
      6,
    );

    const there = await retort(`${line} --output_file all.jsonl`);
    expect([there.code, there.stderr]).toEqual([
      1,
      expect.stringContaining('all.jsonl: wanted a new file, got one that is there'),
    ]);
    await resultOf(`${line} --output_file all.jsonl --resume`);
    expect(server.asked).toHaveLength(40);
    await resultOf(`${line} --output_file all.jsonl --overwrite`);
    expect(server.asked).toHaveLength(80);
  });

  test.each([
    'SIGKILL during write .replies 25',
    'SIGKILL after write .replies 25',
    'SIGKILL before rename killed.jsonl 1',
  ])('%s: the same command continues, and asks for no reply that is kept', async (point) => {
    const server = await mockServer((request) => scored(textOf(request)));
    const file = `${point.replaceAll(' ', '-')}/killed.jsonl`;
    const line = `ask texts.csv --text text --labels bad,good --teacher ${server.url} --teacher_model m --output_file ${file}`;
    expect((await retort(line, point)).code).toBeNull();
    expect(existsSync(path(file))).toBe(false);
    const kept = readFileSync(path(`${file}.replies`), 'utf8')
      .split('\n')
      .slice(0, -1).length;
    const before = server.asked.length;
    // Those that were under way are asked once more: as many as may be at once.
    expect(before - kept).toBeLessThanOrEqual(4);
    await resultOf(line);
    expect(server.asked.length - before).toBe(40 - kept);
    expect(lines(file)).toHaveLength(40);
  });

  test('several questions take one request a text, and have a file of outputs each', async () => {
    const asked: unknown[] = [];
    const server = await mockServer((request) => {
      const { questions } = request as unknown as {
        readonly questions: Readonly<Record<string, { criteria: object }>>;
      };
      asked.push(questions);
      const answers = Object.entries(questions).map(([id, { criteria }]) => {
        const [first = '', ...rest] = Object.keys(criteria);
        const probabilities = { [first]: 0.8, ...Object.fromEntries(rest.map((label) => [label, 0.2 / rest.length])) };
        return [id, { type: 'choice', choice: first, probabilities }];
      });
      return { model: 'm-1', answers: Object.fromEntries(answers), usage: { input_tokens: 9, output_tokens: 2 } };
    });
    const questions = {
      team: { instructions: 'Which team?', criteria: { billing: 'money', tech: null } },
      mood: { criteria: { calm: null, angry: null, neither: null } },
    };
    writeFileSync(path('questions.json'), JSON.stringify(questions));
    const line = `ask texts.csv --questions @questions.json --teacher ${server.url} --teacher_format systemone --teacher_model m`;
    const shown = await retort(`${line} --show_prompt`);
    expect(shown.stdout).toContain('40 of 40 texts to ask about');
    expect(shown.stdout).toContain('Which team?');
    const { questions: told } = await resultOf(`${line} --output_file two.jsonl`);
    expect(asked).toHaveLength(40);
    expect(asked[0]).toMatchObject({ team: questions.team, mood: { criteria: questions.mood.criteria } });
    expect(told.team).toMatchObject({ texts: 40, predicted: [40, 0], outputFile: 'two.team.jsonl' });
    expect(told.mood).toMatchObject({ labels: ['calm', 'angry', 'neither'], outputFile: 'two.mood.jsonl' });
    expect(lines('two.team.jsonl')[7]).toMatchObject({ text: 'text 8', probabilities: { billing: 0.8, tech: 0.2 } });
    expect(lines('two.mood.jsonl')).toHaveLength(40);
    expect(lines('two.team.jsonl')[0].question).toMatchObject({ instructions: 'Which team?' });
    expect(lines('two.jsonl.replies')).toHaveLength(40);
    // What is there is not asked again.
    await resultOf(`${line} --output_file two.jsonl --resume`);
    expect(asked).toHaveLength(40);
  });

  test.each([
    ['--questions {} --teacher_format systemone', '--questions: wanted two or more questions by name'],
    ['--questions {"a":{"criteria":{"x":null}}} --teacher_format systemone', 'got {"a":{"criteria":{"x":null}}}'],
    ['--questions @questions.json', '--questions: wanted a decision model at a URL as teacher'],
    ['--questions @questions.json --teacher_format systemone --check 5', '--check: wanted one question, got several'],
  ])('%s is refused before anything is sent', async (flags, message) => {
    const { code, stderr } = await retort(`ask texts.csv --teacher http://127.0.0.1:1/v1 --teacher_model m ${flags}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('the prompt is shown, and nobody is asked', async () => {
    const server = await mockServer(() => completion(['bad']));
    const line = `ask texts.csv --labels bad,good --teacher ${server.url} --teacher_model m --prices 1,2 --show_prompt`;
    const { code, stdout } = await retort(line);
    expect(code).toBe(0);
    expect(stdout).toContain('Text: text 1\nLabel:\n\n40 of 40 texts to ask about, about 0.00');
    expect(server.asked).toHaveLength(0);
    expect(existsSync(path('outputs'))).toBe(false);
  });

  test('a check asks twice and in another order, and counts the flips', async () => {
    const times = new Map<string, number>();
    // It likes what comes first; of texts that end in 5 it says the other label when it is asked for the second time.
    const server = await mockServer((request) => {
      const [, first = ''] = /else: (\w+)/u.exec(request.messages[0]?.content ?? '') ?? [];
      const time = (times.get(textOf(request)) ?? 0) + 1;
      times.set(textOf(request), time);
      const second = first === 'bad' ? 'good' : 'bad';
      const isOther = time === 2 && textOf(request).endsWith('5');
      return spoken(isOther ? [[second, { [second]: 0.6, [first]: 0.4 }]] : [[first, { [first]: 0.9, [second]: 0.1 }]]);
    });
    const line = `ask texts.csv --labels bad,good --teacher ${server.url} --teacher_model m --check 40`;
    const { check, predicted } = await resultOf(`${line} --output_file checked.jsonl`);
    expect(check.rows).toBe(40);
    // By hand: texts 5, 15, 25 and 35 of 40; each moves half of its mass. In reverse order every text is of the other class.
    expect(check.again).toMatchObject({ rows: 40, flips: 4, distance: expect.closeTo((4 * 0.5) / 40, 9) });
    expect(check.orders).toMatchObject([{ rows: 40, flips: 40, distance: expect.closeTo(0.8, 9) }]);
    expect(check.byLabel).toMatchObject([{ label: 'bad', again: { flips: 4 }, orders: { flips: 40 } }]);
    expect(predicted).toEqual([40, 0]);
    // Three times 40: what is asked of all texts was asked in the check.
    expect(server.asked).toHaveLength(120);
    const { stdout } = await retort(`${line} --output_file checked.jsonl --resume`);
    expect(stdout.replaceAll(/\s+/gu, ' ')).toContain(
      'asked again, another class for 4 of 40 (10.0 %, 95 % interval 4.0 % to 23.1 %), mean distance of the probabilities 0.050',
    );
    expect(server.asked).toHaveLength(120);
  });

  test.each([
    ['--labels bad --teacher URL', "labels: wanted two or more different labels, got 'bad'"],
    ['--teacher URL', 'labels: wanted two or more different labels, got none'],
    [
      '--labels bad,good --teacher folder',
      '--teacher_model: wanted the URL of a language or decision model as teacher',
    ],
    ['--labels bad,good --teacher URL --check 0', '--check: wanted an integer'],
  ])('%s is refused before anything is sent', async (flags, message) => {
    const { code, stderr } = await retort(
      `ask texts.csv ${flags.replace('URL', 'http://127.0.0.1:1/v1')} --teacher_model m`,
    );
    expect(code).toBe(2);
    expect(stderr.replaceAll(/\s+/gu, ' ')).toContain(message);
  });

  test('a server that refuses the key ends it, with the replies so far kept', async () => {
    const server = await mockServer((request, number) =>
      number < 30 ? scored(textOf(request)) : refused(401, 'no credit'),
    );
    const line = `ask texts.csv --labels bad,good --teacher ${server.url} --teacher_model m --output_file refused.jsonl`;
    const { code, stderr } = await retort(line);
    expect([code, stderr]).toEqual([1, expect.stringContaining('HTTP 401')]);
    expect(existsSync(path('refused.jsonl'))).toBe(false);
    expect(readFileSync(path('refused.jsonl.replies'), 'utf8').split('\n').length - 1).toBe(30);
  });
});
