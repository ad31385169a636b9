import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { physicalCores, threadsAllowed, usualThreads } from '../../src/runtime/threads.js';

const THREADS = new URL('../../dist/runtime/threads.js', import.meta.url).href;

const root = mkdtempSync(join(tmpdir(), 'retort-threads-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder as Linux has it; a processor without siblings is switched off. */
function processors(name: string, siblings: readonly (string | undefined)[]): string {
  for (const [i, list] of siblings.entries()) {
    const topology = join(root, name, `cpu${i}`, 'topology');
    mkdirSync(list === undefined ? join(root, name, `cpu${i}`) : topology, { recursive: true });
    if (list !== undefined) writeFileSync(join(topology, 'thread_siblings_list'), `${list}\n`);
  }
  mkdirSync(join(root, name, 'cpufreq'), { recursive: true });
  return join(root, name);
}

describe('physical cores', () => {
  test('are sets of processors that share one', () => {
    expect(physicalCores(processors('pairs', ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7']))).toBe(4);
    expect(physicalCores(processors('single', ['0', '1', '2']))).toBe(3);
    expect(physicalCores(processors('half off', ['0', undefined, '2', undefined]))).toBe(2);
  });

  test('are not known where the system does not tell', () => {
    expect(physicalCores(join(root, 'nowhere'))).toBeUndefined();
    expect(physicalCores(processors('all off', [undefined]))).toBeUndefined();
  });
});

test.each([
  ['1', 1],
  [' 8 ', 8],
  // OpenMP 5.2, section 21.2.4: a list is of the levels of nesting, from the outermost.
  ['4,2', 4],
  ['0', undefined],
  ['-1', undefined],
  ['four', undefined],
  ['2x', undefined],
  ['', undefined],
])('OMP_NUM_THREADS=%s allows %s', (said, threads) => {
  expect(threadsAllowed(said)).toBe(threads);
});

test('OMP_NUM_THREADS holds for a process that is told nothing else', () => {
  const script = `process.stdout.write(String((await import(${JSON.stringify(THREADS)})).usualThreads()))`;
  const env = { ...process.env, OMP_NUM_THREADS: '1' };
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
  expect(stdout).toBe('1');
});

test('a session has no more threads than the process may use', () => {
  expect(usualThreads()).toBeGreaterThanOrEqual(1);
  expect(usualThreads()).toBeLessThanOrEqual(availableParallelism());
});
