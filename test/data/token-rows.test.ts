import { describe, expect, test } from 'vitest';
import { TokenRows } from '../../src/data/token-rows.js';

function rowsOf(rows: readonly (readonly number[])[], typeOf: (id: number) => number = () => 0): TokenRows {
  const made = new TokenRows();
  for (const ids of rows) made.add({ ids, typeIds: ids.map(typeOf) });
  made.close();
  return made;
}

function idsAt(rows: TokenRows, row: number): number[] {
  const { ids, start, end } = rows.row(row);
  return Array.from(ids.subarray(start, end));
}

describe('TokenRows', () => {
  test('gives back rows of any length, over the end of a block', () => {
    const rows = Array.from({ length: 9000 }, (_, row) => Array.from({ length: row % 7 }, (_, i) => row + i));
    const made = rowsOf(rows);
    for (const [row, ids] of rows.entries()) expect(idsAt(made, row)).toEqual(ids);
  });

  test('ids above 65,535 keep their value', () => {
    expect(idsAt(rowsOf([[65_535], [65_536, 250_001]]), 1)).toEqual([65_536, 250_001]);
  });

  test('types are kept where there are others than 0', () => {
    expect(rowsOf([[1, 2]]).row(0).types).toBeUndefined();
    const { types, start, end } = rowsOf([[5], [1, 2, 3]], (id) => (id === 2 ? 1 : 0)).row(1);
    expect(Array.from(types?.subarray(start, end) ?? [])).toEqual([0, 1, 0]);
  });

  test('values of features stand beside their ids', () => {
    const made = new TokenRows();
    made.add({ ids: [3], typeIds: [0], values: [0.5] });
    made.add({ ids: [70_000, 1], typeIds: [0, 0], values: [0.25, -1] });
    made.close();
    const { values, start, end } = made.row(1);
    expect(Array.from(values?.subarray(start, end) ?? [])).toEqual([0.25, -1]);
  });

  test('holds 2 bytes a token and 4 a row of single texts', () => {
    const rows = Array.from({ length: 8192 }, () => Array.from({ length: 15 }, () => 30_521));
    expect(rowsOf(rows).byteLength).toBe(8192 * (15 * 2 + 4) + 2 * 4);
  });
});
