/** @file A server that speaks as much of the hub's API as a download asks for, and answers wrongly where a test wants it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export type StoredFile = {
  readonly content: Buffer;
  /** As Git lists it: SHA-1 of the blob, or of the pointer where there is a SHA-256. */
  readonly oid: string;
  /** Large files: SHA-256 of the content, which lies on another server. */
  readonly sha256?: string;
  /** What the listing says, if not the truth. */
  readonly listedSize?: number;
};

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** The server that was asked. */
  readonly host: string | undefined;
};

/** Answers a request in place of the server and says so. */
export type Interception = (asked: Asked, response: ServerResponse) => boolean;

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** 3 MiB. Witness of all hashes: `git hash-object` and `sha256sum` on files of this content. */
const weights = Buffer.from(Uint8Array.from({ length: 3 * 2 ** 20 }, (_, i) => i * 7 + Math.floor(i / 256)));
export const WEIGHTS_SHA256 = '37e2c01bd5ef09d03ef6706d36bcdb431d163065d1359f64461b5c744dde95cc';
export const CONFIG_SHA1 = 'dc1fb7b6703fe03317c1a080b523bf475f3d4818';
export const FIRST_SHA256 = 'a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e';

const POINTER = 'f'.repeat(40);
const config = { content: Buffer.from('{"model_type": "bert"}\n'), oid: CONFIG_SHA1 };
const vocabulary = { content: Buffer.from('[PAD]\n[UNK]\n'), oid: '9b63652e4599b6f141f83f77374ca035004e0c8f' };
const other = { content: Buffer.from('# A model\n'), oid: 'e'.repeat(40) };

export const PLAIN = {
  'README.md': other,
  'config.json': config,
  'model.safetensors': { content: weights, oid: POINTER, sha256: WEIGHTS_SHA256 },
  'pytorch_model.bin': { content: weights, oid: POINTER, sha256: WEIGHTS_SHA256 },
  'vocab.txt': vocabulary,
} as const satisfies Record<string, StoredFile>;

export const SHARDED = {
  'config.json': config,
  'model-00001-of-00002.safetensors': { content: Buffer.from('first'), oid: POINTER, sha256: FIRST_SHA256 },
  'model-00002-of-00002.safetensors': {
    content: Buffer.from('second'),
    oid: POINTER,
    sha256: '16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4',
  },
  'model-00003-of-00003.safetensors': {
    content: Buffer.from('of another index'),
    oid: POINTER,
    sha256: 'a'.repeat(64),
  },
  'model.safetensors.index.json': {
    content: Buffer.from(
      '{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}',
    ),
    oid: '882e6caa44ebc3cd41ab452d1ab15048a4863294',
  },
  'vocab.txt': vocabulary,
} as const satisfies Record<string, StoredFile>;

export class HubServer {
  readonly endpoint: string;
  /** The host of the large files. */
  readonly storage: string;
  readonly models = new Map<string, Readonly<Record<string, StoredFile>>>();
  asked: Asked[] = [];
  intercept: Interception = () => false;

  private constructor(endpoint: string, storage: string) {
    this.endpoint = endpoint;
    this.storage = storage;
  }

  /** Two servers, as with the real hub: large files are on another host. Both stop when the tests have ended. */
  static async start(): Promise<HubServer> {
    let hub: HubServer | undefined;
    const answer = (request: IncomingMessage, response: ServerResponse) => hub?.answer(request, response);
    hub = new HubServer(await listen(createServer(answer)), await listen(createServer(answer)));
    return hub;
  }

  reset(): void {
    this.asked = [];
    this.intercept = () => false;
    this.models.clear();
  }

  /** What was asked for a file's content, on either host. */
  askedOf(name: string): readonly Asked[] {
    return this.asked.filter(({ path }) => path.startsWith('/storage/') && path.endsWith(`/${name}`));
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: path = '', headers } = request;
    const asked = { method, path, range: headers.range, authorization: headers.authorization, host: headers.host };
    this.asked.push(asked);
    if (!this.intercept(asked, response)) void this.#answerTruly(asked, request, response);
  }

  async #answerTruly({ path, range }: Asked, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, host, id = '', rest = ''] =
      /^\/(api\/models\/|storage\/)?([\w.-]+\/[\w.-]+)\/(.*)$/.exec(path.split('?')[0] ?? '') ?? [];
    const [verb, revision, name = ''] = rest.split('/');
    const files = this.models.get(id);
    const file = files?.[name];
    if (files === undefined) {
      refuse(response, 404, 'RepoNotFound');
    } else if (revision !== 'main' && revision !== COMMIT) {
      refuse(response, 404, 'RevisionNotFound');
    } else if (verb === 'revision') {
      json(response, { _id: '1', id, sha: COMMIT, private: false });
    } else if (verb === 'paths-info') {
      await this.#list(request, response, files);
    } else if (file === undefined) {
      refuse(response, 404, 'EntryNotFound');
    } else if (file.sha256 !== undefined && host === undefined) {
      const Location = `${this.storage}/storage/${id}/resolve/${COMMIT}/${name}`;
      response.writeHead(302, { Location, 'X-Repo-Commit': COMMIT, 'X-Linked-Etag': `"${file.sha256}"` }).end();
    } else {
      response.setHeader('X-Repo-Commit', COMMIT);
      response.setHeader('ETag', `"${file.sha256 ?? file.oid}"`);
      sendContent(response, file.content, range);
    }
  }

  async #list(request: IncomingMessage, response: ServerResponse, files: Readonly<Record<string, StoredFile>>) {
    let body = '';
    for await (const piece of request) body += piece;
    const { paths }: { readonly paths: readonly string[] } = JSON.parse(body);
    const entries = paths.flatMap((path) => {
      const file = files[path];
      if (file === undefined) return [];
      const size = file.listedSize ?? file.content.length;
      const lfs = file.sha256 === undefined ? {} : { lfs: { oid: file.sha256, size, pointerSize: 134 } };
      return [{ type: 'file', path, size, oid: file.oid, ...lfs }];
    });
    json(response, entries);
  }
}

export function json(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'X-Error-Code': code }).end();
}

/** The whole, or from the first byte of a range on. */
export function sendContent(response: ServerResponse, content: Buffer, range: string | undefined): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${from}-${content.length - 1}/${content.length}`);
  }
  response.setHeader('Content-Length', String(content.length - from));
  response.end(content.subarray(from));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
