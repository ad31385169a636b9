/** @file JSON lines: one object a line. */
import { objectCells, objectRows } from './object-rows.js';
import type { BadRow, FileFormat, ObjectRow } from './table-rows.js';
import { textLines } from './text-lines.js';

export const jsonl = {
  extensions: ['.jsonl', '.ndjson'],
  rows: (path, request) => objectRows(path, jsonLines(path), request),
  cells: (path) => objectCells(jsonLines(path)),
  objects: jsonLines,
} as const satisfies FileFormat;

async function* jsonLines(path: string): AsyncGenerator<ObjectRow | BadRow, void> {
  const { lineObjects } = await import('./line-objects.js');
  yield* lineObjects(path, textLines(path));
}
