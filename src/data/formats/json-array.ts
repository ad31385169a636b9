/** @file JSON: one array of objects, as `DataFrame.to_json(orient='records')` of pandas writes it. */

import { FileError } from '../../errors/failures.js';
import { DeepJsonError, isJsonObject, jsonOf } from '../../options/json.js';
import { objectCells, objectRows } from './object-rows.js';
import { BAD_ROW_FIX, type BadRow, type FileFormat, type ObjectRow, quoted } from './table-rows.js';

/** It is parsed as a whole. */
const MAX_BYTES = 2 ** 28;

export const json = {
  extensions: ['.json'],
  rows: (path, request) => objectRows(path, items(path), request),
  cells: (path) => objectCells(items(path)),
} as const satisfies FileFormat;

/** @throws FileError for a file that is missing, too large, or no array. */
async function* items(path: string): AsyncGenerator<ObjectRow | BadRow, void> {
  const { readText } = await import('../../files/folder-files.js');
  const text = await readText(path, MAX_BYTES);
  for (const [i, object] of parsedArray(text.replace(/^\uFEFF/, ''), path).entries()) {
    const where = `${path}, item ${i + 1}`;
    if (isJsonObject(object)) yield { where, object };
    else {
      const got = quoted(JSON.stringify(object));
      yield { failure: new FileError({ where, wanted: 'an object', got, fix: BAD_ROW_FIX }) };
    }
  }
}

function parsedArray(text: string, path: string): readonly unknown[] {
  const wrong = (got: string, cause?: unknown) => {
    const fix = 'if it holds one object per line, rename it to .jsonl';
    return new FileError({ where: path, wanted: 'one JSON array of objects', got, fix, cause });
  };
  let value: unknown;
  try {
    value = jsonOf(text);
  } catch (error) {
    throw wrong(error instanceof DeepJsonError ? error.message : 'text that is not JSON', error);
  }
  if (Array.isArray(value)) return value;
  throw wrong(quoted(JSON.stringify(value)));
}
