/** @file A question to whoever sits at the terminal. */
import { InterruptedError } from '../errors/failures.js';
import { shownLine, type TextStream } from './terminal.js';

type Sides = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: TextStream;
  readonly interruption: () => AbortSignal;
};

/** Whether there is somebody. */
export function canAsk({ stdin, stderr }: Sides): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * A yes in so many words; all else is a no, the end of the input too.
 * @param close takes a bar off the terminal.
 * @throws InterruptedError for Ctrl-C.
 */
export async function isConfirmed(question: string, sides: Sides, close: () => void): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  close();
  const signal = sides.interruption();
  const asking = createInterface({ input: sides.stdin, output: sides.stderr, terminal: false });
  const ended = new Promise<string>((end) => asking.once('close', () => end('')));
  try {
    const answer = await Promise.race([asking.question(`${shownLine(question)} [y/N] `, { signal }), ended]);
    return /^\s*y(?:es)?\s*$/i.test(answer);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptedError({ where: 'retort', wanted: 'yes or no', got: 'an interruption' });
  } finally {
    asking.close();
  }
}
