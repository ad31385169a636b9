import { Writable } from 'node:stream';
import type { TextStream } from '../../src/cli/terminal.js';

/** A stream that keeps what is written; with `columns` it says that it is a terminal of that width. */
export function memoryStream(columns?: number): TextStream & { readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  return Object.assign(stream, terminal, { text: () => chunks.join('') });
}
