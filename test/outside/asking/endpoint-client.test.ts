/** @file What goes out to an endpoint and what is let in: keys, redirects, plain http, replies without end. */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { EndpointOptions } from '../../../src/outside/asking/endpoint-options.js';
import { endpointTeacher } from '../../../src/outside/chat/endpoint-teacher.js';
import { temporaryFolder } from '../../files/processes.js';
import { textData, tokenizerIn } from '../../teachers/text-models.js';
import { completion, mockServer, refused } from './endpoint-server.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['negative', 'positive'];
// As long as those of providers: a message cut to 200 characters held 150 of them.
const KEY = `sk-proj-${'Ab3_xY/9+kQ7-'.repeat(12)}`;
let logs = 0;

async function ask(url: string, options: Partial<EndpointOptions> = {}, texts: readonly string[] = ['x']) {
  const log = join(root, `log-${++logs}.jsonl`);
  const teacher = endpointTeacher({ model: 'm', labelNames, url, log, retries: 0, apiKey: KEY, ...options });
  const answering = teacher.answer(textData(texts, tokenizer, { labelNames }), ['logits']);
  const error = await answering.then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  return { error, log, teacher };
}

/** No eight characters of the key in a row, in all that the error holds. */
function expectNoKey(said: unknown): void {
  const text = typeof said === 'string' ? said : inspect(said, { depth: 9, showHidden: true, maxStringLength: null });
  for (let at = 0; at + 8 <= KEY.length; at++) expect(text).not.toContain(KEY.slice(at, at + 8));
}

describe('a key', () => {
  const echoes: readonly [string, string][] = [
    ['where the cut would fall on it', `${'no '.repeat(12)} ${KEY}`],
    ['escaped as JSON has it', KEY.replaceAll('-', '\\u002d').replaceAll('/', '\\/')],
    ['encoded as in a URL', encodeURIComponent(KEY)],
    ['cut by the server', `Incorrect API key provided: ${KEY.slice(0, 60)}****`],
    ['as base64', Buffer.from(`user:${KEY}`).toString('base64')],
  ];
  test.each(echoes)('that a server repeats is not shown: %s', async (_name, said) => {
    const server = await mockServer(() => (response: ServerResponse) => response.writeHead(401).end(said));
    const { error } = await ask(server.url);
    expect(error?.message).toMatch(/^http.*: wanted a reply, got HTTP 401 .*\[key\].*; check url, key and model$/u);
    expectNoKey(error);
    expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('that a server puts into its answers is not in the log, nor in what is said of them', async () => {
    const server = await mockServer(() => completion([`no label but ${KEY}`], { [KEY.slice(0, 20)]: -0.1 }));
    const { error, log } = await ask(server.url);
    expect(error?.message).toContain('such as "no label but [key]"');
    expectNoKey(error);
    expectNoKey(readFileSync(log, 'utf8'));
  });

  test('that is no key is refused before it is sent, and not shown', async () => {
    await expect(ask('https://127.0.0.1:9/v1', { apiKey: `${KEY}\n${KEY}` })).rejects.toThrow(
      'apiKey: wanted letters, digits and signs without spaces, got something with spaces or other characters',
    );
  });

  test('goes over plain http to this machine alone', async () => {
    const log = join(root, 'never.jsonl');
    const teacher = (url: string, options = {}) =>
      endpointTeacher({ model: 'm', labelNames, url, log, apiKey: KEY, ...options });
    for (const host of ['localhost', '127.0.0.1:8000', '127.1.2.3', '[::1]:8000']) teacher(`http://${host}/v1`);
    for (const host of ['api.example.com', '10.0.0.7:8000', '127.0.0.1.example.com', 'localhost.example.com']) {
      expect(() => teacher(`http://${host}/v1`)).toThrow(
        `url: wanted https, which protects the key, got plain http to ${host}; use https`,
      );
      teacher(`https://${host}/v1`);
      teacher(`http://${host}/v1`, { insecureHttp: true });
      endpointTeacher({ model: 'm', labelNames, url: `http://${host}/v1`, log });
    }
  });

  test.each(['https://user:word-word@api.example.com/v1', 'https://api.example.com/v1?key=word-word'])(
    'is not taken from an address, which would be shown: %s',
    async (url) => {
      const error = await ask(url).catch((thrown: unknown) => thrown);
      expect(String(error)).toBe(
        'OptionError: url: wanted an address such as https://api.example.com/v1, without user name and query, got one with more',
      );
    },
  );
});

describe('a redirect', () => {
  // A 302 became a GET, and its 200 was taught from.
  test.each([301, 302, 303, 307, 308])('%i is not followed: neither texts nor key go there', async (status) => {
    const other = await mockServer(() => completion(['positive']));
    const location = `${other.url}/chat/completions?q=1`;
    const server = await mockServer(() => (response: ServerResponse) => response.writeHead(status, { location }).end());
    const { error } = await ask(server.url, { retries: 3 });
    expect(error?.message).toBe(
      `${server.url}/chat/completions: wanted a reply, got HTTP ${status}, a redirect to ` +
        `${other.url}/chat/completions, which is not followed; if texts and key may go there, give that address as url`,
    );
    expect([server.asked.length, other.asked.length]).toEqual([1, 0]);
  });

  test('on the same host is not followed either, where a GET would be answered', async () => {
    const server = await mockServer((_, number) =>
      number === 0 ? refused(302, 'moved', { location: '/v1/chat/completions' }) : completion(['positive']),
    );
    const { error } = await ask(server.url);
    expect(error?.message).toContain('got HTTP 302, a redirect to');
    expect(server.asked).toHaveLength(1);
  });
});

describe('a reply', () => {
  test.each([200, 500])('that does not end is read up to a limit, with status %i', async (status) => {
    let sent = 0;
    const server = await mockServer(() => (response: ServerResponse) => {
      const piece = Buffer.alloc(2 ** 16, 'x');
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
        if (!response.destroyed) response.once('drain', more);
      };
      response.writeHead(status);
      more();
    });
    const { error } = await ask(server.url, { retries: 3 });
    expect(error?.message).toBe(
      `${server.url}/chat/completions: wanted a reply, got a reply of over 4194304 bytes; ` +
        'check url and model: longer replies are not read',
    );
    expect(server.asked).toHaveLength(1);
    // What the sockets hold besides.
    expect(sent).toBeLessThan(2 ** 26);
  });
});
