/** @file JSON lines: one object a line. */
import { lineObjects } from './line-objects.js';
import { objectCells, objectRows } from './object-rows.js';
import type { FileFormat } from './table-rows.js';
import { textLines } from './text-lines.js';

export const jsonl = {
  extensions: ['.jsonl', '.ndjson'],
  rows: (path, request) => objectRows(path, jsonLines(path), request),
  cells: (path) => objectCells(jsonLines(path)),
  objects: jsonLines,
} as const satisfies FileFormat;

function jsonLines(path: string) {
  return lineObjects(path, textLines(path));
}
