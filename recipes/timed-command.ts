/** @file A command of the built package from the start of its process to its end, and how busy the machine was. On Linux: by `/proc`. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const MAIN = join('dist', 'cli', 'main.js');

export type Timed = {
  readonly seconds: number;
  readonly stdout: string;
  /** The share of the machine's time that other processes had. */
  readonly others: number;
};

/** @throws Error for a command that fails. */
export function timed(words: readonly string[]): Timed {
  const begun = performance.now();
  const [all, own] = [machineSeconds(), childrenSeconds()];
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${words.join(' ')}: exit code ${status}`);
  const seconds = (performance.now() - begun) / 1000;
  const byOthers = machineSeconds() - all - (childrenSeconds() - own);
  return { seconds, stdout, others: Math.max(0, byOthers) / (seconds * availableParallelism()) };
}

/** In which `/proc` counts. */
const TICKS_PER_SECOND = 100;

/** That all processes have had of all cores, those of other machines on the same hardware included. */
function machineSeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0, stolen = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/ +/)
    .map(Number);
  return (user + nice + system + interrupts + soft + stolen) / TICKS_PER_SECOND;
}

/** That processes which this one has started, and which have ended, had. */
function childrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  // Fields 16 and 17 of proc(5); the first two are gone.
  const [user = 0, system = 0] = fields.slice(13, 15);
  return (user + system) / TICKS_PER_SECOND;
}
