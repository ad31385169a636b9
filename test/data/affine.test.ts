import { describe, expect, test } from 'vitest';
import { affineMap, resampler } from '../../src/data/affine.js';
import scipy from './affine.scipy.json' with { type: 'json' };

describe('resampler', () => {
  // witness: scipy.ndimage.affine_transform, order 1, mode grid-constant (make_affine_fixture.py)
  test.each(scipy.cases)('agrees with SciPy on $width x $height, $affine', ({ width, height, image, ...given }) => {
    const into = new Float32Array(width * height);
    resampler(width, height)(Uint8Array.from(image), 0, affineMap(given.affine), into);
    // float32 of values up to 255
    given.transformed.forEach((value, i) => {
      expect(Math.abs((into[i] ?? Number.NaN) - value)).toBeLessThan(5e-5);
    });
  });

  test('a quarter turn carries the upper left pixel to the upper right, clockwise', () => {
    const into = new Float32Array(9);
    const image = Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 0);
    const quarter = affineMap({ angle: Math.PI / 2, widthFactor: 1, heightFactor: 1, shear: 0 });
    resampler(3, 3)(image, 0, quarter, into);
    expect(Array.from(into, Math.round)).toEqual([0, 0, 200, 0, 0, 0, 0, 0, 0]);
  });

  test('what it reads is added to what is there, and a black image adds nothing', () => {
    const resample = resampler(3, 3);
    const onto = new Float32Array(9).fill(0.5);
    const still = affineMap({ angle: 0, widthFactor: 1, heightFactor: 1, shear: 0 });
    resample(new Uint8Array(18).fill(9), 0, still, onto);
    resample(new Uint8Array(9), 0, still, onto);
    expect(Array.from(onto)).toEqual(new Array(9).fill(9.5));
  });
});
