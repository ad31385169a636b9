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

/** Runs an ES module in a process of its own; `dist/` is importable as `DIST`. Under `shell`, a line for sh before it. */
export function runModule(source: string, args: readonly string[] = [], shell = ''): Child {
  const code = source.replaceAll('DIST', new URL('../../dist', import.meta.url).href);
  const node = ['--input-type=module', '-e', code, '--', ...args];
  const child =
    shell === ''
      ? spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...node], {
          stdio: ['ignore', 'pipe', 'pipe'],
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
 * Source that kills its own process right before the given call (from 0) of those that change the file system. To be
 * put before an `await import(…)` of what is tested; run with 0, 1, 2, … until the process ends by itself.
 */
export function killBefore(call: number): string {
  return `
    import promises from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    let calls = 0;
    for (const name of ['mkdir', 'open', 'rename', 'rm']) {
      const real = promises[name];
      promises[name] = (...args) => {
        if (calls++ === ${call}) process.kill(process.pid, 'SIGKILL');
        return real(...args);
      };
    }
    syncBuiltinESMExports();
  `;
}
