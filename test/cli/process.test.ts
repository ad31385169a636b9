import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const MAIN = path('../../dist/cli/main.js');
const FAKE = path('./fake-run.mjs');

const node = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, words, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });

type Ended = { readonly code: number | null; readonly signal: string | null; readonly stderr: string };

/** Starts a fake command and calls `act` once its stderr contains `cue`. */
function whileRunning(
  command: string,
  cue: string,
  act: (child: ChildProcess) => void | Promise<void>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [FAKE, command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    let hasActed = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (hasActed || !stderr.includes(cue)) return;
      hasActed = true;
      Promise.resolve(act(child)).catch(reject);
    });
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}

describe('the retort process', () => {
  test('--help loads no native code', () => {
    // The probe is first shown to bite, then turned on the program.
    const probe = `process.on('exit', () => {
      const names = process.report.getReport().sharedObjects.filter((name) => /onnxruntime|\\.node$/.test(name));
      require('node:fs').writeSync(2, JSON.stringify(names));
    });`;
    const withProbe = (script: string) => node(['-e', `${probe}\n${script}`, '--', '--help']);
    const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
    expect(withProbe(`require(${JSON.stringify(runtime)})`).stderr).toContain('onnxruntime');
    const help = withProbe(`import(${JSON.stringify(MAIN)})`);
    expect(help.stdout).toContain('Usage: retort');
    expect(help.stderr).toBe('[]');
  });

  test('a reader that leaves early ends it quietly', () => {
    const { stdout, stderr, status } = spawnSync(
      'bash',
      ['-c', 'set -o pipefail; "$0" "$1" flood | head -2; echo $?', process.execPath, FAKE],
      { encoding: 'utf8' },
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: 'line 0\nline 1\n0\n', stderr: '', status: 0 });
  });

  test('a reader of the progress that leaves early does not end the run', () => {
    const { stdout } = spawnSync(
      'bash',
      ['-c', '{ "$0" "$1" chatter 2>&3 | cat >&4; } 3>&1 4>&2 | head -1', process.execPath, FAKE],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe('note: notice 0\n');
    const both = spawnSync(
      'bash',
      ['-c', 'exec 4>&1; "$0" "$1" chatter 2>&1 >&4 | head -1 >/dev/null', process.execPath, FAKE],
      {
        encoding: 'utf8',
      },
    );
    expect(both.stdout).toBe('finished\n');
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is one message and exit code 1', () => {
    const { stderr, status } = spawnSync('bash', ['-c', '"$0" "$1" --help > /dev/full', process.execPath, MAIN], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^error: stdout: wanted a writable output, got ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  test('where too few files may be open, it says so, whether its own modules or a command’s do not open', () => {
    const limited = (files: number, line: string) =>
      spawnSync('bash', ['-c', `ulimit -n ${files}; "$0" "$1" ${line}`, process.execPath, MAIN], { encoding: 'utf8' });
    expect(limited(1024, '--version').status).toBe(0);
    for (const line of ['--help', 'doctor']) {
      expect(limited(24, line)).toMatchObject({
        status: 2,
        stderr:
          'error: open files: wanted 256 files or more that may be open at once, got fewer (EMFILE); raise the limit: ulimit -n 1024\n',
      });
    }
  });

  test.skipIf(!existsSync('/proc/self/limits'))('doctor names a limit of the address space', () => {
    const line = 'ulimit -v 20000000; "$0" "$1" doctor';
    const { stdout } = spawnSync('bash', ['-c', line, process.execPath, MAIN], { encoding: 'utf8' });
    expect(stdout).toMatch(/^warning {2}only 19\.1 GiB of virtual address space; .*\n +→ ulimit -v unlimited$/m);
  });

  test('Ctrl-C lets the run stop by itself: exit code 130', async () => {
    const ended = await whileRunning('train', 'step 1', (child) => void child.kill('SIGINT'));
    expect(ended).toEqual({
      code: 130,
      signal: null,
      stderr:
        'note: step 1\n\nfinishing what is under way; Ctrl-C again stops at once\n' +
        'error: train: wanted to finish, got Ctrl-C; add --resume\n',
    });
  });

  // It ended with 130, as if somebody at the terminal had stopped it: schedulers that send SIGTERM look for 143.
  test('SIGTERM lets the run stop in the same order: exit code 143', async () => {
    const ended = await whileRunning('train', 'step 1', (child) => void child.kill('SIGTERM'));
    expect(ended).toMatchObject({ code: 143, signal: null });
    expect(ended.stderr).toContain('\nfinishing what is under way; SIGTERM again stops at once\n');
    expect(ended.stderr).toContain('error: train: wanted to finish');
  });

  test('the same Ctrl-C twice within a moment, as npm sends it, counts once', async () => {
    // It sends itself the second, by a clock that stands still where the process does.
    const ended = await whileRunning('npm', 'step 1', (child) => void child.kill('SIGINT'));
    expect(ended.code).toBe(130);
  });

  test('a second Ctrl-C ends a run that does not stop', async () => {
    // As somebody who loses patience: the second that counts is the one that comes a moment after the first was heard.
    const ended = await whileRunning('deaf', 'step 1', (child) => {
      const again = setInterval(() => child.kill('SIGINT'), 100);
      child.on('close', () => clearInterval(again));
    });
    expect(ended).toMatchObject({ code: null, signal: 'SIGINT' });
  });

  test('a command that cannot be resumed ends at the first Ctrl-C', async () => {
    const ended = await whileRunning('wait', 'waiting', (child) => void child.kill('SIGINT'));
    expect(ended).toMatchObject({ code: null, signal: 'SIGINT' });
  });

  test('what is thrown outside a command is one line, without a stack', () => {
    expect(node([FAKE, 'stray'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'error: thrown in a timer (this is a bug in retort; with RETORT_DEBUG=1 the stack is printed, please send it to us)\n',
    });
    expect(node([FAKE, 'stray'], { RETORT_DEBUG: '1' }).stderr).toContain('\n    at ');
  });
});
