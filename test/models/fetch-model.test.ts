import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError, InterruptedError, OptionError, OutputError } from '../../src/errors/failures.js';
import type { DownloadProgress } from '../../src/hub/download.js';
import { type FetchOptions, fetchModel } from '../../src/models/fetch-model.js';
import { resolveModel } from '../../src/models/hugging-face-cache.js';
import { runModule, temporaryFolder } from '../files/processes.js';
import {
  type Asked,
  COMMIT,
  CONFIG_SHA1,
  FIRST_SHA256,
  HubServer,
  json,
  PLAIN,
  refuse,
  SHARDED,
  sendContent,
  WEIGHTS_SHA256,
} from '../hub/hub-server.js';

const root = temporaryFolder();
const hub = await HubServer.start();
const ID = 'org/model';
const WEIGHTS = PLAIN['model.safetensors'].content;
let env: Record<string, string>;
let repository: string;

beforeEach(() => {
  hub.reset();
  hub.models.set(ID, PLAIN);
  const home = mkdtempSync(join(root, 'home-'));
  env = { HF_ENDPOINT: hub.endpoint, HF_HOME: home };
  repository = join(home, 'hub', 'models--org--model');
});

const fetched = (options: FetchOptions = {}, id = ID) => fetchModel(id, { env, ...options });
const isContent = ({ path }: Asked, name: string) => path.startsWith('/storage/') && path.endsWith(`/${name}`);

/** Bytes of the largest file that downloads have written. */
function largestBlob(): number {
  const blobs = join(repository, 'blobs');
  // A file that is renamed meanwhile counts at the next look.
  const sizeOf = (name: string) => statSync(join(blobs, name), { throwIfNoEntry: false })?.size ?? 0;
  return existsSync(blobs) ? Math.max(0, ...readdirSync(blobs).map(sizeOf)) : 0;
}

/** Sends the first bytes of the weights, then cuts the connection; once. */
function cutOnce(bytes: number): void {
  let isCut = false;
  hub.intercept = (asked, response) => {
    if (isCut || !isContent(asked, 'model.safetensors')) return false;
    isCut = true;
    response.writeHead(200, { 'Content-Length': WEIGHTS.length });
    response.write(WEIGHTS.subarray(0, bytes));
    // Once they have arrived: what is still under way is lost with the connection, on a busy machine more than on a quiet one.
    const watch = setInterval(() => {
      if (largestBlob() < bytes) return;
      clearInterval(watch);
      response.destroy();
    }, 10);
    return true;
  };
}

/** Nobody listens there any more. */
async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
}

