/** @file The parent's side of arms that run in parallel. */
import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ArmError, type MeasuredResult, receivedError } from './arm-run.js';
import type { ArmAnswer, ArmRequest } from './arm-worker.js';

export type Worker = {
  /** One at a time. Rejects if the run fails or the process ends. */
  run(request: ArmRequest, progress: (fraction: number) => void): Promise<MeasuredResult>;
  /** Ends the process: gently if it waits, with SIGTERM if a run is under way. */
  close(): void;
};

/** Starts a process for arms. What it prints goes to this process's stderr: stdout belongs to the outcome. */
export function startWorker(script: URL): Worker {
  const child = fork(fileURLToPath(script), { stdio: ['ignore', 2, 2, 'ipc'], execArgv: ownFlags() });
  let ended: Error | undefined;
  let endRun: ((error: Error) => void) | undefined;
  const end = (error: Error) => {
    ended ??= error;
    endRun?.(error);
  };
  child.on('error', (error) => end(error));
  child.on('exit', (code, signal) => end(endedEarly(code, signal)));

  return {
    run: (request, progress) =>
      new Promise<MeasuredResult>((done, fail) => {
        if (ended !== undefined) return fail(ended);
        const settle = (act: () => void) => {
          child.off('message', onMessage);
          endRun = undefined;
          act();
        };
        const onMessage = (message: unknown) => {
          // The other end is `serveArms`.
          const answer = message as ArmAnswer;
          if (answer.type === 'progress') progress(answer.fraction);
          else if (answer.type === 'failure') settle(() => fail(receivedError(answer.error)));
          else settle(() => done(answer));
        };
        endRun = (error) => settle(() => fail(error));
        child.on('message', onMessage);
        child.send(request, (error) => error && end(error));
      }),
    close: () => closeChild(child, endRun !== undefined),
  };
}

/** What this process was started with (loaders, limits), without a program given as text: the child has the script. */
function ownFlags(): string[] {
  const flags = process.execArgv.filter((flag) => !/^--(input-type|eval|print)=/.test(flag));
  const program = flags.findIndex((flag) => /^(-e|-p|-pe|--eval|--print)$/.test(flag));
  return program < 0 ? flags : flags.toSpliced(program, 2);
}

function closeChild(child: ChildProcess, isRunning: boolean): void {
  if (isRunning) child.kill('SIGTERM');
  else if (child.connected) child.disconnect();
}

function endedEarly(code: number | null, signal: NodeJS.Signals | null): ArmError {
  return new ArmError({
    where: 'worker process',
    wanted: 'a result',
    got: signal === null ? `exit code ${code}` : `the signal ${signal}`,
    fix: signal === 'SIGKILL' ? 'the system may have run out of memory: use fewer workers' : 'see its output on stderr',
  });
}
