import { describe, expect, test } from 'vitest';
import { mixup } from '../../../src/methods/views.js';
import { type ViewDraw, viewInput } from '../../../src/training/step/views.js';

const views = { mixed: mixup({ a: 0.4 }) };
const draw = (given: Partial<ViewDraw> = {}): ViewDraw => ({
  seed: 1,
  step: 1,
  at: 0,
  weights: new Float32Array(8).fill(1),
  ...given,
});
const partnersOf = (given: Partial<ViewDraw> = {}) => {
  const offsets = viewInput('view.mixed.partner', views, draw(given))?.data as BigInt64Array;
  return Array.from(offsets, (offset, row) => row + Number(offset));
};
const lambdaOf = (given: Partial<ViewDraw> = {}) => viewInput('view.mixed.lambda', views, draw(given))?.data;

describe('viewInput', () => {
  test('partners are a permutation, another one in each step and batch, and for each seed', () => {
    const all = [{}, { step: 2 }, { at: 1 }, { seed: 2 }].map(partnersOf);
    for (const partners of all) expect([...partners].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(all.map(String)).size).toBe(4);
  });

  test('padding rows are no partners: they keep to themselves', () => {
    const weights = Float32Array.of(1, 1, 1, 1, 1, 0, 0, 0);
    for (let step = 1; step <= 50; step++) {
      const partners = partnersOf({ step, weights });
      expect(partners.slice(5)).toEqual([5, 6, 7]);
      expect([...partners.slice(0, 5)].sort()).toEqual([0, 1, 2, 3, 4]);
    }
  });

  test('lambda is one for all rows and batches of a step, and another in the next', () => {
    const own = lambdaOf();
    expect(new Set(own as Float32Array).size).toBe(1);
    expect(lambdaOf({ at: 1 })).toEqual(own);
    expect(lambdaOf({ step: 2 })).not.toEqual(own);
  });

  test('a draw is a function of seed, step and batch', () => {
    expect(partnersOf({ step: 7, at: 2 })).toEqual(partnersOf({ step: 7, at: 2 }));
    expect(lambdaOf({ step: 7 })).toEqual(lambdaOf({ step: 7 }));
  });

  test('says nothing of inputs of other views', () => {
    expect(viewInput('view.other.lambda', views, draw())).toBeUndefined();
  });
});