describe('fetchModel', () => {
  test('downloads what loading needs and nothing else, in the layout of the cache', async () => {
    const seen: DownloadProgress[] = [];
    const folder = await fetched({ onProgress: (progress) => seen.push(progress) });
    expect(folder).toBe(join(repository, 'snapshots', COMMIT));
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    // Witness: the documentation of huggingface_hub, "Understand caching", and test/python/check_hub_cache.py.
    expect(readlinkSync(join(folder, 'model.safetensors'))).toBe(`../../blobs/${WEIGHTS_SHA256}`);
    expect(readlinkSync(join(folder, 'config.json'))).toBe(`../../blobs/${CONFIG_SHA1}`);
    expect(readFileSync(join(repository, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(readdirSync(join(repository, 'blobs'))).toHaveLength(3);

    const totalBytes = WEIGHTS.length + 23 + 12;
    expect(new Set(seen.map((progress) => progress.totalBytes))).toEqual(new Set([totalBytes]));
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
    expect(seen.at(-1)?.bytes).toBe(totalBytes);
  });

  test('a folder is itself; what the cache has whole is not asked for again; resolveModel finds it too', async () => {
    expect(await fetched({}, root)).toBe(root);
    const folder = await fetched();
    hub.asked = [];
    expect(await fetched()).toBe(folder);
    expect(await fetched({ revision: COMMIT })).toBe(folder);
    expect(await resolveModel(ID, env)).toBe(folder);
    expect(hub.asked).toEqual([]);
  });

  test('a sharded model comes with the shards that its index names', async () => {
    hub.models.set(ID, SHARDED);
    const folder = await fetched();
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
      'vocab.txt',
    ]);
    expect(readlinkSync(join(folder, 'model-00001-of-00002.safetensors'))).toBe(`../../blobs/${FIRST_SHA256}`);
    rmSync(join(folder, 'model-00002-of-00002.safetensors'));
    await fetched();
    expect(readFileSync(join(folder, 'model-00002-of-00002.safetensors'), 'utf8')).toBe('second');
  });

  test('another revision is a ref of its own', async () => {
    hub.intercept = ({ path }, response) => {
      if (!path.includes('/revision/refs%2Fpr%2F1')) return false;
      json(response, { id: ID, sha: COMMIT });
      return true;
    };
    await fetched({ revision: 'refs/pr/1' });
    expect(readFileSync(join(repository, 'refs', 'refs', 'pr', '1'), 'utf8')).toBe(COMMIT);
    expect(existsSync(join(repository, 'refs', 'main'))).toBe(false);
  });
});

describe('a download that is cut', () => {
  test('goes on from its last byte, by a range request', async () => {
    cutOnce(2_000_000);
    const notices: string[] = [];
    const folder = await fetched({ onNotice: (notice) => notices.push(notice) });
    expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(hub.askedOf('model.safetensors').map(({ range }) => range)).toEqual([undefined, 'bytes=2000000-']);
    expect(notices).toEqual([expect.stringMatching(/^org\/model: .*; trying again in 0\.5 s$/)]);
  });

  test('starts over where the server has no ranges', async () => {
    cutOnce(2_000_000);
    const cut = hub.intercept;
    hub.intercept = (asked, response) => {
      if (cut(asked, response)) return true;
      if (!isContent(asked, 'model.safetensors')) return false;
      sendContent(response, WEIGHTS, undefined);
      return true;
    };
    const folder = await fetched();
    expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
  });

  test('is given up after five tries, leaving no snapshot, and taken up by the next call', async () => {
    hub.intercept = (asked, response) => {
      if (!isContent(asked, 'model.safetensors')) return false;
      response.writeHead(503, { 'Retry-After': '0' }).end();
      return true;
    };
    await expect(fetched()).rejects.toThrow(/^org\/model: wanted a response from http.*, got HTTP 503, 5 times; check/);
    expect(hub.askedOf('model.safetensors')).toHaveLength(5);
    expect(existsSync(join(repository, 'snapshots'))).toBe(false);
    expect(existsSync(join(repository, 'refs'))).toBe(false);
  });

  test('by the user stays as it is, and the next one goes on from there', async () => {
    const stop = new AbortController();
    hub.intercept = (asked, response) => {
      if (!isContent(asked, 'model.safetensors')) return false;
      response.writeHead(200).write(WEIGHTS.subarray(0, 1_500_000));
      return true;
    };
    const onProgress = ({ bytes }: DownloadProgress) => bytes >= 1_500_000 && stop.abort();
    await expect(fetched({ signal: stop.signal, onProgress })).rejects.toThrow(InterruptedError);
    hub.intercept = () => false;
    await fetched();
    expect(hub.askedOf('model.safetensors').at(-1)?.range).toMatch(/^bytes=1\d{6}-$/);
  });

  test('by kill -9 is resumed by another process', async () => {
    hub.intercept = (asked, response) => {
      if (!isContent(asked, 'model.safetensors')) return false;
      response.writeHead(200).write(WEIGHTS.subarray(0, 1_500_000));
      return true;
    };
    const child = runModule(
      `import { fetchModel } from 'DIST/entries/models.js';
       const env = JSON.parse(process.argv[1]);
       await fetchModel('${ID}', { env, onProgress: ({ bytes }) => bytes > 1_400_000 && console.log('far') });`,
      [JSON.stringify(env)],
    );
    await child.saying('far');
    child.kill();
    await child.ended;
    hub.intercept = () => false;
    const folder = await fetched();
    expect(hub.askedOf('model.safetensors').at(-1)?.range).toMatch(/^bytes=1\d{6}-$/);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(readdirSync(join(repository, 'blobs'))).toHaveLength(3);
  });

  test('two at once: the second waits, and each file comes once', async () => {
    const [first, second] = await Promise.all([fetched(), fetched()]);
    expect(first).toBe(second);
    expect(hub.askedOf('model.safetensors')).toHaveLength(1);
  });
});

describe('content that is not what the hub lists', () => {
  test('another checksum is refused, and nothing of it stays', async () => {
    hub.models.set(ID, { ...PLAIN, 'vocab.txt': { ...PLAIN['vocab.txt'], content: Buffer.from('[PAD]\n[ODD]\n') } });
    await expect(fetched()).rejects.toThrow(
      /^org\/model: vocab\.txt: wanted content with the checksum 9b63652e4599b6f141f83f77374ca035004e0c8f,/,
    );
    expect(readdirSync(join(repository, 'blobs'))).toEqual([CONFIG_SHA1]);
  });

  test('torn remains of an earlier download are thrown away once', async () => {
    const incomplete = join(repository, 'blobs', `${WEIGHTS_SHA256}.retort.incomplete`);
    mkdirSync(join(repository, 'blobs'), { recursive: true });
    writeFileSync(incomplete, Buffer.alloc(1000));
    writeFileSync(join(repository, 'blobs', `${'a'.repeat(64)}.retort.incomplete`), 'of an older commit');
    const folder = await fetched();
    expect(hub.askedOf('model.safetensors').map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(readdirSync(join(repository, 'blobs'))).toHaveLength(3);
  });

  test('a body that never ends is cut at the listed size', async () => {
    hub.intercept = (asked, response) => {
      if (!asked.path.includes('/resolve/') || !asked.path.endsWith('/vocab.txt')) return false;
      // On a later turn of the event loop: a fast socket calls back at once, and nothing would hear that the client left.
      const more = () => void (response.destroyed || response.write(Buffer.alloc(65_536), () => setImmediate(more)));
      more();
      return true;
    };
    await expect(fetched()).rejects.toThrow(/more than the 12 bytes that vocab\.txt should have/);
  });

  test.each([
    ['beyond reason', { listedSize: 2 ** 52 }, /model\.safetensors of 4503599627370496 bytes, where at most/],
    ['negative', { listedSize: -1 }, /model\.safetensors of -1 bytes/],
    ['no number', { listedSize: Number.NaN }, /model\.safetensors of null bytes/],
  ])('a size that is %s is refused before anything is written', async (_, lie, message) => {
    hub.models.set(ID, { ...PLAIN, 'model.safetensors': { ...PLAIN['model.safetensors'], ...lie } });
    await expect(fetched()).rejects.toThrow(message);
    expect(existsSync(join(repository, 'blobs'))).toBe(false);
  });

  test('names in a listing that lead elsewhere, and files that were not asked for, are passed over', async () => {
    const names = ['../../../../escaped', '/tmp/escaped', 'a/../../escaped', 'run.sh', '__proto__'];
    hub.intercept = ({ path }, response) => {
      if (!path.includes('/paths-info/')) return false;
      const entries = Object.entries(PLAIN).map(([name, { content, oid, ...large }]) => {
        const lfs = 'sha256' in large ? { lfs: { oid: large.sha256, size: content.length, pointerSize: 1 } } : {};
        return { type: 'file', path: name, size: content.length, oid, ...lfs };
      });
      json(response, [...names.map((name) => ({ ...entries[0], path: name })), ...entries]);
      return true;
    };
    const folder = await fetched();
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
    expect(hub.asked.filter(({ path }) => /escaped|run\.sh|proto/.test(path))).toEqual([]);
  });

  test('an index that names a path is refused', async () => {
    const content = Buffer.from('{"weight_map": {"a": "../../x.safetensors"}}');
    // Witness: git hash-object.
    const index = { content, oid: '174eb212d78921c635ed9b15947857d419ce19ba' };
    hub.models.set(ID, { ...SHARDED, 'model.safetensors.index.json': index });
    await expect(fetched()).rejects.toThrow(/wanted the name of a \.safetensors file beside it/);
  });

  test.each([
    ['no JSON', '<html>', /got .*JSON/],
    ['another shape', '{}', /malformed response/],
    ['null entries', '[null]', /wanted a valid response from/],
    ['no checksum', '[{"type":"file","path":"config.json","size":3}]', /no checksum of config\.json/],
    ['a path as checksum', '[{"type":"file","path":"config.json","size":3,"oid":"../../x"}]', /no checksum of config/],
  ])('a listing that is %s is one error', async (_, text, message) => {
    hub.intercept = ({ path }, response) => {
      if (!path.includes('/paths-info/')) return false;
      response.setHeader('Content-Type', 'application/json');
      response.end(text);
      return true;
    };
    const error: unknown = await fetched().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toMatch(message);
  });
});

describe('a hub that says no', () => {
  const answering = (status: number, headers: Record<string, string> = {}) => {
    hub.intercept = (_, response) => {
      response.writeHead(status, headers).end();
      return true;
    };
  };

  test('429 is asked again after the time that it names', async () => {
    let isFirst = true;
    hub.intercept = (_, response) => {
      if (!isFirst) return false;
      isFirst = false;
      response.writeHead(429, { 'Retry-After': '1' }).end();
      return true;
    };
    const notices: string[] = [];
    await fetched({ onNotice: (notice) => notices.push(notice) });
    expect(notices).toEqual(['org/model: HTTP 429; trying again in 1.0 s']);
  });

  test('a wait beyond the five minutes of its windows is told instead', async () => {
    answering(429, { 'Retry-After': '7200' });
    await expect(fetched()).rejects.toThrow(/got HTTP 429, and a request to wait 120 min;/);
  });

  test('401 without a token may be a wrong name or a missing token', async () => {
    answering(401);
    await expect(fetched()).rejects.toThrow(
      /^org\/model: .*HTTP 401: no model has that name, or it is private or gated; check the name, or set HF_TOKEN/,
    );
  });

  test('a gated model says where to accept its terms', async () => {
    answering(403, { 'X-Error-Code': 'GatedRepo' });
    await expect(fetched()).rejects.toThrow(
      `accept its terms at ${hub.endpoint}/org/model, then set HF_TOKEN to a token`,
    );
  });

  test('404 names the nearest known model', async () => {
    await expect(fetched({}, 'sentence-transformers/all-MiniLM-L6-v3')).rejects.toThrow(
      /got HTTP 404; check the name \(did you mean sentence-transformers\/all-MiniLM-L6-v2\?\)/,
    );
    await expect(fetched({}, 'bert-tinny')).rejects.toThrow(/did you mean bert-tiny\?/);
  });

  test('a missing revision is told as that, and one that is a path is refused', async () => {
    await expect(fetched({ revision: 'v2' })).rejects.toThrow(/wanted an existing revision/);
    await expect(fetched({ revision: '../../x' })).rejects.toThrow(OptionError);
  });

  test('a repository that has nothing but a pickle is refused, with the way out', async () => {
    const { 'model.safetensors': _, ...rest } = PLAIN;
    hub.models.set(ID, rest);
    await expect(fetched()).rejects.toThrow(
      /pytorch_model\.bin: wanted model\.safetensors, got only a pickle.*save_pretrained/,
    );
    expect(existsSync(join(repository, 'blobs'))).toBe(false);
  });

  test('nobody there is told at once', async () => {
    env.HF_ENDPOINT = await closedEndpoint();
    const notices: string[] = [];
    await expect(fetched({ onNotice: (notice) => notices.push(notice) })).rejects.toThrow(
      /^org\/model: wanted a response from http:\/\/127\.0\.0\.1:\d+, got .*ECONNREFUSED.*; check the network and HF_ENDPOINT/,
    );
    expect(notices).toEqual([]);
  });
});

describe('HF_TOKEN', () => {
  test('goes to the hub alone, not to the host of the large files', async () => {
    env.HF_TOKEN = 'secret-of-mine';
    await fetched();
    const storage = new Set(hub.askedOf('model.safetensors').map(({ authorization }) => authorization));
    const others = new Set(hub.asked.filter(({ path }) => !path.startsWith('/storage/')).map((a) => a.authorization));
    expect(storage).toEqual(new Set([undefined]));
    expect(others).toEqual(new Set(['Bearer secret-of-mine']));
  });

  // Of repositories that were renamed, and by mirrors.
  test.each([307, 308])('does not go along with a question that is moved to another host by %i', async (status) => {
    env.HF_TOKEN = 'secret-of-mine';
    const { host } = new URL(hub.endpoint);
    hub.intercept = (asked, response) => {
      if (asked.method !== 'POST' || asked.host !== host) return false;
      response.writeHead(status, { Location: `${hub.storage}${asked.path}` }).end();
      return true;
    };
    await fetched();
    const questions = hub.asked.filter(({ method }) => method === 'POST');
    expect(new Set(questions.map((asked) => asked.host === host))).toEqual(new Set([true, false]));
    for (const asked of hub.asked) {
      expect(asked.authorization).toBe(asked.host === host ? 'Bearer secret-of-mine' : undefined);
    }
  });

  test('and a question that a redirect would make another one is not asked', async () => {
    hub.intercept = ({ method, path }, response) => {
      if (!path.includes('/paths-info/')) return false;
      if (method !== 'POST') json(response, [{ type: 'file', path: 'config.json', size: 1, oid: CONFIG_SHA1 }]);
      else response.writeHead(302, { Location: `${hub.storage}${path}` }).end();
      return true;
    };
    await expect(fetched()).rejects.toThrow(/^org\/model: wanted a valid response from .*, got HTTP 302;/);
    expect(hub.asked.some(({ method, path }) => method === 'GET' && path.includes('/paths-info/'))).toBe(false);
  });

  test('is not shown where an answer repeats it', async () => {
    env.HF_TOKEN = 'secret-of-mine';
    hub.intercept = ({ authorization = '' }, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(authorization.slice('Bearer '.length));
      return true;
    };
    const error = await fetched().catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/got .*\[key\].*; try again later, or check HF_ENDPOINT/);
    expect(inspect(error, { depth: 9 })).not.toContain('secret-of');
  });

  test('that is answered without end is read up to a limit', async () => {
    hub.intercept = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const piece = Buffer.alloc(2 ** 20, ' ');
      const more = () => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', () => setImmediate(more));
      };
      more();
      return true;
    };
    await expect(fetched()).rejects.toThrow(
      /valid response from http:.*, got more than 16777216 bytes; try again later/,
    );
  });

  test('that opens nothing is named by where it is from, never shown', async () => {
    env.HF_TOKEN = 'secret-of-mine';
    hub.intercept = (_, response) => {
      refuse(response, 401, '');
      return true;
    };
    await expect(fetched()).rejects.toThrow(/a model that the token of HF_TOKEN may read, got HTTP 401/);
    await expect(fetched()).rejects.not.toThrow(/secret-of-mine/);
  });
});

