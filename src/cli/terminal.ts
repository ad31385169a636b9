import pc from 'picocolors';
import { redacted } from '../errors/secrets.js';

/** Where text goes: a terminal, a pipe, a file, or a test. */
export type TextStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export type Colors = ReturnType<typeof pc.createColors>;

export type Environment = { readonly [name: string]: string | undefined };

/** Columns of help pages and bars where the stream does not say: a pipe or a file. */
export const DEFAULT_COLUMNS = 80;

/** Colours for a stream: on a terminal unless NO_COLOR is set (https://no-color.org) or it is a dumb one. */
export function colorsFor(stream: TextStream, environment: Environment): Colors {
  const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb';
  return pc.createColors(isTerminal && !environment.NO_COLOR);
}

/** What a terminal obeys in place of showing it: control characters, and those that turn the direction of a text. */
const OBEYED = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu;
const BREAKS = /[\t\n]/gu;

/**
 * A text as a terminal may get it, whoever wrote the labels, columns, names and replies in it: what it would obey is
 * escaped as JSON has it, and without keys. Text in JSON stays the same JSON.
 */
export function shownText(text: string): string {
  return redacted(text).replaceAll(OBEYED, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The same for what has to stay on its line, or in its column. */
export function shownLine(text: string): string {
  return shownText(text).replaceAll(BREAKS, (found) => (found === '\n' ? '\\n' : '\\t'));
}
