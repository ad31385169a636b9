import { PassThrough } from 'node:stream';
import { COMMANDS } from '../../src/cli/commands/table.js';
import { runCommandLine } from '../../src/cli/frame.js';
import { memoryStream } from './memory-stream.js';

/** What a command line that asks for help prints, without colours. */
export async function helpPage(words: readonly string[], columns = 80): Promise<string> {
  const stdout = memoryStream(columns);
  const code = await runCommandLine(words, COMMANDS, {
    stdin: new PassThrough(),
    stdout,
    stderr: memoryStream(),
    environment: { NO_COLOR: '1' },
    interruption: () => new AbortController().signal,
  });
  if (code !== 0) throw new Error(`retort ${words.join(' ')} ended with ${code}`);
  return stdout.text();
}
