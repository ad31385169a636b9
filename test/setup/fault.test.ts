import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runModule, temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const SOURCE = `
  const { writeFileSync, renameSync } = await import('node:fs');
  const [path] = process.argv.slice(1);
  writeFileSync(path + '.new', 'whole');
  renameSync(path + '.new', path);
`;

/** @returns the exit code, and what is there afterwards */
async function met(fault: string, name: string): Promise<readonly [code: number | null, left: string, said: string]> {
  const path = join(root, name);
  const { code, stderr } = await runModule(SOURCE, [path], { fault }).ended;
  const there = [path, `${path}.new`].find((each) => existsSync(each));
  return [code, there === undefined ? '' : `${there.slice(path.length)} ${readFileSync(there, 'utf8')}`, stderr];
}

describe('a fault at a named point', () => {
  test.each([
    ['SIGKILL before write a.new 1', null, ''],
    ['SIGKILL during write b.new 1', null, '.new wh'],
    ['SIGKILL after write c.new 1', null, '.new whole'],
    ['SIGKILL before rename d 1', null, '.new whole'],
    ['SIGKILL after change * 2', null, ' whole'],
    ['ENOSPC before rename f 1', 1, '.new whole'],
    ['SIGKILL before rename nothing 1', 0, ' whole'],
    ['SIGKILL before rename h 2', 0, ' whole'],
  ])('%s', async (fault, code, left) => {
    expect((await met(fault, /write (\w)|rename (\w) /.exec(fault)?.slice(1).join('') ?? 'e')).slice(0, 2)).toEqual([
      code,
      left,
    ]);
  });

  test.each([
    'SIGTERM before write * 1',
    'SIGKILL while write * 1',
    'SIGKILL before rain * 1',
    'SIGKILL before write * 0',
  ])('%s is no point', async (fault) => {
    const [code, left, said] = await met(fault, 'none');
    expect([code, left]).toEqual([1, '']);
    expect(said).toContain(`RETORT_TEST_FAULT: no such point: ${fault}`);
  });
});
