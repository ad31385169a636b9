import process from 'node:process';
import { OutputError } from '../errors/failures.js';
import type { Command } from './command.js';
import { reportFailure, runCommandLine, type Surroundings } from './frame.js';

/** npm passes a terminal's Ctrl-C on, so one key press may arrive twice; what comes this soon is the same press. */
const SAME_PRESS_MS = 300;
/** By signal the exit code of a run that stopped for it: 128 and the signal's number, so that a scheduler knows its own stop. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type SignalName = keyof typeof SIGNALS;
const SIGNAL_NAMES = ['SIGINT', 'SIGTERM'] as const satisfies readonly SignalName[];

/** Runs the process's own command line and sets its exit code. */
export async function runProcess(commands: readonly Command[]): Promise<void> {
  const words = process.argv.slice(2);
  let interruptedCode: number = SIGNALS.SIGINT;
  const around: Surroundings = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    interruption: once(() =>
      signalOfInterruption((name) => {
        interruptedCode = SIGNALS[name];
      }),
    ),
    interruptedCode: () => interruptedCode,
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
function signalOfInterruption(onFirst: (name: SignalName) => void): AbortSignal {
  const interruption = new AbortController();
  const onSignal = (name: SignalName) => {
    if (interruption.signal.aborted) return;
    onFirst(name);
    interruption.abort();
    process.stderr.write(`\nfinishing what is under way; ${name === 'SIGINT' ? 'Ctrl-C' : name} again stops at once\n`);
    const release = () => {
      for (const each of SIGNAL_NAMES) process.removeListener(each, onSignal);
    };
    setTimeout(release, SAME_PRESS_MS).unref();
  };
  for (const name of SIGNAL_NAMES) process.on(name, onSignal);
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
