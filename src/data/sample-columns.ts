/** @file What the columns of a file hold, for somebody who does not know their names yet. */
import { type ColumnSample, sampledColumns } from './column-sample.js';
import { formatOf, TABLE_EXTENSIONS, unknownExtension } from './formats/table.js';
import type { LineRules } from './formats/table-rows.js';

/** As `sampledColumns`. @throws FileError for a file that is missing, torn, or of another kind. */
export async function sampleColumns(path: string, rules: LineRules = {}): Promise<ColumnSample[]> {
  const cells = formatOf(path)?.cells;
  if (cells === undefined) {
    throw unknownExtension(path, TABLE_EXTENSIONS, 'name a file; rename it, if it is one of these, or save it as CSV');
  }
  return sampledColumns(cells(path, rules));
}
