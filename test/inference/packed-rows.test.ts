import { expect, test } from 'vitest';
import { PackedRows } from '../../src/inference/packed-rows.js';

test('rows come out as they went in, whatever they hold, and in the next window again', () => {
  const rows: { readonly first?: object; readonly error?: string; readonly words?: string[] }[] = [
    { first: { ids: [101, 7, 102], typeIds: [0, 0, 1] } },
    { error: 'no text' },
    { first: { ids: [], typeIds: [] } },
    { first: { ids: [5, 2 ** 31], typeIds: [1, 0] } },
    { first: { ids: [9], typeIds: [0] }, words: ['kept'] },
  ];
  const packed = new PackedRows<(typeof rows)[number]>();
  for (let window = 0; window < 2; window++) {
    for (const row of rows) packed.push(row);
    expect(packed.size).toBe(rows.length);
    expect(rows.map((_, i) => packed.at(i))).toMatchObject(rows);
    expect([0, 2, 3].map((i) => packed.lengthOf(i))).toEqual([3, 0, 2]);
    expect([packed.kept(0), packed.kept(1), packed.kept(4)]).toEqual([undefined, rows[1], rows[4]]);
    packed.clear();
  }
  expect(packed.size).toBe(0);
});

test('features keep how much there is of each', () => {
  const packed = new PackedRows<object>();
  const row = { first: { ids: [3, 9], typeIds: [0, 0], values: [0.5, 0.25] } };
  packed.push(row);
  packed.push(row);
  const { first } = packed.at(1) as { readonly first: { readonly ids: number[]; readonly values: Float32Array } };
  expect([first.ids, Array.from(first.values)]).toEqual([
    [3, 9],
    [0.5, 0.25],
  ]);
});
