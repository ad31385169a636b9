/** @file Servers of tests: the real one, and such as do something wrong. */
import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { type BlobServerOptions, serveBlobs } from '../../src/queue/blob-server.js';

export const TOKEN = 'a-token-of-tests-1234';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Closed when the test ends. @returns its address. */
export async function served(folder: string, more: Partial<BlobServerOptions> = {}): Promise<string> {
  const { port, close } = await serveBlobs({ folder, host: '127.0.0.1', port: 0, token: TOKEN, ...more });
  closing.push(close);
  return `http://127.0.0.1:${port}`;
}

/**
 * A server of one function.
 * @param unread answers requests that ask before they send their body
 * @returns its address.
 */
export async function wrongServer(answer: RequestListener, unread?: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  if (unread !== undefined) server.on('checkContinue', unread);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
