/** @file JSON: one array of objects, as `DataFrame.to_json(orient='records')` of pandas writes it. */
import { objectCells, objectRows } from './object-rows.js';
import type { BadRow, FileFormat, ObjectRow } from './table-rows.js';

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
  const { arrayObjects } = await import('./array-objects.js');
  yield* arrayObjects(path, text);
}
