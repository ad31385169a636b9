import process from 'node:process';
import { OutputError } from '../errors/failures.js';
import type { Command } from './command.js';
import { reportFailure, runCommandLine, type Surroundings } from './frame.js';

/** npm passes a terminal's Ctrl-C on, so one key press may arrive twice; what comes this soon is the same press. */
const SAME_PRESS_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs the process's own command line and sets its exit code. */
export async function runProcess(commands: readonly Command[]): Promise<void> {
  const words = process.argv.slice(2);
  const around: Surroundings = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    interruption: once(signalOfInterruption),
  };
  const fail = (error: unknown) => process.exit(reportFailure(error, words, around));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.stdout.on('error', (error) => {
    // The reader of a pipe may leave early (`retort … | head`): not an error, and there is nobody to tell.
    if (isBrokenPipe(error)) process.exit();
    const got = error.message;
    fail(new OutputError({ where: 'stdout', wanted: 'a writable output', got, cause: error }));
  });
  // Losing whoever watches the progress is no reason to lose the run.
  process.stderr.on('error', () => {});
  process.exitCode = await runCommandLine(words, commands, around);
}

/** Aborted by the first signal. The next ends the process by the system's own means, which need no event loop. */
function signalOfInterruption(): AbortSignal {
  const interruption = new AbortController();
  const onSignal = () => {
    if (interruption.signal.aborted) return;
    interruption.abort();
    process.stderr.write('\nstopping after this step; Ctrl-C again stops at once\n');
    const release = () => {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
    };
    setTimeout(release, SAME_PRESS_MS).unref();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return interruption.signal;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function isBrokenPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}
