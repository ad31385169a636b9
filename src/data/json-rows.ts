/** @file Rows of JSON lines: one object a line. */
import { FileError } from '../errors/failures.js';
import {
  BAD_ROW_FIX,
  type BadRow,
  type ColumnRole,
  type Columns,
  cellsOf,
  columnPlaces,
  quoted,
  type TableRow,
} from './table-rows.js';
import { textLines } from './text-lines.js';

/**
 * The rows of a file of JSON lines; empty lines are skipped. Keys of labels and scores may be missing in a row, which then
 * has none.
 * @param columns From the names in the first row.
 * @param needsLabel Whether the label's key has to be in some row.
 * @throws FileError for a column that no row has (of texts and ids: that the first row lacks), or what `textLines` refuses.
 */
export async function* jsonRows(
  path: string,
  columns: (names: readonly string[]) => Columns,
  needsLabel: boolean,
): AsyncGenerator<TableRow | BadRow, void> {
  let roles: { readonly role: ColumnRole; readonly name: string }[] | undefined;
  const unseen = new Map<string, string>();
  let names: readonly string[] = [];
  for await (const { number, text } of textLines(path)) {
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    const object = parsedObject(text, where);
    if (object instanceof FileError) {
      yield { failure: object };
      continue;
    }
    if (roles === undefined) {
      names = Object.keys(object);
      const { label, score, ...always } = columns(names);
      columnPlaces(always, names, where);
      if (needsLabel && label !== undefined) unseen.set('label', String(label));
      if (score !== undefined) unseen.set('score', String(score));
      const chosen = Object.entries({ ...always, label, score }).filter(([, name]) => name !== undefined);
      roles = chosen.map(([role, name]) => ({ role: role as ColumnRole, name: String(name) }));
    }
    for (const [role, name] of unseen) if (Object.hasOwn(object, name)) unseen.delete(role);
    yield cellsOf(object, roles, where);
  }
  if (unseen.size > 0) columnPlaces(Object.fromEntries(unseen), names, path);
}

type JsonObject = Readonly<Record<string, unknown>>;

function parsedObject(text: string, where: string): JsonObject | FileError {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    const fix = 'give one object a line; an array becomes such lines with jq -c ".[]"';
    return new FileError({ where, wanted: 'a JSON object', got: quoted(text), fix });
  } catch (error) {
    const wanted = 'one whole JSON object';
    return new FileError({ where, wanted, got: quoted(text), fix: BAD_ROW_FIX, cause: error });
  }
}
