/** @file A peer that runs in Python and answers one JSON line for each it is given. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Peer = {
  /** What it said of itself when it was ready. */
  readonly greeting: Record<string, unknown>;
  ask(request: object): Promise<Record<string, unknown>>;
  stop(): void;
};

/** `RETORT_PYTHON` names the interpreter that has PyTorch; else `python3`. */
export const PYTHON = process.env.RETORT_PYTHON ?? 'python3';

/** Whether the interpreter has PyTorch; says so once where it has not. */
export function hasPyTorch(): boolean {
  const { status } = spawnSync(PYTHON, ['-c', 'import torch'], { stdio: 'ignore' });
  if (status !== 0) console.log(`${PYTHON} has no PyTorch: no peer (RETORT_PYTHON names an interpreter)`);
  return status === 0;
}

/**
 * Starts a script and waits for its first line.
 * @throws Error if it ends before it answers.
 */
export async function startPeer(script: string, args: readonly string[] = []): Promise<Peer> {
  const child: ChildProcessWithoutNullStreams = spawn(PYTHON, [script, ...args]);
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
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    stop: () => {
      child.stdin.end();
    },
  };
}
