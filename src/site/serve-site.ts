/** @file The playground's server: sends the files of a site to browsers of this machine, and nothing else. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { messageOf } from '../errors/message-of.js';
import { isSameSecret } from '../files/same-secret.js';
import { listening } from '../server/listening.js';
import type { Site } from './site.js';

export type ServedSite = {
  /** With the token, if anything is private. */
  readonly url: string;
  close(): Promise<void>;
};

export type ServeSiteOptions = {
  /** 0 for any that is free. */
  readonly port: number;
  /** Told of a file that cannot be read any more. */
  readonly onFault?: ((message: string) => void) | undefined;
};

/** No other machine reaches it. */
const HOST = '127.0.0.1';
/** A page of another site may make a name of its own lead here (DNS rebinding): its requests have that name. */
const OWN_NAMES = [HOST, 'localhost'];
const TOKEN = 'token';
const TOKEN_BYTES = 24;

/** As `index.html` has it for sites without headers; `frame-ancestors` counts in a header alone. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  // ONNX Runtime is WebAssembly.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [...CONTENT_POLICY, "frame-ancestors 'none'"].join('; '),
  // Threads share memory, which a page may do only if it is isolated.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** @throws OutputError where the port is taken. */
export async function serveSite(site: Site, { port, onFault = () => {} }: ServeSiteOptions): Promise<ServedSite> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const { createAdaptorServer } = await import('@hono/node-server');
  const server = createAdaptorServer({ fetch: siteApp(site, { token, onFault }).fetch }) as Server;
  const address = await listening(server, { host: HOST, port, instead: '--port 8766' });
  const page = `http://${HOST}:${address.port}/`;
  return {
    url: site.folder === undefined ? page : `${page}?${TOKEN}=${token}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** The routes: one for each file of the site. */
export function siteApp(
  { files }: Pick<Site, 'files'>,
  { token, onFault }: { readonly token: string; readonly onFault: (message: string) => void },
): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  });
  app.all('*', async (c) => {
    const { hostname, port, pathname, searchParams } = new URL(c.req.url);
    if (!OWN_NAMES.includes(hostname)) return c.text(`wanted the host ${HOST}, got another\n`, 403);
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      return c.text('wanted GET or HEAD\n', 405, { allow: 'GET, HEAD' });
    }
    const cookie = `retort-${port}`;
    const given = searchParams.get(TOKEN);
    if (pathname === '/' && given !== null && isSameSecret(given, token)) {
      setCookie(c, cookie, token, { path: '/', httpOnly: true, sameSite: 'Strict' });
      // Out of the address bar and of the history.
      return c.redirect('/', 303);
    }
    const file = files.get(pathname === '/' ? 'index.html' : pathname.slice(1));
    if (file === undefined) return c.text('nothing here\n', 404);
    if (file.isPrivate && !isSameSecret(getCookie(c, cookie) ?? '', token)) {
      return c.text('open the page by the address that retort playground prints\n', 403);
    }
    try {
      const content = await file.read();
      c.header('content-type', file.type);
      return c.req.method === 'HEAD' ? c.body(null) : c.body(new Uint8Array(content));
    } catch (error) {
      onFault(messageOf(error));
      return c.text('this file cannot be read any more\n', 500);
    }
  });
  return app;
}
