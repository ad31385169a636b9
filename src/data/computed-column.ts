/** @file Columns of text that look like arrays of strings, and make each string when it is read. */
import type { InspectOptions, inspect } from 'node:util';

type Key = string | symbol;

const PRINTED_ROWS = 100;
/** What Node asks how an object is printed. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A read-only array of so many strings, of which none is stored: `at` gives the one of each row, from 0. All that reads
 * an array reads it: indices, loops, `map`, `JSON.stringify`. A read costs a fraction of a microsecond more than one of
 * an array; writing throws a TypeError.
 */
export function computedColumn(length: number, at: (row: number) => string): readonly string[] {
  const rowOf = (key: Key): number | undefined => {
    if (typeof key !== 'string') return undefined;
    const row = Number(key);
    // '' is 0 as well, and '01' is no index.
    return Number.isInteger(row) && row >= 0 && row < length && String(row) === key ? row : undefined;
  };
  // What prints a proxy looks behind it, where there is nothing.
  const printed = (_depth: number, options: InspectOptions, print: typeof inspect) =>
    print(
      Array.from({ length: Math.min(length, PRINTED_ROWS + 1) }, (_, row) => at(row)),
      {
        ...options,
        maxArrayLength: PRINTED_ROWS,
      },
    );
  const empty = Object.defineProperty<string[]>([], INSPECT, { value: printed, configurable: true });
  return new Proxy(empty, {
    get: (target, key) => {
      if (key === 'length') return length;
      const row = rowOf(key);
      return row === undefined ? Reflect.get(target, key) : at(row);
    },
    has: (target, key) => rowOf(key) !== undefined || Reflect.has(target, key),
    ownKeys: () => [...Array.from({ length }, (_, row) => String(row)), 'length'],
    getOwnPropertyDescriptor: (target, key) => {
      if (key === 'length') return { ...Reflect.getOwnPropertyDescriptor(target, key), value: length };
      const row = rowOf(key);
      return row === undefined ? undefined : { value: at(row), writable: false, enumerable: true, configurable: true };
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

/** The numbers of the rows from 1, as text. */
export function rowNumbers(size: number): readonly string[] {
  return computedColumn(size, (row) => String(row + 1));
}

/** The values of these rows, in this order. */
export function chosenFrom(column: readonly string[], rows: Uint32Array): readonly string[] {
  return computedColumn(rows.length, (place) => column[rows[place] as number] as string);
}

/** Columns one after the other. */
export function joinedColumns(columns: readonly (readonly string[])[]): readonly string[] {
  let length = 0;
  const parts = columns.map((column) => {
    const start = length;
    length += column.length;
    return { column, start };
  });
  return computedColumn(length, (row) => {
    const { column, start } = parts.findLast((part) => part.start <= row) ?? { column: [], start: 0 };
    return column[row - start] as string;
  });
}
