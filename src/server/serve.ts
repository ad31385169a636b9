/** @file A student as a server: what `retort serve` does. */
import type { Server } from 'node:http';
import { OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { defined } from '../options/given.js';
import { hostCheck, isThisMachine } from './allowed-hosts.js';
import { decisionApp } from './decision-app.js';
import { listening } from './listening.js';
import { Metrics } from './metrics.js';
import { type Proxied, proxyOf } from './proxy-start.js';
import type { ServeOptions } from './serve-settings.js';
import { readAliases, servedQuestions } from './served-question.js';
import { openStudent, type Student } from './student.js';

export type Serving = {
  readonly url: string;
  readonly student: Pick<Student, 'name' | 'labels' | 'identity'>;
  /** How the student stands before an upstream, in sentences; none without one. */
  readonly standing: readonly string[];
  /** Requests that had a reply. */
  readonly requests: () => number;
  /** Settled when its student has ended by itself: what is left is to close. */
  readonly broken: Promise<string>;
  /** Takes no more requests, lets those under way have their replies, and frees the model. */
  close(): Promise<void>;
};

const DEFAULTS = { host: '127.0.0.1', port: 8000, maxWaiting: 1000, maxBodyBytes: 2 ** 20 } as const;
/** A request that trickles in is ended; Node looks so often. */
const HEAD_MS = 10_000;
const REQUEST_MS = 30_000;
const LOOK_MS = 1000;
/** What replies under way may still take when the server closes. */
const CLOSING_MS = 10_000;

/**
 * @throws as `openStudent`; OptionError for an address of others without a key; OutputError where the port is taken.
 */
export async function serveStudent(options: ServeOptions): Promise<Serving> {
  const { host, port, maxWaiting, maxBodyBytes } = { ...DEFAULTS, ...defined(options) };
  const { textField, apiKey, aliases, threads, onNotice = () => {} } = options;
  if (!isThisMachine(host) && apiKey === undefined) {
    throw new OptionError({
      where: 'host',
      wanted: '127.0.0.1, or a key that callers have to send',
      got: `${host} without a key`,
      fix: 'put one into an environment variable and name it: --api_key_env NAME',
    });
  }
  const expectHost = hostCheck(host, options.allowedHosts);
  const named = aliases === undefined ? [] : await readAliases(aliases);
  const student = await openStudent(options.student, { threads, maxWaiting, onNotice });
  const metrics = new Metrics();
  let isOpen = true;
  let proxied: Proxied | undefined;
  let closing: Promise<void> | undefined;
  let requests = 0;
  try {
    const served = servedQuestions(student.identity.question, student.labels, named);
    proxied = await proxyOf(options, { student, served, metrics, onNotice });
    const { proxy, standing = [] } = proxied ?? {};
    const app = decisionApp({
      ...{ student, served, proxy, metrics, textField, apiKey, maxBodyBytes, expectHost },
      isOpen: () => isOpen,
      onFault: (error) => onNotice(`a request has failed: ${messageOf(error)}`),
    });
    const { createAdaptorServer } = await import('@hono/node-server');
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { requestTimeout: REQUEST_MS, headersTimeout: HEAD_MS, connectionsCheckingInterval: LOOK_MS },
    }) as Server;
    server.on('request', () => {
      requests += 1;
    });
    const address = await listening(server, {
      host,
      port,
      instead: '--port 8001',
      fix: 'choose another --host or --port',
    });
    const broken = student.ended.then((reason) => {
      isOpen = false;
      return reason;
    });
    return {
      url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
      student,
      standing,
      requests: () => requests,
      broken,
      close: () => {
        isOpen = false;
        closing ??= closed(server)
          .then(() => proxy?.close())
          .then(() => student.release());
        return closing;
      },
    };
  } catch (error) {
    await proxied?.proxy.close();
    await student.release();
    throw error;
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => {
    const late = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
    server.close(() => {
      clearTimeout(late);
      done();
    });
    server.closeIdleConnections();
  });
}
