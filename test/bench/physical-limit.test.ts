import { describe, expect, test } from 'vitest';
import { productRates, stepOperations } from '../../bench/physical-limit.js';

const SIZES = { layers: 6, hidden: 384, intermediate: 1536 };

describe('stepOperations', () => {
  // Witness: torch.utils.flop_counter of PyTorch 2.13 over forward and backward pass of transformers' BertForSequenceClassification
  // (6 layers, hidden 384, intermediate 1,536, 2 labels, eager attention), two rows.
  test.each([
    [16, 2_054_366_208],
    [64, 8_381_998_080],
  ])('two rows of %i tokens take as many as PyTorch counts', (length, counted) => {
    expect(stepOperations(SIZES, { rows: 2, length, isLastWhole: true })).toBe(counted);
  });

  test('a last layer at the first token is a whole one where there is one token', () => {
    const [whole, first] = [true, false].map((isLastWhole) =>
      stepOperations(SIZES, { rows: 3, length: 1, isLastWhole }),
    );
    expect(first).toBe(whole);
  });

  test('a last layer at the first token spares nearly all of its products but keys and values', () => {
    const only = { layers: 1, hidden: 384, intermediate: 1536 };
    const [whole, first] = [true, false].map((isLastWhole) =>
      stepOperations(only, { rows: 1, length: 512, isLastWhole }),
    );
    // 2 of 12 squares of the hidden size, beside the attention of 512 tokens.
    expect((first as number) / (whole as number)).toBeCloseTo(2 / (12 + (2 * 512) / 384), 2);
  });
});

test('productRates finds the error of float32 in a small product, and a rate', async () => {
  const { gflops, errors } = await productRates([[8, 64, 8]], { threads: 1, milliseconds: 1 });
  expect(gflops[0]).toBeGreaterThan(0);
  // float32 rounds to 2^-24 of a value, and 64 terms are added.
  expect(errors[0]).toBeLessThan(64 * 2 ** -24);
  expect(errors[0]).toBeGreaterThan(0);
});
