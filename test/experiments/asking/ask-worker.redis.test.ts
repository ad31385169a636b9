import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adapterOf,
  askDocument,
  documentText,
  partsOf,
  readAskDocument,
  unitOf,
} from '../../../src/experiments/asking/ask-document.js';
import { AskWorker, Permits } from '../../../src/experiments/asking/ask-worker.js';
import { intervalMs, SharedPace } from '../../../src/experiments/asking/shared-pace.js';
import { jsonHash } from '../../../src/files/json-hash.js';
import { EndpointError, type Pace } from '../../../src/outside/asking/asking-turns.js';
import type { OutsideAdapter } from '../../../src/outside/asking/outside.js';
import type { Said } from '../../../src/outside/asking/outside-reply.schema.js';
import { chatAdapters } from '../../../src/outside/chat/chat-adapter.js';
import { AskLedger } from '../../../src/queue/ask-ledger.js';
import { openConnection, type QueueConnection } from '../../../src/queue/connection.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { lacksRedis, redisServer } from '../../queue/redis-server.js';

const LONG_MS = 60_000;
/** Of a million tokens: a token costs a millionth, 1000 parts. */
const ASKED = { model: 'm', labelNames: ['a', 'b'], prices: { input: 1, output: 1 } };
const MOST = 10;
const PARTS = 1000;

const FREE: Pace = { turn: async () => {}, hold: () => {} };
const said = (input: number, answeredBy?: string): Said => ({
  ...{ ask: 'label', contents: ['a'], logprobs: false, usage: { input, output: 0 } },
  ...(answeredBy !== undefined && { answeredBy }),
});

/** A service in this process: a reply is an answer. */
const adapterTo = (service: (text: string) => Promise<Said>, pace = FREE): OutsideAdapter => ({
  source: 'here',
  identity: ['here'],
  counts: { requests: 0, retries: 0, rateLimited: 0, broken: 0 },
  draws: 1,
  outputTokens: 0,
  fixMalformed: '',
  question: (text, pair) => ({ key: jsonHash([text]), text, pair, bytes: MOST, messages: 0 }),
  request: ({ text }) => ({
    most: { input: MOST, output: 0 },
    send: async (stop) => {
      await pace.turn(stop);
      return service(text);
    },
  }),
  standing: ({ length }) =>
    length === 0 ? { kind: 'open', draws: 0 } : { kind: 'label', target: { logits: [0, -1] } },
  shown: () => '',
});

/** Dies before or after a step, at random: from then on it does nothing and hears nothing. */
class MortalLedger extends AskLedger {
  #isDead = false;
  readonly #dies: () => boolean;

  constructor(client: QueueConnection['client'], id: string, dies: () => boolean) {
    super(client, id);
    this.#dies = dies;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  async #step<T>(step: () => Promise<T>): Promise<T> {
    this.#isDead ||= this.#dies();
    const done = this.#isDead ? undefined : await step();
    this.#isDead ||= this.#dies();
    return this.#isDead ? new Promise<T>(() => {}) : (done as T);
  }

  override claim = (...given: Parameters<AskLedger['claim']>) => this.#step(() => super.claim(...given));
  override renew = (...given: Parameters<AskLedger['renew']>) => this.#step(() => super.renew(...given));
  override reserve = (...given: Parameters<AskLedger['reserve']>) => this.#step(() => super.reserve(...given));
  override keep = (...given: Parameters<AskLedger['keep']>) => this.#step(() => super.keep(...given));
  override finish = (...given: Parameters<AskLedger['finish']>) => this.#step(() => super.finish(...given));
}

