import { describe, expect, test } from 'vitest';
import { imageDataset } from '../../src/data/images.js';
import { perturbedImages } from '../../src/data/perturbed-images.js';

const [WIDTH, HEIGHT] = [7, 5];
const SIZE = WIDTH * HEIGHT;
const AT = { seed: 3, step: 1, part: 0 };
const ROWS = 60;

/** Images that are black but for one pixel of value 200. */
function dots(x: number, y: number) {
  const images = new Uint8Array(ROWS * SIZE);
  for (let row = 0; row < ROWS; row++) images[row * SIZE + y * WIDTH + x] = 200;
  return imageDataset('dots', images, SIZE).batch(Array.from({ length: ROWS }, (_, row) => row));
}

const pixelsOf = (batch: ReturnType<typeof dots>) => batch.inputs.pixels?.data as Uint8Array | Float32Array;

/** Where the dot of each image went, as `x,y`; `gone` if it left the image. */
function places(batch: ReturnType<typeof dots>): string[] {
  const pixels = pixelsOf(batch);
  return Array.from({ length: ROWS }, (_, row) => {
    const image = pixels.subarray(row * SIZE, (row + 1) * SIZE);
    const lit = Array.from(image.keys()).filter((i) => image[i] !== 0);
    expect(lit.length).toBeLessThanOrEqual(1);
    const [at] = lit;
    if (at === undefined) return 'gone';
    expect(image[at]).toBe(200);
    return `${at % WIDTH},${Math.floor(at / WIDTH)}`;
  });
}

