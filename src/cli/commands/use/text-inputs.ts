/** @file The texts that a command was given: as words, in files, on standard input; one after the other. */
import { isUtf8 } from 'node:buffer';
import { stat } from 'node:fs/promises';
import { type TextReading, textsOfFile } from '../../../data/file-texts.js';
import { EXTENSIONS, extensionOf, hasColumns, TABLE_FILES } from '../../../data/formats/table.js';
import { MAX_LINE_BYTES } from '../../../data/formats/text-blocks.js';
import { UNLABELLED_COLUMNS, type UnlabelledColumns } from '../../../data/task-settings.js';
import { FileError, OptionError } from '../../../errors/failures.js';
import { errorCode, inputFailure } from '../../../files/file-failure.js';
import type { TextInput } from '../../../inference/answer.js';
import type { Given } from '../../../options/given.js';

export type TextSourceOptions = {
  /** Words of the command line: texts, paths, or - */
  readonly words: readonly string[];
  /** A file, whatever its name. */
  readonly file: string | undefined;
  /** The second text of the one that is given. */
  readonly pair: string | undefined;
} & Given<UnlabelledColumns>;

export type TextSource = {
  /** @param reader The model, whose training file says how a file is read where nobody else does. */
  texts(reader: TextReading): AsyncIterable<TextInput>;
  /** One text, and not a file of them. */
  readonly isSingle: boolean;
};

/**
 * Finds out what the words are. A word is a file if one of that name is there, or if it looks like the name of one that
 * can be read here.
 * @throws OptionError for options that contradict each other; what is wrong with a file comes when it is read.
 */
export async function textSource(options: TextSourceOptions, stdin: NodeJS.ReadableStream): Promise<TextSource> {
  const { words, file, pair } = options;
  const kinds = await Promise.all(words.map(kindOf));
  const files = [...words.filter((_, i) => kinds[i] === 'file'), ...(file === undefined ? [] : [file])];
  const hasStdin = kinds.includes('stdin') || file === '-';
  if (words.length === 0 && file === undefined) {
    throw new OptionError({
      where: 'retort predict',
      wanted: 'a text, a file of texts, or - for standard input',
      got: 'none',
      fix: 'see retort predict --help',
    });
  }
  if (pair !== undefined && (words.length !== 1 || files.length > 0 || hasStdin)) {
    throw new OptionError({
      where: '--pair',
      wanted: 'exactly one text beside it',
      got: files.length > 0 || hasStdin ? 'a file or standard input' : `${words.length} texts`,
      fix: 'for files use --pair_column',
    });
  }
  const given: Readonly<Record<string, unknown>> = options;
  const idle = Object.keys(UNLABELLED_COLUMNS).find((key) => given[key] !== undefined);
  if (idle !== undefined && !files.some(hasColumns)) {
    throw new OptionError({ where: idle, wanted: `a ${TABLE_FILES} file`, got: 'none', fix: 'leave it out' });
  }
  async function* texts(reader: TextReading): AsyncGenerator<TextInput, void> {
    for (const [i, word] of words.entries()) {
      if (kinds[i] === 'stdin') yield* stdinLines(stdin);
      else if (kinds[i] === 'file') yield* textsOfFile(word, options, reader);
      else yield pair === undefined ? word : [word, pair];
    }
    if (file === '-') yield* stdinLines(stdin);
    else if (file !== undefined) yield* textsOfFile(file, options, reader);
  }
  return { texts, isSingle: words.length === 1 && kinds[0] === 'text' && file === undefined };
}

async function kindOf(word: string): Promise<'stdin' | 'file' | 'text'> {
  if (word === '-') return 'stdin';
  if (EXTENSIONS.includes(extensionOf(word)) && !/\s/.test(word)) return 'file';
  try {
    return (await stat(word)).isFile() ? 'file' : 'text';
  } catch (error) {
    // A long text, or one with a NUL, is no name of a file.
    if (errorCode(error) !== undefined || error instanceof TypeError) return 'text';
    throw error;
  }
}

const NEWLINE = 0x0a;
const STDIN = 'stdin';

/** The lines of a stream, empty ones too, in memory of one line. */
async function* stdinLines(stream: NodeJS.ReadableStream): AsyncGenerator<string, void> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let line = 0;
  const finish = (last: Buffer): string => {
    line++;
    const bytes = held.length === 0 ? last : Buffer.concat([...held, last]);
    held = [];
    heldBytes = 0;
    if (!isUtf8(bytes)) {
      const fix = 'convert it (iconv -f LATIN1 -t UTF-8)';
      throw new FileError({
        where: `${STDIN}:${line}`,
        wanted: 'text in UTF-8',
        got: 'bytes that are not valid UTF-8',
        fix,
      });
    }
    return bytes.toString('utf8').replace(/\r$/, '');
  };
  try {
    for await (const piece of stream) {
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        yield finish(chunk.subarray(start, end));
        start = end + 1;
      }
      held.push(chunk.subarray(start));
      heldBytes += chunk.length - start;
      if (heldBytes > MAX_LINE_BYTES) {
        const where = `${STDIN}:${line + 1}`;
        throw new FileError({ where, wanted: `lines of at most ${MAX_LINE_BYTES} bytes`, got: 'a longer one' });
      }
    }
    if (heldBytes > 0) yield finish(Buffer.alloc(0));
  } catch (error) {
    throw inputFailure(error, STDIN);
  }
}
