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
    const { perturb } = perturbedImages({ width: WIDTH, height: HEIGHT, shift: 2, noise: 0.1 });
    const batch = dots(3, 2);
    const before = Array.from(pixelsOf(batch));
    const of = (at: Partial<typeof AT>) => Array.from(pixelsOf(perturb(batch, { ...AT, ...at })));
    const first = of({});
    expect(of({ step: 2 })).not.toEqual(first);
    expect(of({ seed: 4 })).not.toEqual(first);
    expect(of({ part: 1 })).not.toEqual(first);
    expect(of({})).toEqual(first);
    // Another object, as a resumed process makes.
    const again = perturbedImages({ width: WIDTH, height: HEIGHT, shift: 2, noise: 0.1 });
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

  test('rows get noise of their own', () => {
    const { perturb } = perturbedImages({ width: WIDTH, height: HEIGHT, noise: 0.2 });
    const noisy = pixelsOf(perturb(dots(3, 2), AT));
    const rows = Array.from({ length: ROWS }, (_, row) => String(noisy.slice(row * SIZE, (row + 1) * SIZE)));
    expect(new Set(rows).size).toBe(ROWS);
  });

  test.each([
    [{ shift: 5 }, 'shift: wanted whole pixels from 0 to 4, got 5'],
    [{ shift: 0.5 }, 'shift: wanted whole pixels from 0 to 4, got 0.5'],
    [{ noise: -1 }, 'noise: wanted a standard deviation from 0, got -1'],
    [{ noise: Number.NaN }, 'noise: wanted a standard deviation from 0, got NaN'],
  ])('refuses %j', (options, message) => {
    expect(() => perturbedImages({ width: WIDTH, height: HEIGHT, ...options })).toThrow(message);
  });

  test('refuses batches of other images', () => {
    const { perturb } = perturbedImages({ width: 3, height: 3, shift: 1 });
    expect(() => perturb(dots(3, 2), AT)).toThrow('perturbedImages: wanted pixels uint8[B, 9], got uint8[60, 35]');
  });
});