describe('HF_HUB_OFFLINE', () => {
  test('asks nobody: what is cached is found, what is not is said', async () => {
    const folder = await fetched();
    hub.asked = [];
    env.HF_HUB_OFFLINE = '1';
    expect(await fetched()).toBe(folder);
    await expect(fetched({}, 'org/other')).rejects.toThrow(
      /neither, and HF_HUB_OFFLINE forbids to download org\/other/,
    );
    expect(hub.asked).toEqual([]);
  });
});

describe('a cache that is half filled', () => {
  test('by a tool that wanted the tokenizer alone is completed', async () => {
    const snapshot = join(repository, 'snapshots', COMMIT);
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(repository, 'blobs'));
    writeFileSync(join(repository, 'blobs', CONFIG_SHA1), PLAIN['config.json'].content);
    symlinkSync(`../../blobs/${CONFIG_SHA1}`, join(snapshot, 'config.json'));
    expect(await fetched()).toBe(snapshot);
    expect(readdirSync(snapshot)).toContain('model.safetensors');
    expect(hub.asked.filter(({ path }) => path.includes('/resolve/') && path.endsWith('config.json'))).toEqual([]);
  });
});

const disk = mkdtempSync(join(root, 'disk-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]).status === 0;

describe.skipIf(!isMounted)('a full disk', () => {
  const fill = (name: string, leave: number) => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, name), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
  };

  test('is told before the download; one that fills up meanwhile is no loss', async () => {
    try {
      env.HF_HUB_CACHE = join(disk, 'hub');
      fill('ballast', 1_000_000);
      const before: unknown = await fetched().catch((error: unknown) => error);
      expect(before).toBeInstanceOf(OutputError);
      expect(String(before)).toMatch(
        /wanted 3145763 bytes of free space on the disk, got \d+; free some space, or set HF_HOME/,
      );
      expect(hub.askedOf('model.safetensors')).toEqual([]);

      rmSync(join(disk, 'ballast'));
      let isFilled = false;
      const onProgress = ({ file }: DownloadProgress) => {
        if (isFilled || file !== 'model.safetensors') return;
        isFilled = true;
        fill('ballast', 1_000_000);
      };
      await expect(fetched({ onProgress })).rejects.toThrow(/full disk \(ENOSPC\)/);
      rmSync(join(disk, 'ballast'));
      const folder = await fetched();
      expect(hub.askedOf('model.safetensors').at(-1)?.range).toMatch(/^bytes=\d{5,}-$/);
      expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
