/** @file The commands of the tutorials run as they are written. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('every command of docs/tutorials ends well', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/record-tutorials.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(`${status} ${stderr}`).toBe('0 ');
  const pages = readdirSync(`${ROOT}docs/tutorials`).filter((name) => name.endsWith('.md'));
  expect(stdout.match(/: its commands ran$/gm)).toHaveLength(pages.length);
});
