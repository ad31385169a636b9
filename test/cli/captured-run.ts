import { PassThrough } from 'node:stream';
import { type Command, type CommandIo, type CommandOutput, type CommandUsage, command } from '../../src/cli/command.js';
import { mnistUsage, mnistWithKdUsage, primerUsage } from '../../src/cli/commands/digits/usage.js';
import { trainUsage } from '../../src/cli/commands/train/usage.js';
import { evaluateUsage, predictUsage } from '../../src/cli/commands/use/usage.js';
import { runCommandLine } from '../../src/cli/frame.js';
import type { OptionTable } from '../../src/cli/options.js';
import type { Environment } from '../../src/cli/terminal.js';
import { memoryStream } from './memory-stream.js';

export const USAGES = [mnistUsage, mnistWithKdUsage, evaluateUsage, predictUsage, primerUsage, trainUsage] as const;

export type CapturedRun = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The command that ran and what it was given; undefined if none did. */
  readonly call: { readonly name: string; readonly options: Readonly<Record<string, unknown>> } | undefined;
};

/** Runs a command line of the real usages with a body of the test's own in place of the trainer's. */
export async function capturedRun(
  words: readonly string[],
  settings: {
    readonly body?: (io: CommandIo) => Promise<CommandOutput | undefined>;
    readonly environment?: Environment;
    readonly stdoutColumns?: number;
    readonly stderrColumns?: number;
  } = {},
): Promise<CapturedRun> {
  const stdout = memoryStream(settings.stdoutColumns);
  const stderr = memoryStream(settings.stderrColumns);
  let call: CapturedRun['call'];
  const captured = <T extends OptionTable>(usage: CommandUsage<T>): Command =>
    command<T>(usage, async () => (options, io) => {
      call = { name: usage.name, options: { ...options } };
      return settings.body?.(io) ?? Promise.resolve({ json: { ran: usage.name }, text: `ran ${usage.name}` });
    });
  const commands = [
    captured(mnistUsage),
    captured(mnistWithKdUsage),
    captured(evaluateUsage),
    captured(predictUsage),
    captured(primerUsage),
    captured(trainUsage),
  ];
  const exitCode = await runCommandLine(words, commands, {
    stdin: new PassThrough(),
    stdout,
    stderr,
    environment: settings.environment ?? {},
    interruption: () => new AbortController().signal,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), call };
}
