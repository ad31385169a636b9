/** @file What a campaign of kills has done through Redis: an experiment of twelve runs, and questions about texts. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomStream } from '../src/entries/tensor.js';
import { expectDone, type Kills } from './killed-processes.js';

export type KilledWork = {
  /** What one process that nobody kills gives. */
  readonly whole: string;
  /** That it takes. */
  readonly seconds: number;
  /** Words of the process that leads, into a folder, and of a worker. */
  readonly lead: (folder: string) => string;
  readonly worker: string;
  /** What came of it. */
  readonly given: (folder: string) => string;
  /** More that is kept of a round. @throws Error for what must not be */
  readonly facts: (folder: string, kills: Kills) => Readonly<Record<string, number>>;
  readonly close: () => void;
};

type Place = { readonly work: string; readonly queue: string };

export const KILLED_WORK = { distill: distillation, ask: asking } as const satisfies Readonly<
  Record<string, (place: Place) => Promise<KilledWork>>
>;
export type KilledKind = keyof typeof KILLED_WORK;

async function timed(done: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await done();
  return (performance.now() - begun) / 1000;
}

const DISTIL =
  'distill texts.csv --teacher teacher --model ngram --solver steps --epochs 3 --threads 1 --seeds 6 --controls no-teacher --quiet';

async function distillation({ work, queue }: Place): Promise<KilledWork> {
  writeFileSync(join(work, 'texts.csv'), madeUpReviews());
  if (!existsSync(join(work, 'teacher', 'metrics.json'))) {
    await expectDone(work, 'train texts.csv --model ngram --threads 1 --quiet --overwrite --output_dir teacher');
  }
  rmSync(join(work, 'whole'), { recursive: true, force: true });
  const seconds = await timed(() => expectDone(work, `${DISTIL} --output_dir whole`));
  const store = resolve(work, 'store');
  mkdirSync(store, { recursive: true });
  const given = (folder: string) => outcomeOf(join(work, folder));
  return {
    ...{ whole: given('whole'), seconds, given },
    lead: (folder) => `${DISTIL} --output_dir ${folder} --resume --queue ${queue} --store ${store}`,
    worker: `worker --queue ${queue} --store ${store} --wait 30 --quiet`,
    facts: (folder) => ({ runs: readdirSync(join(work, folder, 'runs')).length }),
    close: () => {},
  };
}

function madeUpReviews(): string {
  const random = new RandomStream(11, 'reviews');
  const draw = (words: readonly string[]) => words[random.below(words.length)] as string;
  const neutral = 'the a film plot actor scene very was it and this that with story music long short'.split(' ');
  const good = 'great lovely fine superb warm bright'.split(' ');
  const bad = 'dull weak poor awful cold grey'.split(' ');
  const rows = Array.from({ length: 3000 }, () => {
    const isGood = random.uniform() < 0.5;
    const words = Array.from({ length: 12 }, () => draw(neutral));
    for (const certainty of [0.85, 0.8]) words.splice(3, 0, draw(random.uniform() < certainty === isGood ? good : bad));
    return `${words.join(' ')},${isGood ? 'good' : 'bad'}`;
  });
  return ['text,label', ...rows, ''].join('\n');
}

/** Scores and rows of all runs, gains, and the weights that are kept; no times, machines and names. */
function outcomeOf(folder: string): string {
  const { arms, gains, evidence } = JSON.parse(readFileSync(join(folder, 'experiment.json'), 'utf8'));
  const timeless = arms.map(({ seconds: _seconds, ...arm }: { seconds: unknown }) => arm);
  const weights = readdirSync(join(folder, 'runs'))
    .sort()
    .flatMap((run) => {
      const path = join(folder, 'runs', run, 'last.ckpt', 'model.safetensors');
      return existsSync(path) ? [[run, createHash('sha256').update(readFileSync(path)).digest('hex')]] : [];
    });
  return JSON.stringify({ timeless, gains, evidence, weights });
}

const ASKED = 2000;
/** Requests that a process has under way at most. */
const AT_ONCE = 2;
const REPLY_MS = 60;
const OUTPUT = 'asked.jsonl';

/** A server replies to each request after a while, and knows what was asked again. */
async function asking({ work, queue }: Place): Promise<KilledWork> {
  writeFileSync(
    join(work, 'asked.csv'),
    ['text', ...Array.from({ length: ASKED }, (_, i) => `text ${i}`), ''].join('\n'),
  );
  const asked = new Map<string, number>();
  /** Of replies, as the server writes it; it was in the log before the text was asked again. */
  const needless: string[] = [];
  let log = '';
  const isLogged = (id: string) => existsSync(log) && readFileSync(log, 'utf8').includes(`"${id}"`);
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const number = /text (\d+)/u.exec(body)?.[1] ?? '';
      const id = `reply-${number}-`;
      const before = asked.get(id) ?? 0;
      if (before > 0 && isLogged(id)) needless.push(id);
      asked.set(id, before + 1);
      await sleep(REPLY_MS);
      const headers = { 'content-type': 'application/json', 'x-request-id': id };
      response.writeHead(200, headers).end(JSON.stringify(scored(Number(number) / ASKED)));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const ask = (folder: string) =>
    `ask asked.csv --labels bad,good --teacher ${url} --teacher_model m --prices 1,2 --quiet` +
    ` --output_file ${join(folder, OUTPUT)}`;
  rmSync(join(work, 'whole-ask'), { recursive: true, force: true });
  const seconds = await timed(() => expectDone(work, `${ask('whole-ask')} --teacher_concurrency ${3 * AT_ONCE}`));
  asked.clear();
  const given = (folder: string) => readFileSync(join(work, folder, OUTPUT), 'utf8');
  return {
    ...{ whole: given('whole-ask'), seconds, given },
    lead: (folder) => {
      log = join(work, folder, `${OUTPUT}.replies`);
      return `${ask(folder)} --teacher_concurrency ${AT_ONCE} --queue ${queue} --max_cost 10`;
    },
    worker: `worker --queue ${queue} --teacher ${url} --teacher_concurrency ${AT_ONCE} --wait 30 --quiet`,
    facts: (_folder, { worker, lead }) => {
      const again = [...asked.values()].reduce((sum, times) => sum + times - 1, 0);
      if (needless.length > 0) throw new Error(`asked again, though their replies were logged: ${needless.join(', ')}`);
      // Only what the dead had under way, replied to in their last moment or not.
      const most = AT_ONCE * (worker + lead);
      if (again > most) throw new Error(`${again} asked again, where ${most} were under way at most`);
      asked.clear();
      return { rows: ASKED, again };
    },
    close: () => server.close(),
  };
}

/** A chat completion of one token. @param share of the rows before this one */
function scored(share: number): object {
  const good = 0.05 + 0.9 * share;
  const content = good > 0.5 ? 'good' : 'bad';
  const top = [
    { token: 'good', logprob: Math.log(good) },
    { token: 'bad', logprob: Math.log(1 - good) },
  ];
  const logprob = Math.log(Math.max(good, 1 - good));
  return {
    choices: [
      {
        message: { role: 'assistant', content },
        finish_reason: 'stop',
        logprobs: { content: [{ token: content, logprob, top_logprobs: top }] },
      },
    ],
    usage: { prompt_tokens: 50, completion_tokens: 1 },
  };
}
