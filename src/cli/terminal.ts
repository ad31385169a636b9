import pc from 'picocolors';

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
