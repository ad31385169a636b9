import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTextTable } from '../../../src/data/read-text-table.js';
import type { EndpointOptions } from '../../../src/outside/asking/endpoint-options.js';
import type { OutsideAnswer } from '../../../src/outside/asking/outside.js';
import { renamedModel } from '../../../src/outside/asking/outside-teacher.js';
import { questionOf } from '../../../src/outside/chat/chat-question.js';
import { chatWording } from '../../../src/outside/chat/chat-wording.js';
import { endpointTeacher } from '../../../src/outside/chat/endpoint-teacher.js';
import { LabelWords } from '../../../src/outside/chat/label-words.js';
import { runModule, temporaryFolder } from '../../files/processes.js';
import { dataTest } from '../../setup/data-test.js';
import { expectNear, textData, tokenizerIn } from '../../teachers/text-models.js';
import { completion, mockServer, refused, spoken, textOf } from '../asking/endpoint-server.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['negative', 'positive'];
const dataOf = (texts: readonly string[], labels = labelNames) => textData(texts, tokenizer, { labelNames: labels });
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);
let logs = 0;
const newLog = () => join(root, `log-${++logs}.jsonl`);
const lines = (log: string) => readFileSync(log, 'utf8').split('\n').slice(0, -1);
const quick = { model: 'm', labelNames, backoffMs: 5, timeoutMs: 600_000 };

async function ask(texts: readonly string[], options: EndpointOptions) {
  const teacher = endpointTeacher(options);
  const answers = await teacher.answer(dataOf(texts, [...options.labelNames]), ['logits']);
  const rows = texts.map((_, row) => row);
  const { logits, remainder } = answers.batch(rows, rows.length);
  return {
    probabilities: Array.from(logits?.data as Float32Array, Math.exp),
    remainder: Array.from(remainder?.data as Float32Array),
    report: teacher.report(),
  };
}

/** Says of `text 7` that it is positive with the probability 0.07 … , by its number. */
const chance = (text: string) => (Number(text.split(' ')[1]) % 89) / 100 + 0.05;
const scored = (text: string) =>
  completion(['positive'], {
    ' positive': Math.log(chance(text)),
    Neg: Math.log(0.97 - chance(text)),
    the: Math.log(0.02),
  });

/** What a model of these beliefs writes, word for word: each with all words that it might have gone on with. */
function spelled(beliefs: ReadonlyMap<string, number>, label: string) {
  const words = label.split(/(?=_)/u);
  return spoken(
    words.map((word, at) => {
      const before = words.slice(0, at).join('');
      const able = [...beliefs].filter(([other]) => other.startsWith(before));
      const total = able.reduce((sum, [, p]) => sum + p, 0);
      const next: Record<string, number> = {};
      for (const [other, p] of able) {
        const [following = ''] = other.slice(before.length).split(/(?=_)/u);
        next[following] = (next[following] ?? 0) + p / total;
      }
      return [word, next];
    }),
  );
}

