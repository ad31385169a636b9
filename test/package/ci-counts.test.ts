import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../.ci/count-tests.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'retort-counts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The last line for a report in Vitest's (Jest's) JSON format with these tests. */
function count(tests: readonly (readonly [status: string, name: string])[], exitCode: number, data?: string): string {
  const report = join(folder, 'report.json');
  const assertionResults = tests.map(([status, fullName]) => ({ status, fullName }));
  writeFileSync(report, JSON.stringify({ testResults: [{ assertionResults }] }));
  return lastLine(report, exitCode, data);
}

function lastLine(report: string, exitCode: number, data = ''): string {
  const env = { ...process.env, RETORT_DATA: data };
  const { stdout } = spawnSync(process.execPath, [script, report, String(exitCode)], { encoding: 'utf8', env });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

describe('.ci/count-tests.mjs', () => {
  const some = [
    ['passed', 'a'],
    ['passed', 'b'],
    ['failed', 'c'],
    ['skipped', 'd'],
    ['pending', '[data] e'],
  ] as const;

  test('counts tests by what became of them', () => {
    expect(count(some, 1)).toBe('2 1 2');
  });

  test('a data test that is skipped although there is data has failed', () => {
    expect(count(some, 1, '/data')).toBe('2 2 1');
  });

  test('a run that ends badly without a failed test has one failure', () => {
    expect(count([['passed', 'a']], 1)).toBe('1 1 0');
    expect(count([['passed', 'a']], 0)).toBe('1 0 0');
  });

  test('a run in which nothing passed, or that left no report, has a failure', () => {
    expect(count([], 0)).toBe('0 1 0');
    expect(lastLine(join(folder, 'missing.json'), 0)).toBe('0 1 0');
  });
});
