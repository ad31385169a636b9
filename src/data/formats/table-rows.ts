/** @file What a file format is, and what the readers share: columns by name, rows of cells, messages. */
import { closest, distance } from 'fastest-levenshtein';
import { FileError } from '../../errors/failures.js';
import type { ErrorDetails } from '../../errors/retort-error.js';

/** A column: its name, or its number from 1 in files without a header line. */
export type ColumnName = string | number;

/** What a column is read as. `text` and `pair` must be there as text in every row; the others may be empty. */
export type ColumnRole = 'text' | 'pair' | 'label' | 'score' | 'split' | 'id';
export type Columns = Readonly<Partial<Record<ColumnRole, ColumnName>>>;

/** One row of a file; a cell that is empty in the sense of its format (JSON's null) is undefined. */
export type TableRow = {
  /** `reviews.csv:12`, or `reviews.parquet, row 11`. */
  readonly where: string;
  readonly cells: Readonly<Partial<Record<ColumnRole, string | undefined>>>;
};

/** A row that cannot be read, though those after it can. */
export type BadRow = { readonly failure: FileError };

/** A row as it is, with a key for each column. */
export type ObjectRow = { readonly where: string; readonly object: Readonly<Record<string, unknown>> };

/** What a file says of itself before its rows. */
export type TableHeader = {
  readonly names: readonly string[];
  /** Whether later rows may have labels or scores in columns that are not among the names. */
  readonly isOpen?: boolean;
  /** Label names of a column of numbers, where a file carries them. */
  readonly classNames?: (column: string) => readonly string[] | undefined;
};

export type RowRequest = {
  readonly columns: (header: TableHeader) => Columns;
  /** Whether the label has to be in some row, where rows may lack it. */
  readonly needsLabel?: boolean;
} & LineRules;

/** Of lines with a character between cells: whether the first one names the columns, and other rules than the format's. */
export type LineRules = {
  readonly header?: boolean | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: boolean | undefined;
};

export type FileFormat = {
  /** The usual one first. */
  readonly extensions: readonly string[];
  /** What is between the cells of a line, of formats that may have no header, and columns by number. */
  readonly delimiter?: string;
  /** @throws FileError for a file that is missing, torn, of another kind, or lacks a column. */
  rows(path: string, request: RowRequest): AsyncGenerator<TableRow | BadRow, void>;
  /**
   * The names of all columns, or their numbers where there is no header, then their cells in each row that can be read.
   * Absent where a row is one text and no more.
   */
  readonly cells?: (path: string, rules?: LineRules) => AsyncGenerator<readonly string[], void>;
  /** Rows as they are, of these columns at least, of a format that recorded teacher outputs may come in. */
  readonly objects?: (
    path: string,
    columns: (header: TableHeader) => readonly string[],
  ) => AsyncGenerator<ObjectRow | BadRow, void>;
};

/** A file that lacks a column; whoever knows where its name was written can say so. */
export class MissingColumnError extends FileError {
  readonly role: string;

  constructor(role: string, details: ErrorDetails) {
    super(details);
    this.role = role;
  }
}

/**
 * Where each column stands in a header.
 * @param hint The next step if a column is missing, of how one names it, where there is something better to say than that or the
 *   nearest name.
 * @throws FileError naming the column, those that there are, and the nearest of them.
 */
export function columnPlaces(
  columns: Columns,
  header: readonly string[],
  where: string,
  hint?: (naming: string) => string,
): { readonly role: ColumnRole; readonly at: number }[] {
  return Object.entries(columns).map(([role, column]) => {
    if (typeof column === 'number') {
      if (column > header.length) {
        const got = `${header.length} column${header.length === 1 ? '' : 's'}`;
        throw new FileError({
          where,
          wanted: `a column ${column} (${role})`,
          got,
          fix: hint?.(namingOf(role)) ?? 'check the number',
        });
      }
      return { role: role as ColumnRole, at: column - 1 };
    }
    const at = header.indexOf(column);
    if (at < 0) throw missingColumn(role, column, header, where, hint);
    if (header.includes(column, at + 1)) {
      const fix = 'rename one of them';
      throw new FileError({ where, wanted: `one column '${column}' (${role})`, got: 'two of that name', fix });
    }
    return { role: role as ColumnRole, at };
  });
}

function missingColumn(
  role: string,
  column: string,
  header: readonly string[],
  where: string,
  hint: ((naming: string) => string) | undefined,
): MissingColumnError {
  // A number is meant as one, and not as a name that is nearly right.
  const near = header.length === 0 || /^\d+$/u.test(column) ? '' : closest(column, [...header]);
  const isNear = near !== '' && distance(column, near) <= Math.max(2, Math.floor(column.length / 3));
  return new MissingColumnError(role, {
    where,
    wanted: `a column '${column}' (${role})`,
    got: `the columns ${quotedList(header)}`,
    fix: isNear ? `did you mean '${near}'?` : (hint?.(namingOf(role)) ?? namingOf(role)),
  });
}

/** The flag, and in brackets the key of programs and retort.yaml. Nothing names the column of ids. */
function namingOf(role: string): string {
  return role === 'id' ? 'rename one of these' : `name one of these by --${role}_column (${role}Column)`;
}

/** The cells of an object with a key for each column. A key may be missing where the cell may be empty. */
export function cellsOf(
  row: Readonly<Record<string, unknown>>,
  roles: readonly { readonly role: ColumnRole; readonly name: string }[],
  where: string,
): TableRow | BadRow {
  const cells: Partial<Record<ColumnRole, string | undefined>> = {};
  for (const { role, name } of roles) {
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    const isText = role === 'text' || role === 'pair';
    if (isText ? typeof value === 'string' : isPlain(value)) {
      cells[role] = value === undefined || value === null ? undefined : String(value);
      continue;
    }
    const wanted = isText ? `text in '${name}' (${role})` : `text, a number or null in '${name}' (${role})`;
    const got = Object.hasOwn(row, name) ? shown(value) : `no such key (${quotedList(Object.keys(row))})`;
    return { failure: new FileError({ where, wanted, got, fix: BAD_ROW_FIX }) };
  }
  return { where, cells };
}

/** A cell of any kind as text; nothing where it is empty, or a list or object. */
export function cellText(value: unknown): string {
  return isPlain(value) || value instanceof Date ? String(value ?? '') : '';
}

function isPlain(value: unknown): boolean {
  return value === undefined || value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

function shown(value: unknown): string {
  const json = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return value === null || value === undefined ? 'null' : quoted(json);
}

/** What to do about one bad row among many. */
export const BAD_ROW_FIX =
  'correct that row, or have such rows left out and counted (--bad_rows skip; in code onBadRow)';

/** At most a dozen values, each cut, for a message. */
export function quotedList(values: readonly string[]): string {
  const shown = values.slice(0, 12).map(quoted).join(', ');
  return values.length > 12 ? `${shown} and ${values.length - 12} more` : shown;
}

/** A value in a message: in quotes, without line ends, and not longer than a line can show. */
export function quoted(value: string): string {
  const flat = value.replaceAll(/\s+/gu, ' ');
  return flat.length > 60 ? `'${flat.slice(0, 59)}…'` : `'${flat}'`;
}

/** The name that comes nearest to one that is none, for a message. */
export function nearestName(written: string, names: readonly string[]): string {
  return closest(written, [...names]);
}
