import { describe, expect, test } from 'vitest';
import { imageDataset } from '../../src/data/images.js';
import { ShapeError } from '../../src/errors/failures.js';

describe('imageDataset', () => {
  const data = imageDataset('pictures', Uint8Array.from([0, 1, 10, 11, 20, 21]), 2);

  test('has one row an image, its index as id, and no labels', () => {
    expect(data).toMatchObject({ name: 'pictures', size: 3, labelNames: [] });
    const { inputs, ids, weights, labels } = data.batch([2, 0]);
    expect(inputs).toEqual({ pixels: { dtype: 'uint8', shape: [2, 2], data: Uint8Array.from([20, 21, 0, 1]) } });
    expect(Array.from(ids)).toEqual([2, 0]);
    expect(Array.from(weights)).toEqual([1, 1]);
    expect(labels).toBeUndefined();
  });

  test('pads with given rows of weight 0', () => {
    const { inputs, weights } = data.batch([1, 2], 3);
    expect(inputs.pixels?.data).toEqual(Uint8Array.from([10, 11, 20, 21, 10, 11]));
    expect(Array.from(weights)).toEqual([1, 1, 0]);
  });

  test.each([[[3]], [[-1]], [[]]])('refuses the rows %j', (rows) => {
    expect(() => data.batch(rows)).toThrow(ShapeError);
  });
});
