import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { FileError } from '../../errors/failures.js';
import { inputFailure } from '../../files/file-failure.js';
import { blocksOf, linesOf, type PlacedBlock, type TextLine } from './text-blocks.js';

/** A line with its place in bytes, for a file whose lines are read again one by one. */
export type PlacedLine = TextLine & { readonly at: number; readonly bytes: number };

const CHUNK_BYTES = 2 ** 18;

/**
 * The text of a file in pieces that end with a line, without a byte-order mark. Line ends are left as they are.
 * @throws FileError for a file that is missing, no regular file, or as `blocksOf` does.
 */
export async function* textBlocks(path: string): AsyncGenerator<string, void> {
  for await (const { text } of placedBlocks(path)) yield text;
}

async function* placedBlocks(path: string): AsyncGenerator<PlacedBlock, void> {
  try {
    await expectRegularFile(path);
    const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    yield* blocksOf(path, chunks);
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/**
 * The lines of a text file, empty ones too; they end with LF or CRLF, the last one also with the file.
 * @throws FileError as `textBlocks`.
 */
export function textLines(path: string): AsyncGenerator<TextLine, void> {
  return linesOf(textBlocks(path));
}

/** As `textLines`, each with its place. @throws FileError as `textBlocks`. */
export async function* placedLines(path: string): AsyncGenerator<PlacedLine, void> {
  let number = 1;
  for await (const block of placedBlocks(path)) {
    let { at } = block;
    const lines = block.text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const text of lines) {
      const bytes = Buffer.byteLength(text);
      yield { number: number++, text, at, bytes };
      at += bytes + 1;
    }
  }
}

/** @throws FileError for a folder, device or pipe. */
export async function expectRegularFile(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isFile()) return;
  const got = found.isDirectory() ? 'a folder' : 'a device or pipe';
  throw new FileError({ where: path, wanted: 'a regular file', got, fix: 'check the path' });
}