describe.skipIf(lacksRedis())('AskWorker', () => {
  const redis = redisServer();
  let connection: QueueConnection;
  let asks = 0;

  beforeAll(async () => {
    connection = await openConnection(redis.url, { env: {} });
  });
  afterAll(() => connection.close());

  const opened = async (terms: { limit?: number; intervalMs?: number; leaseMs?: number } = {}) => {
    const ledger = new AskLedger(connection.client, `worker-${asks++}`);
    await ledger.open({ document: '{}', spent: 0, leaseMs: LONG_MS, ...terms });
    return ledger;
  };
  const publish = async (ledger: AskLedger, ...texts: string[]) => {
    const { name, rows } = unitOf(texts.map((text) => ({ text })));
    await ledger.publish(name, rows);
    return name;
  };
  const workerOf = (
    ledger: AskLedger,
    adapter: OutsideAdapter,
    more: { onNotice?: (text: string) => void; beatMs?: number } = {},
  ) =>
    new AskWorker({
      ...{ ledger, adapter, document: { asked: ASKED }, permits: new Permits(2), onNotice: () => {} },
      signal: new AbortController().signal,
      ...more,
    });

  test.each([
    ['no limit that is met', 1, 100_000],
    ['a limit', 2, 1800],
    ['a low limit', 3, 800],
  ])(
    '150 workers of which many die, %s: budget and rate hold, and each reply is kept once',
    async (_what, seed, tokens) => {
      const random = new RandomStream(seed, 'deaths');
      const [units, rows, allowed, time] = [60, 8, 300, { timeMs: 1000, lateMs: 300 }];
      const limit = tokens * PARTS;
      const ledger = await opened({ limit, leaseMs: 1500, intervalMs: intervalMs(allowed, time) });
      const names: string[] = [];
      for (let u = 0; u < units; u++) {
        names.push(await publish(ledger, ...Array.from({ length: rows }, (_, r) => `row ${u * rows + r}`)));
      }
      const sent: { text: string; at: number }[] = [];
      let charged = 0;
      const service = async (text: string) => {
        sent.push({ text, at: performance.now() });
        const cost = 1 + random.below(MOST);
        charged += cost;
        await sleep(random.below(10));
        return said(cost);
      };
      const work = async (dies: () => boolean): Promise<void> => {
        const own = new MortalLedger(connection.client, ledger.id, dies);
        const worker = workerOf(own, adapterTo(service, new SharedPace(own, time.lateMs)), { beatMs: 250 });
        for (;;) {
          const did = await Promise.race([worker.workOne(), deathOf(own)]);
          if (did === 'dead' || did === 'stopped' || did === 'gone') return;
          const left = (await ledger.standing())?.units;
          if (did === 'none' && (left?.open.length ?? 0) + (left?.held.length ?? 0) === 0) return;
          if (did === 'none') await sleep(50);
        }
      };
      await Promise.all(Array.from({ length: 150 }, () => work(() => random.uniform() < 0.005)));
      await work(() => false);
      const standing = await ledger.standing();
      expect(standing?.spent).toBeLessThanOrEqual(limit);
      expect(charged * PARTS).toBeLessThanOrEqual(standing?.spent ?? 0);
      expect(standing?.forfeited).toBeGreaterThan(0);
      if (tokens < 100_000) expect(standing?.stop).toBe(`spent ${MOST * PARTS}`);
      else expect([standing?.stop, standing?.units.open, standing?.units.held]).toEqual([undefined, [], []]);
      const kept: string[] = [];
      for (const name of names) {
        for (const line of (await ledger.unit(name))?.replies ?? []) kept.push(JSON.parse(line).text);
      }
      expect(new Set(kept).size).toBe(kept.length);
      if (standing?.units.aside.length === 0 && standing.stop === undefined) expect(kept).toHaveLength(units * rows);
      sent.sort((a, b) => a.at - b.at);
      for (const [i, { at }] of sent.entries()) {
        expect(sent[i + allowed]?.at ?? Infinity).toBeGreaterThanOrEqual(at + time.timeMs);
      }
    },
  );

  test('rows that were changed on the way are asked about by nobody', async () => {
    const ledger = await opened();
    await ledger.publish(unitOf([{ text: 'mine' }]).name, unitOf([{ text: 'another' }]).rows);
    const notices: string[] = [];
    const worker = workerOf(
      ledger,
      adapterTo(() => Promise.reject(new Error('asked'))),
      { onNotice: (text) => notices.push(text) },
    );
    for (let i = 0; i < 3; i++) expect(await worker.workOne()).toBe('worked');
    expect(await worker.workOne()).toBe('none');
    expect((await ledger.standing())?.units.aside).toHaveLength(1);
    expect(notices[0]).toContain('wanted the rows that were shared, got changed ones');
  });

  test('a row that the server refuses costs no other row its reply', async () => {
    const ledger = await opened();
    const name = await publish(ledger, 'one', 'bad', 'three');
    const refusal = { problem: 'HTTP 400', isFinal: true, status: 400 };
    const asked: string[] = [];
    const worker = workerOf(
      ledger,
      adapterTo(async (text) => {
        asked.push(text);
        if (text === 'bad') throw new EndpointError({ where: 'here', wanted: 'a reply', got: 'HTTP 400' }, refusal);
        return said(1);
      }),
    );
    for (let i = 0; i < 3; i++) await worker.workOne();
    expect(asked.sort()).toEqual(['bad', 'bad', 'bad', 'one', 'three']);
    expect((await ledger.unit(name))?.reason).toContain('HTTP 400');
    expect(await ledger.standing()).toMatchObject({ spent: 2 * PARTS, reserved: 0, forfeited: 0 });
  });

  test('a key that the server refuses ends the worker, and its unit is for others', async () => {
    const ledger = await opened();
    const name = await publish(ledger, 'one');
    const refusal = { problem: 'HTTP 401', isFinal: true, status: 401 };
    const failing = () =>
      Promise.reject(new EndpointError({ where: 'here', wanted: 'a reply', got: 'HTTP 401' }, refusal));
    await expect(workerOf(ledger, adapterTo(failing)).workOne()).rejects.toThrow('HTTP 401');
    expect((await ledger.standing())?.units.open).toEqual([name]);
    expect(
      await workerOf(
        ledger,
        adapterTo(async () => said(1)),
      ).workOne(),
    ).toBe('worked');
    expect((await ledger.standing())?.units.done).toEqual([name]);
  });

  test('a reply of another model is kept, and stops all', async () => {
    const ledger = await opened();
    const name = await publish(ledger, 'one', 'two', 'three', 'four');
    let count = 0;
    const worker = workerOf(
      ledger,
      adapterTo(async () => said(1, `m-${Math.floor(count++ / 2)}`)),
    );
    expect(await worker.workOne()).toBe('worked');
    expect(await ledger.standing()).toMatchObject({ stop: 'another model', units: { open: [name] } });
    expect((await ledger.unit(name))?.replies.length).toBeGreaterThanOrEqual(3);
    expect(await worker.workOne()).toBe('stopped');
  });
});

