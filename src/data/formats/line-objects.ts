/** @file JSON lines as objects, wherever their text is from: nothing of Node is behind it. */
import { FileError } from '../../errors/failures.js';
import { DeepJsonError, isJsonObject, jsonOf } from '../../options/json.js';
import { BAD_ROW_FIX, type BadRow, type ObjectRow, quoted } from './table-rows.js';
import type { TextLine } from './text-blocks.js';

/** The object of each line; empty lines are skipped. @throws FileError for a JSON array, and what makes lines of a file does. */
export async function* lineObjects(
  path: string,
  lines: AsyncIterable<TextLine>,
): AsyncGenerator<ObjectRow | BadRow, void> {
  for await (const { number, text } of lines) {
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    if (text.trimStart().startsWith('[')) throw arrayError(path);
    const object = parsedObject(text, where);
    yield object instanceof FileError ? { failure: object } : { where, object };
  }
}

function parsedObject(text: string, where: string): ObjectRow['object'] | FileError {
  try {
    const value = jsonOf(text);
    if (isJsonObject(value)) return value;
    const fix = 'give one object per line';
    return new FileError({ where, wanted: 'a JSON object', got: quoted(text), fix });
  } catch (error) {
    const number = numberOfPython(text);
    if (number !== undefined) {
      const got = `${number}, which Python writes and JSON does not have`;
      const fix = 'write null, or the text "NaN", for a row without a score';
      return new FileError({ where, wanted: 'one whole JSON object', got, fix, cause: error });
    }
    const wanted = 'one whole JSON object';
    return new FileError({
      where,
      wanted,
      got: error instanceof DeepJsonError ? error.message : quoted(text),
      fix: BAD_ROW_FIX,
      cause: error,
    });
  }
}

/** Of no row, so that no row is left out for it. */
function arrayError(path: string): FileError {
  const fix = 'rename it to .json, which is one array';
  return new FileError({ where: path, wanted: 'one JSON object per line', got: 'a JSON array', fix });
}

/** NaN or an infinity that stands outside of strings. */
function numberOfPython(text: string): string | undefined {
  for (const [, number] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|(NaN|-?Infinity)\b/gu)) {
    if (number !== undefined) return number;
  }
  return undefined;
}
