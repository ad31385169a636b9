import { describe, expect, test } from 'vitest';
import { joinTables, labelCounts, selectRows, textTable, withoutLabels } from '../../src/data/text-table.js';

const table = textTable('t', {
  texts: ['a', 'b', 'c'],
  pairs: ['A', 'B', 'C'],
  labels: [1, -100, 0],
  labelNames: ['no', 'yes'],
  scores: [1, Number.NaN, 3],
});

describe('textTable', () => {
  test.each([
    [{ texts: ['a'], labels: [] }, /t, labels: wanted 1 values, one per text, got 0/u],
    [{ texts: ['a', 'b'], ids: ['x', 'x'] }, /t, ids: wanted no duplicates, got 'x' twice/u],
    [
      { texts: ['a'], labels: [2], labelNames: ['x', 'y'] },
      /t, row 1: wanted labels from 0 to 1, or -100 for none, got 2/u,
    ],
    [{ texts: ['a'], labels: [0] }, /t, row 1: wanted labelNames beside labels, got 0/u],
    [{ texts: ['a'], scores: [1e300] }, /t, row 1: wanted a finite score, got 1e\+300/u],
  ])('refuses %j', (columns, message) => {
    expect(() => textTable('t', columns)).toThrow(message);
  });
});

describe('selectRows', () => {
  test('takes every column along, in the order asked for', () => {
    expect(selectRows(table, [2, 1], 'part')).toEqual({
      name: 'part',
      size: 2,
      ids: ['3', '2'],
      texts: ['c', 'b'],
      pairs: ['C', 'B'],
      labels: Int32Array.of(0, -100),
      labelNames: ['no', 'yes'],
      scores: Float32Array.of(3, Number.NaN),
    });
  });

  test('refuses rows that do not exist, or come twice', () => {
    expect(() => selectRows(table, [3])).toThrow(/t: wanted rows from 0 to 2, got 3/u);
    expect(() => selectRows(table, [0, 0])).toThrow(/t, ids: wanted no duplicates/u);
  });
});

describe('joinTables', () => {
  test('a pool without labels after a training set', () => {
    const joined = joinTables('both', { train: table, pool: { ...withoutLabels(table), name: 'pool' } });
    expect(joined.ids).toEqual(['train/1', 'train/2', 'train/3', 'pool/1', 'pool/2', 'pool/3']);
    expect(Array.from(joined.labels ?? [])).toEqual([1, -100, 0, -100, -100, -100]);
    expect(labelCounts(joined)).toEqual([1, 1]);
    expect(joined.pairs).toHaveLength(6);
  });

  test('refuses tables that do not go together', () => {
    const single = textTable('single', { texts: ['a'] });
    expect(() => joinTables('both', { table, single })).toThrow(
      /wanted pairs in every table, or in none, got single without/u,
    );
    const other = textTable('other', { texts: ['a'], pairs: ['b'], labels: [0], labelNames: ['yes', 'no'] });
    expect(() => joinTables('both', { table, other })).toThrow(
      /got other with yes, no; read both with the same labelNames/u,
    );
  });
});
