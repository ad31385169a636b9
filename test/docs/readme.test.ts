/** @file README works in a clone, in the tarball and on npm, and has no figure that docs/results.md has not. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const readme = read('README.md');

/** What the tarball would hold. */
function packedFiles(): readonly string[] {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const printed = execFileSync(npm, ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, stdio: 'pipe' });
  const [{ files }] = JSON.parse(String(printed));
  return files.map(({ path }: { path: string }) => path);
}

describe('README.md', () => {
  test('has at most 120 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  test('installs, and asks the package, before line 60', () => {
    const lines = readme.split('\n');
    expect(lines.findIndex((line) => line.includes('npm install retort-ml'))).toBeLessThan(60);
    // As printed, it is found: `retort` alone is in no PATH.
    const shell = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block).join('');
    expect(shell.match(/^retort /gm)).toBeNull();
  });

  test('links to nothing but what the tarball holds, or absolutely', () => {
    const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const relative = links.filter((link) => !/^https:/.test(link)).map((link) => link.replace(/#.*/, ''));
    expect(relative.length).toBeGreaterThan(20);
    const packed = packedFiles();
    expect(relative.filter((link) => !packed.includes(link))).toEqual([]);
  });

  const table = readme.split('| data | student |')[1]?.split('\n\n')[0] ?? '';
  const rows = table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  test.each(rows)(
    '%s, %s: docs/results.md has %s MB, %s µs, %s and %s',
    (_data, _student, megabytes, p50, both, gain) => {
      const results = read('docs/results.md').split('\n');
      const measured = results.filter((line) => line.includes(`${both} /`) && line.includes(`| ${gain} |`));
      expect(measured).toHaveLength(1);
      if (p50 !== '–') expect(measured[0]).toContain(`| ${p50} |`);
      if (megabytes !== '–') expect(results.filter((line) => line.includes(`| ${megabytes} |`))).not.toEqual([]);
    },
  );
});
