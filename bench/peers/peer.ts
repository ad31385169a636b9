/** @file Peers: processes that answer one JSON line for each that they are given, and the modes that PyTorch has. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OptionError } from '../../src/entries/errors.js';

export type Peer = {
  /** What it said of itself when it was ready. */
  readonly greeting: Record<string, unknown>;
  ask(request: object): Promise<Record<string, unknown>>;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
};

/** `RETORT_PYTHON` names the interpreter that has the peers' packages; else `python3`. */
export const PYTHON = process.env.RETORT_PYTHON ?? 'python3';

/** Whether the interpreter has PyTorch; says so once where it has not. */
export function hasPyTorch(): boolean {
  return hasPython('torch', 'PyTorch');
}

/** The same of another package. */
export function hasPython(module: string, title: string): boolean {
  const { status } = spawnSync(PYTHON, ['-c', `import ${module}`], { stdio: 'ignore' });
  if (status !== 0) console.log(`${PYTHON} has no ${title}: no peer (RETORT_PYTHON names an interpreter)`);
  return status === 0;
}

/** Where the script of a peer lies. */
export function peerScript(name: string, extension: 'py' | 'mjs' = 'py'): string {
  return join(process.cwd(), 'bench', 'peers', `${name}.${extension}`);
}

/** What a peer's `--mode` takes, in the order of the columns: `MODES` of modes.py. */
export function pytorchModes(): readonly string[] {
  const { stdout, stderr } = spawnSync(PYTHON, [peerScript('modes')], { encoding: 'utf8' });
  if (!stdout) throw new Error(`${PYTHON} modes.py: ${stderr}`);
  return JSON.parse(stdout) as string[];
}

/**
 * Starts a script, of Python or else of Node, and waits for its first line.
 * @throws Error if it ends before it answers.
 */
export async function startPeer(script: string, args: readonly string[] = []): Promise<Peer> {
  const program = script.endsWith('.py') ? PYTHON : process.execPath;
  const child: ChildProcessWithoutNullStreams = spawn(program, [script, ...args]);
  const ended = once(child, 'exit');
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${script} ended without an answer`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const greeting = await answer();
  return {
    greeting,
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answered = await answer();
      if ('error' in answered) throw new Error(`${script}: ${answered.error}`);
      return answered;
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/**
 * What a Python script answers to one job, in the last line that it prints.
 * @param path of the file that the job is written to
 * @param options.where the job, and `packages` that it needs, for the message
 * @throws OptionError for an interpreter that lacks them
 */
export function peerAnswer<T>(script: string, path: string, job: object, { where, packages, environment }: PeerJob): T {
  writeFileSync(path, JSON.stringify(job));
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [peerScript(script), path], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    throw new OptionError({
      where,
      wanted: `${PYTHON} with ${packages}`,
      got: error?.message ?? `exit code ${status}: ${stderr.trim().split('\n').slice(-3).join(' ')}`,
      fix: 'name an interpreter that has them by RETORT_PYTHON',
    });
  }
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;
}

export type PeerJob = {
  readonly where: string;
  readonly packages: string;
  readonly environment: Readonly<Record<string, string>>;
};
