/** @file A method of several stages, killed again and again. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const scratch = mkdtempSync(join(tmpdir(), 'retort-phased-kill-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const script = fileURLToPath(new URL('phased-process.mjs', import.meta.url));

/** Runs the process in a folder; `until` says when it is killed. @returns what it said, undefined if it was killed. */
async function run(folder: string, until?: () => boolean): Promise<string | undefined> {
  const child = spawn(process.execPath, [script, join(scratch, folder)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += String(text);
  });
  let isOver = false;
  const over = new Promise<string | undefined>((done) => {
    child.on('close', (code, signal) => {
      isOver = true;
      if (code !== 0 && signal !== 'SIGKILL') said = `ended with ${code}`;
      done(signal === 'SIGKILL' ? undefined : said);
    });
  });
  while (until !== undefined && !isOver) {
    if (until()) child.kill('SIGKILL');
    await pause(5);
  }
  return over;
}

describe('runPhases, killed', () => {
  test('in each of three stages goes on to the very weights of a run that was left alone', async () => {
    const whole = await run('whole');
    expect(whole).toMatch(/^[0-9a-f]{64}$/);
    let killed = 0;
    for (const stage of [1, 2, 3]) {
      const state = join(scratch, 'killed', `phase-${stage}-generation-${stage}`, 'resume', 'trainer.json');
      // With a state of that stage on the disk, so that it goes on in the middle of it.
      const ended = await run('killed', () => existsSync(state));
      if (ended === undefined) killed += 1;
      expect(ended === undefined || ended === whole, `killed in stage ${stage}: ${ended}`).toBe(true);
    }
    expect(killed).toBeGreaterThan(0);
    expect(await run('killed')).toBe(whole);
  }, 120_000);
});
