import { describe, expect, test } from 'vitest';
import type { Portion } from '../../../src/options/option-spec.js';
import { limitBatches } from '../../../src/training/run/batch-limits.js';

describe('limitBatches', () => {
  // witness: lightning/pytorch/loops/utilities.py `_parse_num_batches` of Lightning 2: min(length, n) for a count,
  // int(length * fraction) for a fraction, an error if that is 0.
  test.each<[number, Portion | undefined, number]>([
    [938, undefined, 938],
    [938, { fraction: 1 }, 938],
    [938, { fraction: 0.5 }, 469],
    [13, { fraction: 0.25 }, 3],
    [4, { fraction: 0.25 }, 1],
    [13, { batches: 1 }, 1],
    [13, { batches: 100 }, 13],
    [13, { batches: 0 }, 0],
  ])('of %i batches %j leaves %i', (available, limit, left) => {
    expect(limitBatches(available, limit, 'limit')).toBe(left);
  });

  test('a fraction that leaves nothing names the least that does', () => {
    expect(() => limitBatches(4, { fraction: 0.2 }, 'limitEvalBatches')).toThrow(
      'limitEvalBatches: wanted a fraction of at least one batch, got 0.2 of 4 batches, which is less than one; use at least 0.25',
    );
  });

  test.each<Portion>([{ fraction: 0 }, { fraction: 1.5 }, { fraction: Number.NaN }, { batches: -1 }, { batches: 1.5 }])(
    '%j is refused',
    (limit) => {
      expect(() => limitBatches(10, limit, 'limit')).toThrow(/^limit: wanted (a fraction > 0|an integer)/);
    },
  );
});
