/** @file scripts/check-release.mjs refuses placeholders, and papers that do not agree. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-release.mjs', import.meta.url));
const PAPERS: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    version: '1.2.3',
    license: 'Apache-2.0',
    author: 'Ada <ada@example.org>',
    homepage: 'https://example.org/',
    repository: { type: 'git', url: 'git+https://example.org/ada/retort.git' },
    bugs: 'https://example.org/ada/retort/issues',
  }),
  'CITATION.cff': 'authors:\n  - name: Ada\nversion: 1.2.3\ndate-released: 2026-12-01\n',
  'SECURITY.md': 'Write to ada@example.org.\n',
  'README.md': '# retort\n',
  LICENSE: 'Apache\n',
  'CHANGELOG.md': '# Changelog\n\n## [Unreleased]\n\n## [1.2.3]\n\n- Something.\n',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  for (const [name, text] of Object.entries(PAPERS)) writeFileSync(join(folder, name), text);
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(at: string): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, at], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('scripts/check-release.mjs', () => {
  test('passes papers that are filled in and agree', () => {
    expect(check(folder)).toEqual({ code: 0, said: 'ready to release 1.2.3\n' });
  });

  test.each([
    ['package.json', 'example.org/ada', 'github.com/OWNER', 'package.json:1: the placeholder OWNER'],
    ['package.json', '"license":"Apache-2.0",', '', 'package.json: no license'],
    ['CITATION.cff', 'Ada', 'AUTHOR', 'CITATION.cff:2: the placeholder AUTHOR: - name: AUTHOR'],
    ['CITATION.cff', 'version: 1.2.3', 'version: 1.2.2', 'CITATION.cff: version 1.2.2, package.json has 1.2.3'],
    ['CITATION.cff', 'date-released: 2026-12-01\n', '', 'CITATION.cff: no date-released: YYYY-MM-DD'],
    ['SECURITY.md', 'ada@', 'CONTACT@', 'SECURITY.md:1: the placeholder CONTACT'],
    ['CHANGELOG.md', '[Unreleased]\n', '[Unreleased]\n\n- More.\n', 'CHANGELOG.md: changes under Unreleased'],
    ['CHANGELOG.md', '[1.2.3]', '[1.2.2]', 'CHANGELOG.md: no heading ## [1.2.3]'],
  ])('%s with "%s" as "%s" is refused', (name, from, to, says) => {
    writeFileSync(join(folder, name), (PAPERS[name] ?? '').replaceAll(from, to));
    const { code, said } = check(folder);
    expect(code).toBe(1);
    expect(said).toContain(says);
  });

  test('a missing paper is named', () => {
    rmSync(join(folder, 'SECURITY.md'));
    expect(check(folder).said).toContain('SECURITY.md: missing');
  });

  test('this repository lacks nothing but who, where, whom to write to, and a date', () => {
    const { said } = check(fileURLToPath(new URL('../..', import.meta.url)));
    for (const line of said.trim().split('\n')) {
      expect(line).toMatch(/the placeholder (OWNER|AUTHOR|CONTACT)|date-released|under Unreleased|^ready to release/);
    }
  });
});
