import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { FileError } from '../../errors/failures.js';
import { inputFailure } from '../../files/file-failure.js';

/** A line of a text file, without its end; `number` counts from 1. */
export type TextLine = { readonly number: number; readonly text: string };

/** The same with its place in bytes, for a file whose lines are read again one by one. */
export type PlacedLine = TextLine & { readonly at: number; readonly bytes: number };

/** What is held in memory of a file that may have no line ends at all. */
export const MAX_LINE_BYTES = 2 ** 24;
const CHUNK_BYTES = 2 ** 18;
const NEWLINE = 0x0a;

/** First bytes of files that are often taken for text. */
const OTHER_KINDS: readonly { readonly magic: readonly number[]; readonly kind: string; readonly fix: string }[] = [
  { magic: [0xff, 0xfe], kind: 'text in UTF-16', fix: 'save it as UTF-8 (iconv -f UTF-16 -t UTF-8 FILE)' },
  { magic: [0xfe, 0xff], kind: 'text in UTF-16', fix: 'save it as UTF-8 (iconv -f UTF-16 -t UTF-8 FILE)' },
  { magic: [0x1f, 0x8b], kind: 'a gzip file', fix: 'unpack it first (gunzip FILE)' },
  { magic: [0x50, 0x4b, 0x03, 0x04], kind: 'a zip archive or a spreadsheet', fix: 'unpack it, or save it as CSV' },
  { magic: [0x50, 0x41, 0x52, 0x31], kind: 'a Parquet file', fix: "read it with format 'parquet'" },
];

/**
 * The text of a file in pieces that end with a line, without a byte-order mark. Line ends are left as they are.
 * @throws FileError for a file that is missing, no regular file, or no text: NUL, bytes that are not UTF-8, lines over
 * 16 MiB, each with its line.
 */
export async function* textBlocks(path: string): AsyncGenerator<string, void> {
  for await (const { text } of placedBlocks(path)) yield text;
}

async function* placedBlocks(path: string): AsyncGenerator<{ readonly text: string; readonly at: number }, void> {
  try {
    await expectRegularFile(path);
    let held: Buffer[] = [];
    let heldBytes = 0;
    let line = 1;
    let end = 0;
    const take = (bytes: Buffer) => {
      const content = end === 0 ? withoutMark(bytes, path) : bytes;
      end += bytes.length;
      return { text: decoded(content, path, line), at: end - content.length };
    };
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      const lineEnd = chunk.lastIndexOf(NEWLINE) + 1;
      if (lineEnd > 0) {
        const block = take(Buffer.concat([...held, chunk.subarray(0, lineEnd)]));
        yield block;
        line += countNewlines(block.text);
        held = [];
        heldBytes = 0;
      }
      held.push(chunk.subarray(lineEnd));
      heldBytes += chunk.length - lineEnd;
      if (heldBytes > MAX_LINE_BYTES) {
        // What it is, if it is no text at all, is the better message.
        take(Buffer.concat(held));
        const wanted = `lines of at most ${MAX_LINE_BYTES} bytes`;
        throw new FileError({ where: `${path}:${line}`, wanted, got: 'a longer one', fix: 'check that this is text' });
      }
    }
    if (heldBytes > 0) yield take(Buffer.concat(held));
  } catch (error) {
    throw inputFailure(error, path);
  }
}

/**
 * The lines of a text file, empty ones too; they end with LF or CRLF, the last one also with the file.
 * @throws FileError as `textBlocks`.
 */
export async function* textLines(path: string): AsyncGenerator<TextLine, void> {
  let number = 1;
  for await (const block of textBlocks(path)) {
    const lines = block.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) yield { number: number++, text: line.endsWith('\r') ? line.slice(0, -1) : line };
  }
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

function withoutMark(bytes: Buffer, path: string): Buffer {
  const other = OTHER_KINDS.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (other !== undefined) {
    throw new FileError({ where: path, wanted: 'text in UTF-8', got: other.kind, fix: other.fix });
  }
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? bytes.subarray(3) : bytes;
}

function decoded(bytes: Buffer, path: string, firstLine: number): string {
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    throw new FileError({
      where: `${path}:${firstLine + countNewlines(bytes.toString('latin1', 0, nul))}`,
      wanted: 'text',
      got: 'a NUL byte',
      fix: 'check that this is a text file; delete the byte if so',
    });
  }
  if (!isUtf8(bytes)) throw encodingError(bytes, path, firstLine);
  return bytes.toString('utf8');
}

function encodingError(bytes: Buffer, path: string, firstLine: number): FileError {
  let start = 0;
  let line = firstLine;
  for (; ; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (newline < 0 || !isUtf8(bytes.subarray(start, end))) break;
    start = newline + 1;
  }
  return new FileError({
    where: `${path}:${line}`,
    wanted: 'text in UTF-8',
    got: 'bytes that are not valid UTF-8',
    fix: 'save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8 FILE, if that is what it is in)',
  });
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
