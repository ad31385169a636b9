import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new folder for one test file, removed when its tests have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Child = {
  readonly pid: number;
  kill(): void;
  saying(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
};

/**
 * Runs an ES module in a process of its own; `dist/` is importable as `DIST`.
 * @param settings shell: a line for sh before it; fault: a point for `faultAt`
 */
export function runModule(
  source: string,
  args: readonly string[] = [],
  { shell, fault }: { readonly shell?: string; readonly fault?: string } = {},
): Child {
  const code = source.replaceAll('DIST', new URL('../../dist', import.meta.url).href);
  const node = ['--input-type=module', '-e', code, '--', ...args];
  const child = spawn('sh', ['-c', `${shell ?? ':'}; exec "$0" "$@"`, process.execPath, ...node], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(fault !== undefined && faultAt(fault)) },
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((done) => child.on('close', (status) => done({ code: status, stdout, stderr })));
  return {
    pid: child.pid ?? -1,
    kill: () => child.kill('SIGKILL'),
    saying: (text) =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (!stdout.includes(text)) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        void ended.then(() => fail(new Error(`ended without saying ${text}: ${stderr}`)));
        look();
      }),
    ended,
  };
}

/**
 * The environment of a process that meets a fault at a point named as `test/setup/fault.mjs` says, such as
 * `SIGKILL before rename last.ckpt 1`.
 */
export function faultAt(point: string): { readonly NODE_OPTIONS: string; readonly RETORT_TEST_FAULT: string } {
  const preloaded = new URL('../setup/fault.mjs', import.meta.url).href;
  return { NODE_OPTIONS: `--import ${preloaded}`, RETORT_TEST_FAULT: point };
}
