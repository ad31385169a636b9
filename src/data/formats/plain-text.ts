/** @file Plain text: one text a line. */
import type { FileFormat, RowRequest, TableRow } from './table-rows.js';
import { textLines } from './text-lines.js';

export const txt = { extensions: ['.txt'], rows: plainRows } as const satisfies FileFormat;

async function* plainRows(path: string, { columns }: RowRequest): AsyncGenerator<TableRow, void> {
  columns({ names: ['text'] });
  for await (const { number, text } of textLines(path)) {
    if (text.trim() !== '') yield { where: `${path}:${number}`, cells: { text } };
  }
}
