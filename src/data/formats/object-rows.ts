/** @file Rows of formats whose rows are objects, each with keys of its own. */
import {
  type BadRow,
  type ColumnRole,
  cellsOf,
  cellText,
  columnPlaces,
  type ObjectRow,
  type RowRequest,
  type TableRow,
} from './table-rows.js';

/**
 * The rows in the columns that are asked for, by the names in the first one. Keys of labels and scores may be missing in a
 * row, the first one too, which then has none.
 * @throws FileError for a column that no row has (of texts and ids: that the first row lacks).
 */
export async function* objectRows(
  path: string,
  objects: AsyncIterable<ObjectRow | BadRow>,
  { columns, needsLabel = false }: RowRequest,
): AsyncGenerator<TableRow | BadRow, void> {
  let roles: { readonly role: ColumnRole; readonly name: string }[] | undefined;
  const unseen = new Map<string, string>();
  let names: readonly string[] = [];
  for await (const row of objects) {
    if ('failure' in row) {
      yield row;
      continue;
    }
    const { where, object } = row;
    if (roles === undefined) {
      names = Object.keys(object);
      const { label, score, ...always } = columns({ names, isOpen: true });
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

/** The names of the first row, then the cells of all. */
export async function* objectCells(
  objects: AsyncIterable<ObjectRow | BadRow>,
): AsyncGenerator<readonly string[], void> {
  let names: readonly string[] | undefined;
  for await (const row of objects) {
    if ('failure' in row) continue;
    const { object } = row;
    if (names === undefined) {
      names = Object.keys(object);
      yield names;
    }
    yield names.map((name) => (Object.hasOwn(object, name) ? cellText(object[name]) : ''));
  }
}