describe('perturbedImages', () => {
  test('is a function of seed, step and part, and leaves the given batch alone', () => {
    const options = { width: WIDTH, height: HEIGHT, shift: 2, rotation: 9, scaling: 0.1, shear: 0.1, noise: 0.1 };
    const { perturb } = perturbedImages(options);
    const batch = dots(3, 2);
    const before = Array.from(pixelsOf(batch));
    const of = (at: Partial<typeof AT>) => Array.from(pixelsOf(perturb(batch, { ...AT, ...at })));
    const first = of({});
    expect(of({ step: 2 })).not.toEqual(first);
    expect(of({ seed: 4 })).not.toEqual(first);
    expect(of({ part: 1 })).not.toEqual(first);
    expect(of({})).toEqual(first);
    // Another object, as a resumed process makes.
    const again = perturbedImages(options);
    expect(Array.from(pixelsOf(again.perturb(batch, AT)))).toEqual(first);
    expect(Array.from(pixelsOf(batch))).toEqual(before);
  });

  test('moves by whole pixels to every place within reach, each about as often', () => {
    const { perturb, dtypes } = perturbedImages({ width: WIDTH, height: HEIGHT, shift: 1 });
    expect(dtypes).toEqual({});
    const counts = new Map<string, number>();
    const steps = 60;
    for (let step = 1; step <= steps; step++) {
      for (const place of places(perturb(dots(3, 2), { ...AT, step }))) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    const wanted = [2, 3, 4].flatMap((x) => [1, 2, 3].map((y) => `${x},${y}`));
    expect([...counts.keys()].sort()).toEqual(wanted.sort());
    // A binomial of 3,600 draws with p = 1/9 has a standard deviation of 19; five of them.
    for (const count of counts.values()) expect(Math.abs(count - (steps * ROWS) / 9)).toBeLessThan(95);
  });

  test('what moves out is lost, and nothing comes in on the other side', () => {
    const { perturb } = perturbedImages({ width: WIDTH, height: HEIGHT, shift: 2 });
    const steps = [1, 2, 3, 4];
    const corner = new Set(steps.flatMap((step) => places(perturb(dots(WIDTH - 1, HEIGHT - 1), { ...AT, step }))));
    const reached = ['4,2', '4,3', '4,4', '5,2', '5,3', '5,4', '6,2', '6,3', '6,4', 'gone'];
    expect([...corner].sort()).toEqual(reached);
  });

  test('adds Gaussian noise of the asked deviation, whatever the image, and does not cut it off', () => {
    const { perturb, dtypes } = perturbedImages({ width: WIDTH, height: HEIGHT, noise: 0.2 });
    expect(dtypes).toEqual({ pixels: 'float32' });
    const batch = dots(3, 2);
    const differences: number[] = [];
    for (let step = 1; step <= 20; step++) {
      const noisy = pixelsOf(perturb(batch, { ...AT, step }));
      noisy.forEach((value, i) => {
        differences.push(value - (pixelsOf(batch)[i] ?? 0));
      });
    }
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
    const deviation = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / differences.length);
    // 42,000 draws of N(0, 51²): standard errors of 0.25 and 0.18; five of them.
    expect(Math.abs(mean)).toBeLessThan(1.25);
    expect(Math.abs(deviation - 51)).toBeLessThan(0.9);
    // Φ(−1) of a normal: 15.9 %, with a standard error of 0.2 %.
    const below = differences.filter((d) => d < -51).length / differences.length;
    expect(Math.abs(below - 0.1587)).toBeLessThan(0.01);
  });

  // Where a dot's light lies on average, from the middle; bilinear reading moves it as far as the map says.
  const centreOf = (pixels: Float32Array | Uint8Array) => {
    const image = Array.from(pixels);
    const light = image.reduce((sum, value) => sum + value, 0);
    const mean = (of: (i: number) => number) => image.reduce((sum, value, i) => sum + value * of(i), 0) / light;
    return { right: mean((i) => i % WIDTH) - 3, down: mean((i) => Math.floor(i / WIDTH)) - 2 };
  };
  const centres = (options: object, x: number, y: number) => {
    const { perturb, dtypes } = perturbedImages({ width: WIDTH, height: HEIGHT, ...options });
    expect(dtypes).toEqual({ pixels: 'float32' });
    const pixels = pixelsOf(perturb(dots(x, y), AT));
    return Array.from({ length: ROWS }, (_, row) => centreOf(pixels.subarray(row * SIZE, (row + 1) * SIZE)));
  };
  // Sixty uniform draws leave a tenth at either end empty in 2 · 0.9^60 of cases: 0.4 %, and these draws are fixed. Bilinear
  // reading turns a point of light into a blot, which moves its middle by up to a tenth of a pixel.
  const BLOT = 0.1;

  test('turns either way, up to the asked angle', () => {
    const downs = centres({ rotation: 30 }, 5, 2).map(({ down }) => down);
    // 2 pixels right of the middle: sin 30° · 2 = 1 pixel up or down.
    expect(Math.max(...downs)).toBeGreaterThan(0.8);
    expect(Math.min(...downs)).toBeLessThan(-0.8);
    expect(Math.max(...downs.map(Math.abs))).toBeLessThan(1 + BLOT);
  });

  test('stretches width and height, each by a draw of its own', () => {
    const found = centres({ scaling: 0.2 }, 5, 4);
    const rights = found.map(({ right }) => right);
    expect(Math.max(...rights)).toBeGreaterThan(2.2);
    expect(Math.min(...rights)).toBeLessThan(1.8);
    expect(Math.max(...rights)).toBeLessThan(2.4 + BLOT);
    expect(Math.min(...rights)).toBeGreaterThan(1.6 - BLOT);
    expect(found.some(({ right, down }) => right > 2.1 && down < 1.9)).toBe(true);
  });

  test('slants to either side, and leaves the middle row where it is', () => {
    const rights = centres({ shear: 0.5 }, 3, 4).map(({ right }) => right);
    // 2 pixels below the middle: 1 pixel to the side at most.
    expect(Math.max(...rights)).toBeGreaterThan(0.8);
    expect(Math.min(...rights)).toBeLessThan(-0.8);
    expect(Math.max(...rights.map(Math.abs))).toBeLessThan(1 + BLOT);
    for (const { right, down } of centres({ shear: 0.5 }, 4, 2)) {
      expect(right).toBeCloseTo(1, 5);
      expect(down).toBeCloseTo(0, 5);
    }
  });

  test('rows get noise of their own', () => {
    const { perturb } = perturbedImages({ width: WIDTH, height: HEIGHT, noise: 0.2 });
    const noisy = pixelsOf(perturb(dots(3, 2), AT));
    const rows = Array.from({ length: ROWS }, (_, row) => String(noisy.slice(row * SIZE, (row + 1) * SIZE)));
    expect(new Set(rows).size).toBe(ROWS);
  });

  test.each([
    [{ shift: 5 }, 'shift: wanted an integer from 0 to 4 (pixels), got 5'],
    [{ shift: 0.5 }, 'shift: wanted an integer from 0 to 4 (pixels), got 0.5'],
    [{ rotation: 181 }, 'rotation: wanted an angle from 0 to 180 degrees, got 181'],
    [{ scaling: 1 }, 'scaling: wanted a number ≥ 0 and < 1, got 1'],
    [{ shear: -0.1 }, 'shear: wanted a number ≥ 0 (pixels per row), got -0.1'],
    [{ noise: -1 }, 'noise: wanted a standard deviation ≥ 0, got -1'],
    [{ noise: Number.NaN }, 'noise: wanted a standard deviation ≥ 0, got NaN'],
  ])('refuses %j', (options, message) => {
    expect(() => perturbedImages({ width: WIDTH, height: HEIGHT, ...options })).toThrow(message);
  });

  test('refuses batches of other images', () => {
    const { perturb } = perturbedImages({ width: 3, height: 3, shift: 1 });
    expect(() => perturb(dots(3, 2), AT)).toThrow('perturbedImages: wanted pixels uint8[B, 9], got uint8[60, 35]');
  });
});
