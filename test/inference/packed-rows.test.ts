import { expect, test } from 'vitest';
import { PackedRows } from '../../src/inference/packed-rows.js';

test('rows come out as they went in, whatever they hold, and in the next window again', () => {
  const rows: { readonly first?: object; readonly error?: string; readonly words?: string[] }[] = [
    { first: { ids: [101, 7, 102], typeIds: [0, 0, 1] } },
    { error: 'no text' },
    { first: { ids: [], typeIds: [] } },
    { first: { ids: [5, 2 ** 31 - 1], typeIds: [1, 0] } },
    { first: { ids: [9], typeIds: [0] }, words: ['kept'] },
    { first: { ids: [9], typeIds: [2] } },
    { first: { ids: [3], typeIds: [0], values: [0.5] } },
  ];
  const packed = new PackedRows<(typeof rows)[number]>();
  for (let window = 0; window < 2; window++) {
    for (const row of rows) packed.push(row);
    expect(rows.map((_, i) => packed.at(i))).toMatchObject(rows);
    packed.clear();
  }
});
