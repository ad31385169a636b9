import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readYaml, type YamlTree } from '../../../src/cli/config/yaml-tree.js';
import { configFile } from './config-file.js';

/** The value alone, as JSON has it. */
function plain(tree: YamlTree | undefined): unknown {
  if (tree === undefined) return undefined;
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([name, { value }]) => [name, plain(value)]));
}
const read = async (content: string | Uint8Array) => (await readYaml(configFile(content))).tree;

describe('readYaml', () => {
  test('every value knows its line', async () => {
    const tree = await read('# head\na: 1\n\nb:\n  c: x # why\n  d:\n    - 2\n    - three\n');
    if (tree?.kind !== 'map') throw new Error('no map');
    const b = tree.entries.get('b')?.value;
    if (b?.kind !== 'map') throw new Error('no map');
    const d = b.entries.get('d');
    if (d?.value.kind !== 'list') throw new Error('no list');
    // By hand, from the text above.
    expect([tree.entries.get('a')?.line, b.entries.get('c')?.line, d.line]).toEqual([2, 5, 6]);
    expect(d.value.items.map(({ line }) => line)).toEqual([7, 8]);
  });

  // Witness: YAML 1.2.2, section 10.3.2 (core schema): yes and no are words there, 0o14 is 12, 1:4 no number.
  test.each([
    ['a: 3e-5', { a: 3e-5 }],
    ['a: "3"', { a: '3' }],
    ['a: yes', { a: 'yes' }],
    ['a: True', { a: true }],
    ['a: 0o14', { a: 12 }],
    ['a: 1:4,2:8', { a: '1:4,2:8' }],
    ['a:', { a: null }],
    ['a: ~', { a: null }],
    ['"a b": [x, [1]]', { 'a b': ['x', [1]] }],
    ['a: >-\n  two\n  lines', { a: 'two lines' }],
    ['{"a": {"b": [1, 2.5, null, false]}}', { a: { b: [1, 2.5, null, false] } }],
    ['\uFEFFa: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['__proto__: 1', Object.fromEntries([['__proto__', 1]])],
    ['a: &x [1, 2]\nb: *x', { a: [1, 2], b: [1, 2] }],
  ])('%j is read as YAML 1.2', async (text, value) => {
    expect(plain(await read(text))).toEqual(value);
  });

  test.each(['', '\n\n', '# a comment alone\n', '---\n'])('%j holds nothing', async (text) => {
    expect(plain(await read(text)) ?? undefined).toBeUndefined();
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['a key twice', 'a: 1\nb: 2\na: 3\n', /yaml:3: wanted one 'a', got a duplicate of line 1/],
    ['a tab', 'a:\n\tb: 1\n', /yaml:2: wanted YAML, .*[Tt]abs.*; indent with spaces/],
    ['a bracket left open', 'a: 1\nb: [1, 2\n', /yaml:3: wanted YAML, .*end with a \]/],
    ['two documents', 'a: 1\n---\nb: 2\n', /yaml:2: wanted YAML, .*keep one document/],
    ['a colon in a plain value', 'a: b: c\n', /yaml:1: wanted YAML, .*put a value with a colon in quotes/],
    ['a tag', 'a: !!js/function "x"\n', /yaml:1: wanted YAML, .*tag/],
    ['an alias without its anchor', 'b: *a\n', /yaml:1: wanted an anchor &a before the alias, got only \*a/],
    [
      'an alias to what it is in',
      'a: &a [1, *a]\n',
      /wanted at most 10000 values, aliases expanded, got an alias to itself/,
    ],
    ['a list as key', '? [a]\n: 1\n', /yaml:1: wanted a name before :, got none/],
    ['bytes that are no UTF-8', Buffer.from('a: 1\nb: caf\xe9\n', 'latin1'), /yaml:2: wanted text in UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFa: 1\n', 'utf16le'), /wanted text in UTF-8, got text in UTF-16/],
    ['a NUL', 'a: 1\nb: \0\n', /yaml:2: wanted text, got a NUL byte/],
    ['more than 1 MB', `a: ${'x'.repeat(1_100_000)}\n`, /wanted a config of at most 1 MB, got 1\.1 MB/],
  ])('%s: refused, with its line', async (_what, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('a missing file and a folder are named', async () => {
    const path = configFile('a: 1');
    await expect(readYaml(`${path}.missing`)).rejects.toThrow(/missing: wanted an existing file/);
    const folder = join(dirname(path), 'folder.yaml');
    mkdirSync(folder);
    await expect(readYaml(folder)).rejects.toThrow(/folder\.yaml: wanted a regular file, got a folder/);
  });

  // A thousand laughs: ten levels of ten aliases each would be 10^10 values.
  const laughs = Array.from({ length: 10 }, (_, i) =>
    i === 0
      ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
      : `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
  ).join('\n');
  // Each of these ended the process, or took many seconds, when it reached the parser's recursion or its search for keys.
  test.each([
    ['aliases that unfold without end', laughs, /wanted at most 10000 values, aliases expanded, got more/],
    ['brackets', '['.repeat(400_000), /wanted at most 50 levels of nesting, got more than 50/],
    ['braces', 'a: '.concat('{a: '.repeat(50_000)), /wanted at most 50 levels of nesting, got more than 50/],
    ['dashes', `a:\n  ${'- '.repeat(300_000)}`, /wanted at most 50 levels of nesting, got more than 50/],
    ['question marks', '? '.repeat(200_000), /wanted at most 50 levels of nesting, got more than 50/],
    [
      'indentation',
      Array.from({ length: 1200 }, (_, i) => `${' '.repeat(i)}k:`).join('\n'),
      /wanted at most 50 levels of nesting, got 201 spaces/,
    ],
    [
      '50,000 keys',
      Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n'),
      /wanted at most 10000 values, .*got more/,
    ],
  ])('%s: refused at once', async (_what, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
