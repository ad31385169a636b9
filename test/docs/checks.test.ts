import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECKS } from '../../src/training/checks/table.js';

const page = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');

test('the page of the checks has a line for each of them, and for no other', () => {
  const named = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect([...named].sort()).toEqual(Object.keys(CHECKS).sort());
});

/** `| failure | what happens | [file](../test/file): title |` */
const failures = [...page.matchAll(/^\| [^|]+ \| ([^|]+) \| \[[^\]]+\]\((\.\.\/test\/[^)]+)\): ([^|]+) \|$/gm)].map(
  ([, what = '', file = '', title = '']) => ({ what, file, title }),
);

test('every check has a silent failure in the table of the tests', () => {
  const named = failures.flatMap(({ what }) => /^warning `([a-z-]+)`$/.exec(what)?.[1] ?? []);
  expect([...named].sort()).toEqual(Object.keys(CHECKS).sort());
  expect(failures.length).toBeGreaterThan(named.length);
});

test.each(failures)('$file holds: $title', ({ file, title }) => {
  expect(readFileSync(new URL(file, new URL('../../docs/', import.meta.url)), 'utf8')).toContain(title);
});