/** Resolves once it is dead. */
async function deathOf(ledger: MortalLedger): Promise<'dead'> {
  while (!ledger.isDead) await sleep(20);
  return 'dead';
}

describe('adapterOf', () => {
  const options = { url: 'http://127.0.0.1:1/v1', model: 'm', labelNames: ['a', 'b'], prompt: '{text}: {labels}?' };
  const document = askDocument(chatAdapters({ ...options, log: '' })(options.labelNames), options, 'chat');

  test('what is shared names no address, and gives the same question elsewhere', async () => {
    expect(documentText(document)).not.toContain('127.0.0.1');
    const read = await readAskDocument(documentText(document), 'here');
    const adapter = await adapterOf(read, { teacher: 'http://127.0.0.2:1/v1' }, FREE);
    expect(adapter.source).toBe('http://127.0.0.2:1/v1');
    expect(jsonHash(adapter.identity)).toBe(document.contentHash);
  });

  test.each([
    ['no address', {}, {}, '--teacher: wanted the URL of the endpoint that this worker may ask, got none'],
    ['another wording', { contentHash: '0' }, { teacher: options.url }, 'wanted the question as retort'],
    [
      'a key that is not there',
      {},
      { teacher: options.url, apiKeyEnv: 'NO_SUCH_KEY' },
      'environment variable NO_SUCH_KEY',
    ],
    ['another scheme', {}, { teacher: 'ftp://x' }, 'url: wanted an address'],
  ])('%s is refused', async (_what, changed, endpoint, message) => {
    await expect(adapterOf({ ...document, ...changed }, endpoint, FREE)).rejects.toThrow(message);
  });

  test('a document that was changed is refused, and one of another form', async () => {
    const text = documentText(document);
    await expect(readAskDocument(text.replace('{text}', 'x{text}'), 'here')).rejects.toThrow('got changed values');
    await expect(
      readAskDocument('{"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}', 'here'),
    ).rejects.toThrow('got another form');
    await expect(readAskDocument('{', 'here')).rejects.toThrow('got another form');
  });

  test('amounts are whole, and never less than the cost', () => {
    // By hand: 52 tokens at 1 a million are 52,000 billionths; 0.1 + 0.2 is no more than 0.3 by its last bit.
    expect(partsOf(52e-6)).toBe(52_000);
    expect(partsOf(0.1 + 0.2)).toBe(300_000_000);
    expect(partsOf(1.5e-9)).toBe(2);
  });
});
