import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetortError } from '../../src/errors/retort-error.js';
import { loadHuggingFace } from '../../src/models/hugging-face.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const folder = join(root, 'model');
const tiny = JSON.parse(readFileSync(new URL('hugging-face.tiny.json', import.meta.url), 'utf8')) as {
  readonly config: string;
  readonly safetensors: string;
};
const weights = Buffer.from(tiny.safetensors, 'base64');

async function outcome(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return load();
}

/** A failure must be one of ours, of one line. */
async function load(): Promise<string> {
  try {
    await loadHuggingFace(folder);
    return 'read';
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    expect(error.message).toMatch(/^[^\n]{1,2000}$/);
    return error.message.replaceAll(folder, 'DIR');
  }
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(-1, 0, 1e8, 1e300, 2 ** 31, 1.5, '', null, [], {}, '__proto__', '../x'),
);

describe('a hostile model folder', () => {
  test('a size that is not that of the weights is refused before parts that they lack are made of it', async () => {
    const { tensors } = decodeSafetensors(weights, 'tiny');
    const bare = new Map([...tensors].filter(([name]) => name.startsWith('bert.') && !name.includes('pooler')));
    const config = JSON.stringify({ ...(JSON.parse(tiny.config) as object), hidden_size: 30_000 });
    const before = process.resourceUsage().maxRSS;
    const said = await outcome({ 'config.json': config, 'model.safetensors': encodeSafetensors(bare) });
    expect(said).toMatch(/^DIR\/model\.safetensors: tensor '.*': wanted float32\[.*30000.*\], got float32\[/);
    // A pooler of that size is 3.6 GB.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(1e6);
  });

  test('a config.json with anything in any key is read or one error', async () => {
    const config = JSON.parse(tiny.config) as Record<string, unknown>;
    const change = fc.dictionary(fc.constantFrom(...Object.keys(config), 'num_labels', 'format', '__proto__'), odd, {
      minKeys: 1,
      maxKeys: 3,
    });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        await outcome({ 'config.json': JSON.stringify({ ...config, ...changes }), 'model.safetensors': weights });
      }),
      { numRuns: 200 },
    );
  });

  test('a config.json, weights or index cut anywhere is one error', async () => {
    const index = JSON.stringify({ weight_map: { 'classifier.bias': 'model-1.safetensors' } });
    const files = {
      'config.json': tiny.config.trim(),
      'model.safetensors': weights,
      'model.safetensors.index.json': index,
    };
    const cut = fc.tuple(
      fc.constantFrom(...(Object.keys(files) as (keyof typeof files)[])),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(cut, async ([name, part]) => {
        const { 'model.safetensors': single, ...others } = files;
        const given = name === 'model.safetensors.index.json' ? others : { ...others, 'model.safetensors': single };
        const content = files[name];
        const torn = content.slice(0, Math.floor(content.length * part));
        expect(await outcome({ ...given, [name]: torn })).toContain(`DIR/${name}`);
      }),
      { numRuns: 60 },
    );
  });

  test('an index with anything in it is read or one error', async () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('classifier.bias', 'bert.pooler.dense.bias', '__proto__'));
    const files = fc.oneof(
      odd,
      fc.constantFrom('model.safetensors', '../model.safetensors', 'a.safetensors', 'config.json'),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(odd, fc.dictionary(names, files)), async (map) => {
        const index = JSON.stringify({ weight_map: map });
        await outcome({ 'config.json': tiny.config, 'a.safetensors': weights, 'model.safetensors.index.json': index });
      }),
      { numRuns: 100 },
    );
  });

  test('weights far larger than the config allows are refused before they are read', async () => {
    await outcome({ 'config.json': tiny.config, 'model.safetensors': weights });
    truncateSync(join(folder, 'model.safetensors'), 2 ** 40);
    const before = process.memoryUsage.rss();
    expect(await load()).toMatch(
      /^DIR\/model\.safetensors: wanted at most \d+ bytes for a model of these sizes, got 1099511627776/,
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 2 ** 20);
  });

  test('a config of a giant beside small weights costs no memory', async () => {
    const config = {
      ...JSON.parse(tiny.config),
      vocab_size: 1e8,
      hidden_size: 1e8,
      intermediate_size: 1e8,
      num_hidden_layers: 1000,
    };
    const before = process.memoryUsage.rss();
    expect(await outcome({ 'config.json': JSON.stringify(config), 'model.safetensors': weights })).toContain(
      "tensor 'embeddings.word_embeddings.weight': wanted float32[100000000, 100000000], got float32[23, 8]",
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 2 ** 20);
  });

  test.skipIf(process.platform !== 'linux')('a device in place of a file is none', async () => {
    await outcome({ 'model.safetensors': weights });
    symlinkSync('/dev/zero', join(folder, 'config.json'));
    expect(await load()).toBe('DIR/config.json: wanted a regular file, got a device or pipe');
  });
});
