/** @file A method of several stages, killed again and again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { faultAt, temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const script = fileURLToPath(new URL('phased-process.mjs', import.meta.url));

/** Runs the process in a folder, up to a point if there is one. @returns what it said, or the signal that ended it. */
function run(folder: string, point?: string): string {
  const env = { ...process.env, ...(point !== undefined && faultAt(point)) };
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [script, join(root, folder)], {
    env,
    encoding: 'utf8',
  });
  return signal ?? (status === 0 ? stdout : stderr);
}

test('killed in each of three stages, with a state of that stage, it goes on to the very weights of a run that was left alone', () => {
  const whole = run('whole');
  expect(whole).toMatch(/^[0-9a-f]{64}$/);
  for (const stage of [1, 2, 3]) {
    const state = `phase-${stage}-generation-${stage}/resume`;
    expect(run('killed', `SIGKILL after rename ${state} 3`), `stage ${stage}`).toBe('SIGKILL');
  }
  expect(run('killed')).toBe(whole);
});