describe('endpointTeacher', () => {
  test('log-probabilities: labels by their first tokens, what is no label taken off, the key sent and never written', async () => {
    const server = await mockServer((request) => scored(textOf(request)));
    const log = newLog();
    const found = await ask(['text 10', 'text 60'], { ...quick, url: server.url, log, apiKey: 'secret-key' });
    // Of 0.97 the labels have, and what was not seen counts with them.
    expectNear(found.probabilities, [0.82 / 0.97, 0.15 / 0.97, 0.32 / 0.97, 0.65 / 0.97], 5);
    expect(found.remainder).toEqual([0, 0, 0, 0]);
    expect(found.report).toMatchObject({
      rows: 2,
      done: 2,
      byLogprobs: 2,
      requests: 2,
      inputTokens: 100,
      outputTokens: 2,
    });
    expect(found.report?.outside).toBeCloseTo(0.02, 6);
    const { request, headers } = server.asked[0] ?? {};
    expect(headers?.authorization).toBe('Bearer secret-key');
    expect(request).toMatchObject({ model: 'm', logprobs: true, top_logprobs: 20, temperature: 0 });
    expect(request?.messages[0]?.content).toContain('these labels and nothing else: negative, positive\n');
    expect(readFileSync(log, 'utf8')).not.toContain('secret');
  });

  test('labels that were not seen share what is left', async () => {
    const server = await mockServer(() =>
      completion(['a'], { a: Math.log(0.5), b: Math.log(0.3), '\n': Math.log(0.1) }),
    );
    const found = await ask(['x'], { ...quick, labelNames: ['a', 'b', 'c', 'd'], url: server.url, log: newLog() });
    expectNear(found.probabilities, [0.5, 0.3, 0.1, 0.1], 6);
    expect(found.remainder).toEqual([0, 0, 1, 1]);
  });

  dataTest(
    'banking77',
    'the 77 labels of BANKING77, of which 45 share their first word: each answer is the label that it spells',
    async (folder) => {
      const labels: string[] = JSON.parse(readFileSync(join(folder, 'categories.json'), 'utf8'));
      const firstWords = labels.map((label) => label.split('_')[0]);
      expect(firstWords.filter((word) => firstWords.indexOf(word) !== firstWords.lastIndexOf(word)).length).toBe(45);
      const rows = await readTextTable(join(folder, 'train.csv'), { label: 'category' });
      const gold = new Map(rows.texts.map((text, row) => [text, rows.labelNames[rows.labels?.[row] ?? 0] as string]));
      // A text of each label.
      const texts = labels.flatMap((label) =>
        [...gold]
          .filter(([, of]) => of === label)
          .slice(0, 1)
          .map(([text]) => text),
      );
      // The model's own distribution: the label, another that begins alike where there is one, and any other.
      const beliefs = (text: string) => {
        const label = gold.get(text) as string;
        const alike = labels.find((other) => other !== label && other.split('_')[0] === label.split('_')[0]);
        const other = labels.find((one) => one.split('_')[0] !== label.split('_')[0]) as string;
        return new Map([[label, alike ? 0.7 : 0.9], ...(alike ? ([[alike, 0.2]] as const) : []), [other, 0.1]]);
      };
      const server = await mockServer((request) =>
        spelled(beliefs(textOf(request)), gold.get(textOf(request)) as string),
      );
      const found = await ask(texts, {
        ...quick,
        labelNames: labels,
        answerBy: 'labels',
        url: server.url,
        log: newLog(),
      });
      expect(found.report).toMatchObject({ malformed: 0, byLogprobs: 77, requests: 77 });
      for (const [row, text] of texts.entries()) {
        const probabilities = found.probabilities.slice(77 * row, 77 * (row + 1));
        const label = labels.indexOf(gold.get(text) as string);
        expect(probabilities[label]).toBeCloseTo(beliefs(text).get(labels[label] as string) ?? 0, 5);
        // The others are known, or share what is left: nothing is spread over labels that begin alike.
        const left = found.remainder.slice(77 * row, 77 * (row + 1));
        expect(left[label]).toBe(0);
        for (const [other, p] of beliefs(text)) {
          const place = labels.indexOf(other);
          if (left[place] === 0) expect(probabilities[place]).toBeCloseTo(p, 5);
        }
      }
      // Long enough for the longest label, of 48 letters.
      expect(server.asked[0]?.request.max_tokens).toBe(26);
    },
  );

  test('replies of 0.1.0 kept the first token alone: they are read by their text, and nothing is asked again', async () => {
    const labels = ['card_arrival', 'card_linking', 'card_not_working', 'exchange_rate'];
    const server = await mockServer(() => refused(500, 'asked'));
    const log = newLog();
    const options = { ...quick, retries: 0, labelNames: labels, url: server.url, log };
    const old = (text: string, answer: string, top: Readonly<Record<string, number>>, output = 3) => ({
      key: questionOf(options, chatWording(options), text, undefined).key,
      ...{ model: 'm', ask: 'label', text, logprobs: true, contents: [answer], usage: { input: 50, output } },
      top: Object.entries(top).map(([token, p]) => [token, Math.log(p)]),
    });
    const replies = [
      old('x', 'card_arrival', { card: 0.93, exchange: 0.05 }),
      old('y', 'exchange_rate', { exchange: 0.8, card: 0.15 }),
      old('z', 'card_not_work', { card: 0.9 }, 8),
      old('w', 'card', { card: 0.9 }),
    ];
    writeFileSync(log, replies.map((reply) => `${JSON.stringify(reply)}\n`).join(''));
    const found = await ask(['x', 'y', 'z', 'w'], { ...options, maxMalformed: 0.3 });
    expect(server.asked).toHaveLength(0);
    expect(found.report).toMatchObject({ byLabel: 2, byLogprobs: 1, malformed: 1, fromLog: 4 });
    // A hard label leaves a tenth to all; the card labels share what exchange_rate leaves; 'card' is none of them.
    expectNear(found.probabilities.slice(0, 4), [0.925, 0.025, 0.025, 0.025], 6);
    expectNear(found.probabilities.slice(4, 8), [0.2 / 3, 0.2 / 3, 0.2 / 3, 0.8], 5);
    expectNear(found.probabilities.slice(8, 12), [0.025, 0.025, 0.925, 0.025], 6);
    expect(found.remainder.slice(4)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  });

  test.each<[string, Readonly<Record<string, number>>]>([
    ['both labels at -9999', { positive: -9999, negative: -9999 }],
    ['positive log-probabilities', { positive: 3, negative: 2 }],
    ['null', { positive: null as never, negative: -1 }],
    ['NaN, which is no JSON', { positive: 'NaN' as never, negative: '-Infinity' as never }],
    ['beyond all numbers', { positive: '-1e999' as never, negative: '1e999' as never }],
  ])('%s: the text alone counts', async (_, top) => {
    const said = JSON.stringify(completion(['positive'], top)).replaceAll(/"(NaN|-?Infinity|-?1e999)"/gu, '$1');
    const server = await mockServer(() => (response) => response.writeHead(200).end(said));
    const found = await ask(numbered(2), { ...quick, url: server.url, log: newLog() });
    expectNear(found.probabilities, [0.05, 0.95, 0.05, 0.95], 6);
    expect(found.report).toMatchObject({ byLabel: 2, byLogprobs: 0, malformed: 0, requests: 2 });
  });

  test('without log-probabilities: draws where they are wanted, else one label', async () => {
    const drawn = await mockServer(({ n = 1, temperature }) =>
      // A server that gives three at a time, whatever was asked.
      completion(temperature === 0 ? ['positive'] : ['Positive.', 'negative', 'positive'].slice(0, n)),
    );
    const samples = await ask(['x', 'y'], { ...quick, url: drawn.url, log: newLog(), samples: 8 });
    // 3 + 3 + 2 draws: 6 positive of 8, (6 + 0.5) / 9 by hand.
    expectNear(
      samples.probabilities,
      [3.5 / 9, 5.5 / 9, 3.5 / 9, 5.5 / 9].map((_, i) => (i % 2 ? 5.5 : 3.5) / 9),
      5,
    );
    expect(samples.report).toMatchObject({ bySamples: 2, requests: 7 });
    const plain = await mockServer(() => completion(['The label is negative.']));
    const label = await ask(['x', 'y'], { ...quick, url: plain.url, log: newLog() });
    expectNear(label.probabilities, [0.95, 0.05, 0.95, 0.05], 6);
    // Asked for log-probabilities once, and not again.
    expect(plain.asked.map(({ request }) => request.logprobs)).toEqual([true, undefined]);
  });

  test('a server that refuses log-probabilities, or the name of the limit, is asked in another way', async () => {
    const server = await mockServer((request) => {
      if (request.logprobs) return refused(400, 'logprobs is not supported with this model');
      if (request.max_tokens !== undefined) return refused(400, "use 'max_completion_tokens' instead");
      return completion(['positive']);
    });
    const found = await ask(numbered(3), { ...quick, url: server.url, log: newLog() });
    expect(found.report).toMatchObject({ byLabel: 3, requests: 5 });
  });

  test('one reply in ten fails or is broken: nothing is lost, nothing paid twice', async () => {
    let failures = 0;
    const server = await mockServer(async (request, number) => {
      await new Promise((done) => setTimeout(done, number % 7));
      if (number % 10 !== 3) return scored(textOf(request));
      const faults: readonly ((response: ServerResponse) => void)[] = [
        refused(503, 'overloaded'),
        refused(429, 'slow down', { 'retry-after': '0' }),
        (response) => response.writeHead(200).end('{"choices": [{"mess'),
        (response) => response.destroy(),
      ];
      failures += 1;
      return faults[failures % faults.length] ?? {};
    });
    const texts = [...numbered(300), ...numbered(20)];
    const log = newLog();
    const options = { ...quick, url: server.url, log, concurrency: 8, retries: 8 };
    const found = await ask(texts, options);
    expectNear(
      found.probabilities.filter((_, i) => i % 2 === 1),
      texts.map((text) => chance(text) / 0.97),
      4,
    );
    expect(failures).toBeGreaterThan(30);
    expect(found.report).toMatchObject({ rows: 300, done: 300, malformed: 0, retries: failures });
    expect(found.report?.rateLimited).toBeGreaterThan(4);
    expect(server.busiest()).toBeLessThanOrEqual(8);
    expect(lines(log)).toHaveLength(300);
    expect([...server.charged.values()].every((times) => times === 1)).toBe(true);

    // A torn last line, as a kill leaves it, is that one reply; rows moved and added cost only what is new.
    writeFileSync(log, `${lines(log).slice(0, 299).join('\n')}\n${(lines(log)[299] ?? '').slice(0, 40)}`);
    const before = server.asked.length;
    const again = await ask([...texts.slice(5), 'text 777', ...texts.slice(0, 5)], options);
    expect(again.report).toMatchObject({ rows: 301, done: 301, fromLog: 299 });
    const repeated = server.asked.slice(before).map(({ request }) => textOf(request));
    expect(new Set(repeated).size).toBe(2);
    expect(lines(log)).toHaveLength(301);
    expectNear(again.probabilities.slice(0, 2 * 295), found.probabilities.slice(10, 600), 6);
  });

  test('replies that never end are cut off after their time, and asked again', async () => {
    const server = await mockServer((request, number) => {
      if (number === 0) return () => {};
      if (number === 1) return (response) => response.writeHead(200).write('{');
      return scored(textOf(request));
    });
    // A busy machine may take longer for others too: these are asked again as well.
    const found = await ask(numbered(4), { ...quick, url: server.url, log: newLog(), timeoutMs: 500, retries: 20 });
    expect(found.report).toMatchObject({ rows: 4, done: 4, malformed: 0 });
    expect(found.report?.retries).toBeGreaterThanOrEqual(2);
  });

  test('Retry-After holds back everybody', async () => {
    const times: number[] = [];
    const server = await mockServer((request, number) => {
      times.push(performance.now());
      return number === 1 ? refused(429, 'wait', { 'retry-after-ms': '400' }) : scored(textOf(request));
    });
    await ask(numbered(4), { ...quick, url: server.url, log: newLog(), concurrency: 2 });
    const limited = times[1] ?? 0;
    // The other may ask once more before the refusal has come; all that follow wait. Timers may be early by a millisecond.
    const within = times.slice(2).filter((time) => time < limited + 395);
    expect(within.length).toBeLessThanOrEqual(1);
    expect(times).toHaveLength(5);
  });

  test('a refusal for good is said at once, without the key', async () => {
    const server = await mockServer(() => refused(401, 'Incorrect API key provided: secret-key'));
    const asking = ask(numbered(50), { ...quick, url: server.url, log: newLog(), apiKey: 'secret-key' });
    await expect(asking).rejects.toThrow(
      /chat\/completions: wanted a reply, got HTTP 401 .*\[key\].*; check url, key/u,
    );
    expect(server.asked).toHaveLength(1);
  });

  test('the first rows are judged before the rest is asked', async () => {
    const server = await mockServer(() => completion(['I would rather not say.']));
    const asking = ask(numbered(200), { ...quick, url: server.url, log: newLog() });
    await expect(asking).rejects.toThrow(
      'wanted labels (negative, positive) in the first rows, got none in 20 of 20 replies, such as "I would rather not say."',
    );
    // Each twice, since a language model may say something else the second time.
    expect(server.asked).toHaveLength(40);
    const good = await mockServer((request) => scored(textOf(request)));
    const seen: number[] = [];
    const stopping = { ...quick, url: good.url, log: newLog(), prices: { input: 1, output: 2 } };
    const onSmoke = ({ done, estimatedCost = 0 }: { done: number; estimatedCost?: number }) => {
      seen.push(done, estimatedCost);
      return false;
    };
    await expect(ask(numbered(200), { ...stopping, onSmoke })).rejects.toThrow(
      // A command that is given again without it refuses the folder in which the answers are.
      'an interruption before the last 180; the replies are kept: run it again to continue, a command with --resume',
    );
    expect(good.asked).toHaveLength(20);
    // 200 rows of 50 tokens in and 1 out, by hand.
    expect(seen[0]).toBe(20);
    expect(seen[1]).toBeCloseTo((200 * (50 * 1 + 1 * 2)) / 1e6, 12);
  });

  test('a few answers that are no label are counted and reported, and say nothing of their rows', async () => {
    const server = await mockServer((request) =>
      textOf(request) === 'text 30' ? completion(['Hm?'], { Hm: 0 }) : scored(textOf(request)),
    );
    const found = await ask(numbered(40), { ...quick, url: server.url, log: newLog() });
    expect(found.report).toMatchObject({ malformed: 1, byLogprobs: 39 });
    expectNear(found.probabilities.slice(60, 62), [0.5, 0.5], 6);
    // Nothing is known but the sum: the step spreads it as the student does, and learns nothing.
    expect(found.remainder.slice(60, 64)).toEqual([1, 1, 0, 0]);
    const strict = { ...quick, url: server.url, log: newLog(), maxMalformed: 0 };
    await expect(ask(numbered(40), strict)).rejects.toThrow('got none in 1 of 40 replies, such as "Hm?"');
  });

  test('the spending limit is never passed, and raising it goes on from there', async () => {
    const server = await mockServer((request) => scored(textOf(request)));
    const log = newLog();
    const prices = { input: 10_000, output: 0 };
    // Half a unit a row; the estimate after 20 rows is 20 in all.
    const options = { ...quick, url: server.url, log, prices, concurrency: 8 };
    await expect(ask(numbered(40), { ...options, maxCost: 15 })).rejects.toThrow(
      'wanted a cost of at most 15, got about 20.00 for 40 rows (10.00 for 20 of them); raise maxCost',
    );
    expect(server.asked).toHaveLength(20);
    await expect(ask(numbered(40), { ...options, smokeRows: 1, maxCost: 12 })).rejects.toThrow(
      /wanted a cost of at most 12/u,
    );
    expect(server.asked.length * 0.5).toBeLessThanOrEqual(12);
    const found = await ask(numbered(40), { ...options, maxCost: 100 });
    expect(found.report).toMatchObject({ done: 40, cost: 20 });
    expect(server.asked).toHaveLength(40);
  });

  test('another prompt, model or text is asked anew; another process or a damaged log is refused', async () => {
    const server = await mockServer((request) => scored(textOf(request)));
    const options = { ...quick, url: server.url, log: newLog() };
    await ask(numbered(2), options);
    await ask(numbered(2), { ...options, labelWords: { positive: ['positive', 'good'] } });
    expect(server.asked).toHaveLength(2);
    // A rule of reading that has changed is another teacher. Witness: how 0.1.0 made the hash.
    const { model, labelNames: names } = options;
    const before = ['endpoint', model, undefined, undefined, names, undefined, undefined, undefined, undefined];
    const hash = createHash('sha256').update(JSON.stringify(before)).digest('hex');
    expect(endpointTeacher(options).contentHash).not.toBe(hash);
    await ask(numbered(2), { ...options, model: 'm2' });
    await ask(numbered(2), { ...options, system: 'Be brief.' });
    expect(server.asked).toHaveLength(6);
    const held = await endpointTeacher(options).open?.(['logits']);
    await expect(ask(numbered(2), options)).rejects.toThrow(`${options.log}: wanted a file no other process uses`);
    await held?.release();
    appendFileSync(options.log, '{"key": 7}\n');
    await expect(ask(numbered(2), options)).rejects.toThrow(
      `${options.log}:7: wanted a reply of an endpoint, got {"key": 7}`,
    );
  });

  test('another model in the replies is another teacher: it stops, and then asks about all rows', async () => {
    let by = 'm-2026-01';
    const server = await mockServer((request) => ({ ...scored(textOf(request)), model: by, id: 'r-1' }));
    const options = { ...quick, url: server.url, log: newLog() };
    await ask(numbered(3), options);
    by = 'm-2026-02';
    await expect(ask(numbered(5), { ...options, concurrency: 1 })).rejects.toThrow(
      'teacher m: wanted replies of m-2026-01, as for 3 of 5 rows before, got one of m-2026-02; name the model',
    );
    expect(server.asked).toHaveLength(4);
    expect(await renamedModel(options.log, 'm')).toBe('m-2026-02');
    const { report } = await ask(numbered(5), options);
    // Of five rows one has a reply of the new model already.
    expect(report).toMatchObject({ done: 5, fromLog: 1, answeredBy: 'm-2026-02' });
    expect(server.asked).toHaveLength(8);
    const named = endpointTeacher({ ...options, answeredBy: 'm-2026-02' });
    expect(named.contentHash).not.toBe(endpointTeacher(options).contentHash);
  });

  test('an answer says where it comes from, what it cost and why it was asked', async () => {
    const server = await mockServer((request) => ({ ...scored(textOf(request)), model: 'm-1', id: 'r-1' }));
    const why = { by: 'random', probability: 0.1 } as const;
    const teacher = endpointTeacher({
      ...quick,
      url: server.url,
      log: newLog(),
      why,
      prices: { input: 1e6, output: 0 },
    });
    const answers: [number, OutsideAnswer][] = [];
    await teacher.ask(dataOf(['text 10']), (row, answer) => answers.push([row, answer]));
    expect(answers).toMatchObject([
      [
        0,
        {
          ...{ kind: 'logprobs', source: server.url, model: 'm-1', requestId: 'r-1', why },
          ...{ tokens: { input: 50, output: 1 }, cost: 50 },
        },
      ],
    ]);
  });

  // All replies were kept in memory: 1.3 GB for a large log.
  test('a log larger than the memory is read and answered from', async () => {
    const log = newLog();
    const options = { model: 'm', labelNames, url: 'http://127.0.0.1:9/v1', log };
    const usage = { input: 50, output: 1 };
    for (const text of numbered(1000)) {
      const { key } = questionOf(options, chatWording(options), text, undefined);
      // 100 KB a reply, 100 MB in all.
      const reply = { key, model: 'm', ask: 'label', text: 'x'.repeat(100_000), logprobs: false };
      appendFileSync(log, `${JSON.stringify({ ...reply, contents: ['positive'], usage })}\n`);
    }
    const child = runModule(
      `import { textTable } from 'DIST/data/text-table.js';
      import { endpointTeacher } from 'DIST/outside/chat/endpoint-teacher.js';
      const texts = Array.from({ length: 1000 }, (_, i) => 'text ' + i);
      const data = { name: 'rows', size: texts.length, text: { table: textTable('rows', { texts }) } };
      const teacher = endpointTeacher(JSON.parse(process.argv[1]));
      console.log((await teacher.plan(data)).unanswered);
      await teacher.answer(data, ['logits']);
      console.log(JSON.stringify(teacher.report()));`,
      [JSON.stringify(options)],
      { shell: 'export NODE_OPTIONS=--max-old-space-size=64' },
    );
    const { stdout, stderr } = await child.ended;
    expect(stderr).toBe('');
    const [unanswered, report] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(unanswered).toBe(0);
    expect(report).toMatchObject({ rows: 1000, done: 1000, fromLog: 1000, requests: 0, inputTokens: 50_000 });
  });

  test.each<[Partial<EndpointOptions>, string]>([
    [
      { url: 'api.example.com' },
      'url: wanted an address such as https://api.example.com/v1, without user name and query, got api.example.com',
    ],
    [{ prompt: 'Which label?' }, 'prompt: wanted the placeholder {text}, got none'],
    [{ maxCost: 5 }, 'maxCost: wanted prices, to compute the cost'],
    [{ labelWords: { good: 'x' } }, "labelWords: wanted words for negative, positive, got 'good'"],
    [{ labelWords: { negative: 'x', positive: 'X' } }, "got 'x' for negative and positive"],
    [{ samples: 1.5 }, 'samples: wanted an integer ≥ 0, got 1.5'],
  ])('refuses %j', (options, message) => {
    const all = { ...quick, url: 'http://localhost/v1', log: join(root, 'none.jsonl'), ...options };
    expect(() => endpointTeacher(all)).toThrow(message);
  });
});

describe('LabelWords', () => {
  const words = new LabelWords(['no', 'not sure', 'yes'], { yes: ['yes', 'right', 'yeah'] });
  test.each<[string, number | undefined]>([
    ['Yes', 2],
    [' "right".', 2],
    ['no', 0],
    ['Not sure, maybe yes', 1],
    ['nothing', undefined],
    ['I say **yes**!', 2],
    ['yes or no', 2],
    ['either yes or no', undefined],
    ['', undefined],
  ])('%j', (answer, label) => {
    expect(words.labelOf(answer)).toBe(label);
  });

  test('an answer that was cut off names the one label that it begins', () => {
    expect(words.labelOf('not su', true)).toBe(1);
    expect(words.labelOf('not su')).toBeUndefined();
    expect(words.labelOf('n', true)).toBeUndefined();
  });
});
