/** @file Rows of CSV and TSV files. RFC 4180 where quoting is on; where it is off, a quote is a character like any other. */
import { pipeline } from 'node:stream/promises';
import {
  CSV_RULES,
  type CsvParser,
  type CsvRecord,
  delimitedCells,
  delimitedRows,
  type Rules,
  TSV_RULES,
} from './delimited-rows.js';
import type { FileFormat } from './table-rows.js';
import { textBlocks } from './text-lines.js';

/** Quotes as RFC 4180 has them. */
export const csv = delimitedFormat(['.csv'], CSV_RULES);
/** Without quotes. */
export const tsv = delimitedFormat(['.tsv', '.tab'], TSV_RULES);

function delimitedFormat(extensions: readonly string[], rules: Rules) {
  const source = (path: string) => ({ path, blocks: textBlocks(path), parser: streamed });
  return {
    extensions,
    delimiter: rules.delimiter,
    rows: (path, request) => delimitedRows(source(path), request, rules),
    cells: (path, lines) => delimitedCells(source(path), lines, rules),
  } satisfies FileFormat;
}

/** Parses while the file is read. */
const streamed: CsvParser = async function* (blocks, options) {
  // Loaded where it is used: the table of formats is read for help texts too.
  const { parse } = await import('csv-parse');
  const parser = parse(options);
  // What goes wrong in the file destroys the parser, and so ends the loop below.
  const feeding = pipeline(blocks, parser).catch(() => undefined);
  try {
    yield* parser as AsyncIterable<CsvRecord>;
  } finally {
    parser.destroy();
    await feeding;
  }
};
