/** @file JSON: one array of objects, as `DataFrame.to_json(orient='records')` of pandas writes it. */
import { arrayObjects } from './array-objects.js';
import { objectCells, objectRows } from './object-rows.js';
import type { FileFormat } from './table-rows.js';

/** It is parsed as a whole. */
const MAX_BYTES = 2 ** 28;

export const json = {
  extensions: ['.json'],
  rows: (path, request) => objectRows(path, items(path), request),
  cells: (path) => objectCells(items(path)),
} as const satisfies FileFormat;

/** @throws FileError for a file that is missing, too large, or no array. */
function items(path: string) {
  return arrayObjects(path, textOf(path));
}

async function textOf(path: string): Promise<string> {
  const { readText } = await import('../../files/folder-files.js');
  return readText(path, MAX_BYTES);
}
