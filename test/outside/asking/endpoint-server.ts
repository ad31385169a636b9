/** @file A server that speaks as much of OpenAI's API as a teacher asks for, with faults on order. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature: number;
  readonly n?: number;
  readonly logprobs?: boolean;
  readonly max_tokens?: number;
};

/** A reply's body, or a function that answers in another way. */
export type Said = object | ((response: ServerResponse) => void);
export type MockServer = {
  readonly url: string;
  /** All that it was asked. */
  readonly asked: { readonly request: ChatRequest; readonly headers: IncomingMessage['headers'] }[];
  /** How often it gave a whole, good reply to a text: what it would have charged for. */
  readonly charged: Map<string, number>;
  /** Requests that were under way at once, at most. */
  readonly busiest: () => number;
};

/** The text of the default prompt. */
export const textOf = ({ messages = [] }: Partial<ChatRequest>): string =>
  /Text: (.*)\nLabel:$/su.exec(messages.at(-1)?.content ?? '')?.[1] ?? '';

export const usage = { prompt_tokens: 50, completion_tokens: 1 };

/** A chat completion with these contents, and log-probabilities of the first token. */
export function completion(contents: readonly string[], top?: Readonly<Record<string, number>>): object {
  const top_logprobs = Object.entries(top ?? {}).map(([token, logprob]) => ({ token, logprob }));
  const first = (content: string) =>
    top_logprobs.find(({ token }) => content.startsWith(token.trim())) ?? { token: content, logprob: -9999 };
  return {
    id: 'x',
    choices: contents.map((content) => ({
      message: { role: 'assistant', content },
      logprobs: top === undefined ? null : { content: [{ ...first(content), top_logprobs }] },
    })),
    usage: { ...usage, completion_tokens: contents.length },
  };
}

/** A chat completion of these tokens, each with the probabilities of what might have stood in its place. */
export function spoken(
  places: readonly (readonly [token: string, likely: Readonly<Record<string, number>>])[],
  finish_reason = 'stop',
): object {
  const content = places.map(([token, likely]) => ({
    token,
    logprob: Math.log(likely[token] ?? 0),
    top_logprobs: Object.entries(likely).map(([other, p]) => ({ token: other, logprob: Math.log(p) })),
  }));
  const text = places.map(([token]) => token).join('');
  return { choices: [{ message: { content: text }, finish_reason, logprobs: { content } }], usage };
}

export const refused =
  (status: number, text: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end(JSON.stringify({ error: { message: text } }));
  };

/** Starts a server for one test file. `say` gets the request and its number from 0. */
export async function mockServer(
  say: (request: ChatRequest, number: number) => Said | Promise<Said>,
): Promise<MockServer> {
  const asked: MockServer['asked'] = [];
  const charged = new Map<string, number>();
  let busy = 0;
  let busiest = 0;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      busy += 1;
      busiest = Math.max(busiest, busy);
      const request = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatRequest;
      const number = asked.push({ request, headers: incoming.headers }) - 1;
      const said = await say(request, number);
      busy -= 1;
      if (typeof said === 'function') return said(response);
      charged.set(textOf(request), (charged.get(textOf(request)) ?? 0) + 1);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    charged,
    busiest: () => busiest,
  };
}
