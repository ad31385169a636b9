/** @file Text of bytes in pieces that end with a line, wherever the bytes are from: nothing of Node is behind it. */
import { FileError } from '../../errors/failures.js';

/** A line of a text file, without its end; `number` counts from 1. */
export type TextLine = { readonly number: number; readonly text: string };

/** Text, and where its first byte stands. */
export type PlacedBlock = { readonly text: string; readonly at: number };

/** What is held in memory of a file that may have no line ends at all. */
export const MAX_LINE_BYTES = 2 ** 24;
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
 * Blocks that end with a line, without a byte-order mark. Line ends are left as they are.
 * @param path what messages call the file
 * @throws FileError for what is no text: NUL, bytes that are not UTF-8, lines over 16 MiB, each with its line.
 */
export async function* blocksOf(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<PlacedBlock, void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let line = 1;
  let end = 0;
  const take = (bytes: Uint8Array) => {
    const content = end === 0 ? withoutMark(bytes, path) : bytes;
    end += bytes.length;
    return { text: decoded(content, path, line), at: end - content.length };
  };
  for await (const chunk of chunks) {
    const lineEnd = chunk.lastIndexOf(NEWLINE) + 1;
    if (lineEnd > 0) {
      const block = take(joined([...held, chunk.subarray(0, lineEnd)]));
      yield block;
      line += countNewlines(block.text);
      held = [];
      heldBytes = 0;
    }
    held.push(chunk.subarray(lineEnd));
    heldBytes += chunk.length - lineEnd;
    if (heldBytes > MAX_LINE_BYTES) {
      // What it is, if it is no text at all, is the better message.
      take(joined(held));
      const wanted = `lines of at most ${MAX_LINE_BYTES} bytes`;
      throw new FileError({ where: `${path}:${line}`, wanted, got: 'a longer one', fix: 'check that this is text' });
    }
  }
  if (heldBytes > 0) yield take(joined(held));
}

/** The lines of blocks, empty ones too; they end with LF or CRLF, the last one also with the file. */
export async function* linesOf(blocks: AsyncIterable<string>): AsyncGenerator<TextLine, void> {
  let number = 1;
  for await (const text of blocks) {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) yield { number: number++, text: line.endsWith('\r') ? line.slice(0, -1) : line };
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function withoutMark(bytes: Uint8Array, path: string): Uint8Array {
  const other = OTHER_KINDS.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (other !== undefined) {
    throw new FileError({ where: path, wanted: 'text in UTF-8', got: other.kind, fix: other.fix });
  }
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? bytes.subarray(3) : bytes;
}

/** Any other mark is a character of the text. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array, path: string, firstLine: number): string {
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    const before = bytes.subarray(0, nul).reduce((count, byte) => count + (byte === NEWLINE ? 1 : 0), 0);
    throw new FileError({
      where: `${path}:${firstLine + before}`,
      wanted: 'text',
      got: 'a NUL byte',
      fix: 'check that this is a text file; delete the byte if so',
    });
  }
  return utf8(bytes) ?? encodingError(bytes, path, firstLine);
}

/** Undefined for bytes that are not valid. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** @throws FileError naming the first line that is not valid. */
function encodingError(bytes: Uint8Array, path: string, firstLine: number): never {
  let start = 0;
  let line = firstLine;
  for (; ; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (newline < 0 || utf8(bytes.subarray(start, end)) === undefined) break;
    start = newline + 1;
  }
  throw new FileError({
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
