import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GRAB_BAGS } from './ranks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that .gitignore keeps out. */
const IGNORED = /^(node_modules|dist|\..*-old|\.dist-.*|\.bench|\.git|\.pages|\.venv|coverage|outputs|__pycache__)$/;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

const files = filesUnder(root).map((path) => relative(root, path).split(sep).join('/'));
const TEXT = /(\.(ts|mjs|js|json|md|py|sh|ya?ml|txt|html|css|jsonl|csv)|\/run|LICENSE|\.npmrc|\.gitignore)$/;

/** Paths that exist on one machine only. `.ci/run` may say where the data sets lie. */
const LOCAL_PATHS: readonly { readonly what: string; readonly pattern: RegExp; readonly except?: string }[] = [
  { what: 'an absolute path of one machine', pattern: /(?<![\w.)])\/(work|root|home\/\w+)\// },
  { what: 'a folder beside the checkout', pattern: /\bshared\/(data|golden|hooks|[\w-]+\.md)\b/, except: '.ci/run' },
];

function localPathsIn(path: string, text: string): string[] {
  return LOCAL_PATHS.filter(({ pattern, except }) => path !== except && pattern.test(text)).map(
    ({ what, pattern }) => `${path}: ${what}: ${pattern.exec(text)?.[0]}`,
  );
}

describe('the repository', () => {
  test('no file names a path of one machine', () => {
    expect(files.length).toBeGreaterThan(20);
    const found = files.filter((path) => TEXT.test(path)).flatMap((path) => localPathsIn(path, read(path)));
    expect(found).toEqual([]);
  });

  test.each([
    ['docs/planted.md', `see ${['', 'work', 'main'].join('/')}`, 1],
    ['docs/planted.md', `see ../${['shared', 'data'].join('/')}`, 1],
    ['.ci/run', `data=../${['shared', 'data'].join('/')}`, 0],
    ['docs/planted.md', 'https://example.org/work/1 and homework/ and network/2', 0],
  ])('%s with "%s" has %i such paths', (path, text, count) => {
    expect(localPathsIn(path, text)).toHaveLength(count);
  });

  test('no source file, test or bench is named as a grab-bag', () => {
    const code = files.filter((path) => /\.(ts|mjs|py)$/.test(path));
    const named = code.filter((path) => path.split('/').some((part) => GRAB_BAGS.has(part.replace(/\..*$/, ''))));
    expect(named).toEqual([]);
  });

  test('package-lock.json names no download address but the public registry', () => {
    const addresses = read('package-lock.json').matchAll(/"resolved": "([^"]*)"/g);
    const unusual = [...addresses]
      .map(([, url]) => url)
      .filter((url) => !url?.startsWith('https://registry.npmjs.org/'));
    expect(unusual).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
