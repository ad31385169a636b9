import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chosenFrom, computedColumn, joinedColumns, rowNumbers } from '../../src/data/computed-column.js';

describe('computedColumn', () => {
  const column = computedColumn(3, (row) => `row ${row}`);
  const plain = ['row 0', 'row 1', 'row 2'];

  test('is read as an array of its strings, by whatever reads arrays', () => {
    expect(column).toEqual(plain);
    expect(Array.isArray(column)).toBe(true);
    expect([...column]).toEqual(plain);
    expect(column.at(-1)).toBe('row 2');
    expect(column.slice(1)).toEqual(plain.slice(1));
    expect(column.map((text, row) => [text, row])).toEqual(plain.map((text, row) => [text, row]));
    expect(column.flatMap((text) => [text, text])).toHaveLength(6);
    expect([column, column].flat()).toHaveLength(6);
    expect(column.includes('row 1')).toBe(true);
    expect(JSON.stringify({ column })).toBe(JSON.stringify({ column: plain }));
    expect(Object.entries(column)).toEqual(Object.entries(plain));
    expect(1 in column).toBe(true);
    expect(inspect(column)).toBe(inspect(plain));
  });

  test('has nothing at what is no index', () => {
    for (const key of ['3', '-1', '01', '1.0', '1.5', '', ' 1', '1e0', 'NaN']) {
      expect(Reflect.get(column, key), key).toBeUndefined();
      expect(Reflect.has(column, key), key).toBe(false);
    }
  });

  test('cannot be written to', () => {
    const open = column as string[];
    expect(() => open.push('x')).toThrow(TypeError);
    expect(() => {
      open[0] = 'x';
    }).toThrow(TypeError);
    expect(() => {
      open.length = 0;
    }).toThrow(TypeError);
    expect(column).toEqual(plain);
  });

  test('one of no rows is empty', () => {
    expect(computedColumn(0, () => 'x')).toEqual([]);
  });
});

test('rowNumbers > from 1', () => {
  expect(rowNumbers(3)).toEqual(['1', '2', '3']);
});

test('chosenFrom > in the order asked for', () => {
  expect(chosenFrom(['a', 'b', 'c'], Uint32Array.of(2, 0))).toEqual(['c', 'a']);
});

test('joinedColumns > each at its place, empty ones too', () => {
  expect(joinedColumns([[], ['a', 'b'], [], ['c'], []])).toEqual(['a', 'b', 'c']);
});
