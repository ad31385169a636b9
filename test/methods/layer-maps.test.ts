import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { layerPairs } from '../../src/methods/layer-maps.js';
import { readGolden } from '../losses/golden-cases.js';

// Witness: the tables of the papers, worked out in `test/python/make_golden.py`.
type Maps = { readonly expected: Readonly<Record<string, readonly number[]>> };
const golden = readGolden<Readonly<Record<'pkd/layer_maps' | 'tinybert/layer_maps', Maps>>>('golden.json');
const where = 'layerMap';

describe('layerPairs', () => {
  test.each([
    ['skip', 6],
    ['last', 6],
    ['skip', 3],
    ['last', 3],
  ])('%s of 12 layers for %i is the paper’s', (map, student) => {
    const wanted = golden['pkd/layer_maps'].expected[`${map}_${student}_of_12`];
    const pairs = layerPairs(map, { where, student, teacher: 12 });
    expect(pairs.map(([, layer]) => layer)).toEqual(wanted);
    expect(pairs.map(([layer]) => layer)).toEqual(wanted?.map((_, i) => i + 1));
  });

  test.each([4, 6])('uniform of 12 layers for %i is the paper’s, embeddings first', (student) => {
    const pairs = layerPairs('uniform', { where, student, teacher: 12 });
    const { expected } = golden['tinybert/layer_maps'];
    expect(pairs.map(([, layer]) => layer)).toEqual(expected[`${student}_of_12_hidden`]);
    expect(pairs.slice(1).map(([, layer]) => layer)).toEqual(expected[`${student}_of_12_attention`]);
    expect(pairs.map(([layer]) => layer)).toEqual(Array.from({ length: student + 1 }, (_, i) => i));
  });

  test('pairs are taken as they are written', () => {
    expect(layerPairs('1:4,2:12', { where, student: 3, teacher: 12 })).toEqual([
      [1, 4],
      [2, 12],
    ]);
  });

  test.each([
    ['skip', 4, 6, 'a multiple of the student', 'name the pairs, such as 1:2,2:3,3:5,4:6'],
    ['skip', 1, 12, 'wanted a student of at least 2 layers', "use method 'hinton'"],
    ['1:13', 3, 12, 'layers of the student up to 3, of the teacher up to 12, got 1:13', 'layerMap'],
    ['4:1', 3, 12, 'got 4:1', 'teacher up to 12'],
    ['1:2,1:3', 3, 12, 'each layer of the student once', 'got 1:2,1:3'],
    ['last', 6, 3, 'a teacher with at least as many layers as the student', 'got 3 and 6'],
  ])('%s for %i of %i layers is refused', (map, student, teacher, message, fix) => {
    const resolve = () => layerPairs(map, { where, student, teacher });
    expect(resolve).toThrow(OptionError);
    expect(resolve).toThrow(message);
    expect(resolve).toThrow(fix);
  });
});
