import { describe, expect, test } from 'vitest';
import type { Reading, Standing } from '../../../src/outside/asking/outside.js';
import { Standings } from '../../../src/outside/asking/standings.js';

const OPEN: Standing = { kind: 'open', draws: 0 };
const read = (kind: Reading['kind'], more: Partial<Reading> = {}): Standing => ({
  ...{ kind, target: { logits: [0, 0] } },
  ...more,
});

describe('Standings', () => {
  test('count what stands how, whatever the order, and forget how it stood before', () => {
    const standings = new Standings();
    const walked = { outside: 0.25, exact: 0.5, differs: true };
    standings.set(5000, read('logprobs', walked));
    standings.set(3, OPEN);
    standings.set(7, OPEN);
    standings.set(3, read('refused'));
    standings.set(2, read('logprobs', { outside: 0.125, exact: 1 }));
    expect([3, 7, 5000, 2, 4, 1e6].map((question) => standings.kindOf(question))).toEqual([
      ...['refused', 'open', 'logprobs', 'logprobs'],
      ...[undefined, undefined],
    ]);
    expect(standings.size).toBe(4);
    expect(['open', 'refused', 'logprobs', 'label'].map((kind) => standings.count(kind as Reading['kind']))).toEqual([
      1, 1, 2, 0,
    ]);
    expect(standings.sums).toEqual({ outside: 0.375, exact: 1.5, differing: 1 });
    expect([standings.first('refused'), standings.first('logprobs'), standings.first('label')]).toEqual([
      3,
      2,
      undefined,
    ]);
    standings.set(5000, OPEN);
    expect([standings.kindOf(5000), standings.sums, standings.size]).toEqual([
      'open',
      { outside: 0.125, exact: 1, differing: 0 },
      4,
    ]);
  });
});
