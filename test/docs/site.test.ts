/** @file The site has every page of docs/, and troubleshooting explains messages that retort has. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

test('site/navigation.mjs names every page of docs/, once, and no other: a new page is one line there', async () => {
  const { docsPages } = await import(new URL('site/navigation.mjs', ROOT).href);
  const there = readdirSync(new URL('docs', ROOT), { recursive: true, encoding: 'utf8' });
  const pages = there.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.md'));
  expect([...docsPages()].sort()).toEqual(pages.sort());
});

test('the site brings its packages itself: the root knows none of them', () => {
  const { devDependencies } = JSON.parse(read('site/package.json'));
  const lock = read('package-lock.json');
  for (const name of Object.keys(devDependencies).filter((one) => one !== 'typescript'))
    expect(lock).not.toContain(`"node_modules/${name}"`);
});

test('a built page with a dead link, a link to no heading or a file of another host is refused', async () => {
  const { faultsOf } = await import(new URL('site/links.mjs', ROOT).href);
  const dist = mkdtempSync(join(tmpdir(), 'site-'));
  writeFileSync(join(dist, 'index.html'), '<h2 id="there">x</h2><a href="/b/a#here">x</a><a href="/b/#there">x</a>');
  writeFileSync(join(dist, 'a.html'), '<h2 id="here">x</h2><a href="/b/">x</a><a href="https://example.org">x</a>');
  expect(faultsOf(dist, '/b/')).toEqual([]);
  writeFileSync(
    join(dist, 'a.html'),
    '<a href="/b/none">x</a><a href="/b/#gone">x</a><script src="https://cdn.example.org/x.js"></script>',
  );
  expect(faultsOf(dist, '/b/')).toEqual([
    'a.html: loads from another host: <script src="https://cdn.example.org/x.js">',
    'a.html: dead link /b/none',
    'a.html: no heading for /b/#gone',
    'index.html: no heading for /b/a#here',
  ]);
  rmSync(dist, { recursive: true });
});

describe('docs/troubleshooting.md', () => {
  const page = read('docs/troubleshooting.md');
  const said = new Set(read('test/architecture/messages.snapshot.md').split('\n'));
  const messages = [...page.matchAll(/^```text\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));

  test('quotes dozens of messages', () => expect(messages.length).toBeGreaterThan(40));

  test.each(messages)('%s', (message) => expect(said).toContain(`- ${message}`));
});
