import { describe, expect, test } from 'vitest';
import { endpointPlan } from '../../src/teachers/endpoint-plan.js';

const terms = { draws: 3, outputTokens: 10, classes: 2 };
const prices = { input: 2, output: 8 };
/** By hand, at 4 bytes a token and 4 tokens a message: 3 + 8 = 11 and 5 + 4 = 9 tokens; 900 bytes a line of the log. */
const open = [
  { bytes: 10, textBytes: 6, messages: 2 },
  { bytes: 20, textBytes: 12, messages: 1 },
];
const signals = {
  logits: { dtype: 'float32', shape: [2] },
  remainder: { dtype: 'float32', shape: [2] },
};

describe('endpointPlan', () => {
  test('says what is not known without prices and limits by nothing', () => {
    const bytes = 6 + 12 + 2 * 900;
    expect(endpointPlan(5, open, terms)).toStrictEqual({ rows: 5, unanswered: 2, bytes, signals });
  });

  test('takes as long as the limit of requests says, and no time where all is answered', () => {
    expect(endpointPlan(5, open, { ...terms, requestsPerMinute: 30 }).seconds).toBe(4);
    const one = open.slice(0, 1);
    expect(endpointPlan(5, one, { ...terms, requestsPerMinute: 30 }).seconds).toBe(2);
    expect(endpointPlan(5, one, terms)).not.toHaveProperty('seconds');
    expect(endpointPlan(5, [], terms)).toStrictEqual({ rows: 5, unanswered: 0, seconds: 0, bytes: 0, signals });
  });

  test('costs what the tokens cost, or what answers so far have cost on average', () => {
    const priced = { ...terms, prices };
    // By hand: 20 tokens in, 2 questions × 3 draws × 10 tokens out, by prices of a million.
    const byPrices = (20 * 2 + 60 * 8) / 1e6;
    expect(endpointPlan(5, open, priced).cost).toBe(byPrices);
    expect(endpointPlan(5, open, priced, { rows: 0, cost: 0 }).cost).toBe(byPrices);
    expect(endpointPlan(5, open, priced, { rows: 1, cost: 0.5 }).cost).toBe(1);
    expect(endpointPlan(5, open, priced, { rows: 4, cost: 0.5 }).cost).toBe(0.25);
    expect(endpointPlan(5, open, terms, { rows: 4, cost: 0.5 })).not.toHaveProperty('cost');
  });
});
