import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetortError } from '../../src/errors/retort-error.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { fixture, tokenizerJson, vocabText } from './tokenizer-files.js';

const root = temporaryFolder();
const folder = join(root, 'tokenizer');

/** Loads a folder of these files and reads a few texts with what comes; a failure must be one of ours. */
async function outcome(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return load();
}

async function load(): Promise<string> {
  try {
    const tokenizer = await loadTokenizer(folder);
    tokenizer.encode(['', 'hello [MASK] world', 'x\0y'], ['a', '', 'b'], { maxLength: 200 });
    return 'read';
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    expect(error.message).toMatch(/^[^\n]{1,2000}$/);
    return error.message.replaceAll(folder, 'DIR');
  }
}

/** Pieces with scores, as SentencePiece models have them. */
const unigram = {
  added_tokens: [{ id: 1, content: '<pad>', special: true }],
  normalizer: {
    type: 'Sequence',
    normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { String: '``' }, content: '"' }],
  },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }],
    pair: [
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '<pad>', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
    ],
    special_tokens: { '<pad>': { id: '<pad>', ids: [1], tokens: ['<pad>'] } },
  },
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['<unk>', 0],
      ['<pad>', 0],
      ['▁', -2],
      ['hello', -3],
      ['o', -4],
      ['w', -4],
    ],
  },
};

const whole = JSON.stringify(tokenizerJson());

/** A JSON value with something else in one random place. */
const mutated = (root: unknown) =>
  fc
    .tuple(
      fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 5 }),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(
          -1,
          1e300,
          2 ** 31,
          1.5,
          '',
          null,
          [],
          {},
          { type: 'Sequence' },
          { Regex: '(a+)+$' },
          '__proto__',
        ),
      ),
    )
    .map(([path, value]) => JSON.stringify(replaced(root, path, value)));

function replaced(node: unknown, [step, ...rest]: readonly number[], value: unknown): unknown {
  if (step === undefined || typeof node !== 'object' || node === null) return value;
  const keys = Object.keys(node);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const entries = Object.entries(node).map(([k, v]) => [k, k === key ? replaced(v, rest, value) : v] as const);
  return Array.isArray(node) ? entries.map(([, v]) => v) : Object.fromEntries(entries);
}

describe('a hostile tokenizer', () => {
  test('a tokenizer.json cut anywhere is one error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async (length) => {
        expect(await outcome({ 'tokenizer.json': whole.slice(0, length) })).toContain('DIR/tokenizer.json: wanted');
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['WordPiece', tokenizerJson()],
    ['BPE', JSON.parse(fixture.roberta.json)],
    ['Unigram', unigram],
  ])('a tokenizer.json of a %s with anything anywhere is read or one error', async (_, json) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(mutated(json), async (text) => {
        seen.add((await outcome({ 'tokenizer.json': text })) === 'read' ? 'read' : 'refused');
      }),
      { numRuns: 200 },
    );
    expect([...seen].sort()).toEqual(['read', 'refused']);
  });

  test('any bytes as any of the files are read or one error', async () => {
    const name = fc.constantFrom('tokenizer.json', 'vocab.txt', 'tokenizer_config.json');
    await fc.assert(
      fc.asyncProperty(name, fc.uint8Array({ maxLength: 200 }), async (file, bytes) => {
        await outcome({ 'vocab.txt': vocabText, [file]: bytes });
      }),
      { numRuns: 100 },
    );
  });

  test('a tokenizer_config.json with anything anywhere is read or one error', async () => {
    const config = { do_lower_case: true, pad_token: { content: '[PAD]' }, model_max_length: 512, unk_token: '[UNK]' };
    await fc.assert(
      fc.asyncProperty(mutated(config), async (json) => {
        await outcome({ 'vocab.txt': vocabText, 'tokenizer_config.json': json });
      }),
      { numRuns: 100 },
    );
  });

  test('a vocab.txt of odd lines, repeated ones and line ends is read or one error', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '__proto__', '0', '##'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), fc.constantFrom('\n', '\r\n'), async (lines, end) => {
        await outcome({ 'vocab.txt': [...lines, '[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].join(end) });
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['pre_tokenizer', { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false }],
    ['normalizer', { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' }],
  ])("a regular expression of the file's own as %s is refused: it could run for ever", async (key, part) => {
    const json = JSON.stringify({ ...tokenizerJson(), [key]: part });
    expect(await outcome({ 'tokenizer.json': json })).toMatch(`DIR/tokenizer.json: ${key}`);
  });

  test.each(['vocab.txt', 'tokenizer.json', 'tokenizer_config.json'])('a huge %s is refused unread', async (name) => {
    await outcome({ 'vocab.txt': vocabText, [name]: '' });
    truncateSync(join(folder, name), 2 ** 40);
    const before = process.memoryUsage.rss();
    expect(await load()).toMatch(/: wanted at most \d+ bytes, got 1099511627776$/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 2 ** 20);
  });

  test.skipIf(process.platform !== 'linux')('devices and folders are no files', async () => {
    await outcome({});
    symlinkSync('/dev/zero', join(folder, 'vocab.txt'));
    expect(await load()).toBe('DIR/vocab.txt: wanted a regular file, got a device or pipe');
    rmSync(join(folder, 'vocab.txt'));
    mkdirSync(join(folder, 'tokenizer.json'));
    expect(await load()).toBe('DIR/tokenizer.json: wanted a regular file, got a folder');
  });

  test('text that is not UTF-8 is named as that', async () => {
    expect(await outcome({ 'vocab.txt': Buffer.from([0x61, 0xff, 0x0a]) })).toContain(
      'DIR/vocab.txt: wanted text in UTF-8',
    );
  });
});
