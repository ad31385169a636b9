import { describe, expect, test } from 'vitest';
import { outsidePlan, Spending } from '../../../src/outside/asking/outside-spending.js';

/** A unit of money for a token of the question, two for one of the answer. */
const PRICES = { input: 1e6, output: 2e6 };
const STANDING = () => ({ done: 3, rows: 9 });
const spendingOf = (maxCost?: number) =>
  new Spending({ model: 'm', prices: PRICES, ...(maxCost !== undefined && { maxCost }) });

/** Whether a promise has settled once all else that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await new Promise((done) => setImmediate(done));
  return settled;
}

describe('Spending', () => {
  test('counts what all answers cost', () => {
    const spending = spendingOf();
    spending.count({ input: 3, output: 1 });
    spending.count({ input: 2, output: 4 });
    expect(spending.tokens).toEqual({ input: 5, output: 5 });
    expect(spending.cost(spending.tokens)).toBe(15);
    expect(new Spending({ model: 'free' }).cost({ input: 5, output: 5 })).toBe(0);
  });

  // Without it, eight at once pass a limit together; no test had any under way.
  test('holds back what requests under way may cost, and goes on once they cost less', async () => {
    const spending = spendingOf(10);
    const first = await spending.reserve({ input: 2, output: 1 }, STANDING); // 4
    await spending.reserve({ input: 4, output: 1 }, STANDING); // 6: 10 in all, which is not above it
    const third = spending.reserve({ input: 1, output: 0 }, STANDING); // 1
    expect(await isSettled(third)).toBe(false);
    spending.count({ input: 3, output: 0 });
    spending.settle(first); // 3 spent, 6 held back
    expect(await third).toBe(1);
  });

  test('refuses a request once only what was spent stands against it', async () => {
    const spending = spendingOf(10);
    const first = await spending.reserve({ input: 6, output: 0 }, STANDING);
    const second = spending.reserve({ input: 5, output: 0 }, STANDING);
    expect(await isSettled(second)).toBe(false);
    spending.count({ input: 6, output: 0 });
    spending.settle(first);
    await expect(second).rejects.toThrow(
      'teacher m: wanted a cost of at most 10, got 6.00 after 3 of 9 rows, and up to 5.00 for the next; raise maxCost and run it again: finished replies are kept',
    );
    // A smaller one still fits: exactly.
    expect(await spending.reserve({ input: 4, output: 0 }, STANDING)).toBe(4);
  });

  test('the end of one request frees what was held back for it, and no more', async () => {
    const spending = spendingOf(10);
    const first = await spending.reserve({ input: 4, output: 0 }, STANDING);
    const second = await spending.reserve({ input: 6, output: 0 }, STANDING);
    const third = spending.reserve({ input: 5, output: 0 }, STANDING);
    spending.count({ input: 4, output: 0 });
    spending.settle(first); // 4 spent, 6 held back
    expect(await isSettled(third)).toBe(false);
    spending.count({ input: 1, output: 0 });
    spending.settle(second); // 5 spent, none held back
    spending.settle(await third);
    const last = [2, 3].map((input) => spending.reserve({ input, output: 0 }, STANDING));
    expect(await Promise.all(last.map(isSettled))).toEqual([true, true]);
  });

  test('of several that wait, as many go on as fit', async () => {
    const spending = spendingOf(10);
    const first = await spending.reserve({ input: 10, output: 0 }, STANDING);
    const waiting = [4, 4, 4].map((input) => spending.reserve({ input, output: 0 }, STANDING));
    spending.settle(first);
    expect(await Promise.all(waiting.map(isSettled))).toEqual([true, true, false]);
  });
});

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

describe('outsidePlan', () => {
  test('says what is not known without prices and limits by nothing', () => {
    const bytes = 6 + 12 + 2 * 900;
    expect(outsidePlan(5, open, terms)).toStrictEqual({ rows: 5, unanswered: 2, bytes, signals });
  });

  test('takes as long as the limit of requests says, and no time where all is answered', () => {
    expect(outsidePlan(5, open, { ...terms, requestsPerMinute: 30 }).seconds).toBe(4);
    const one = open.slice(0, 1);
    expect(outsidePlan(5, one, { ...terms, requestsPerMinute: 30 }).seconds).toBe(2);
    expect(outsidePlan(5, one, terms)).not.toHaveProperty('seconds');
    expect(outsidePlan(5, [], terms)).toStrictEqual({ rows: 5, unanswered: 0, seconds: 0, bytes: 0, signals });
  });

  test('costs what the tokens cost, or what answers so far have cost on average', () => {
    const priced = { ...terms, prices };
    // By hand: 20 tokens in, 2 questions × 3 draws × 10 tokens out, by prices of a million.
    const byPrices = (20 * 2 + 60 * 8) / 1e6;
    expect(outsidePlan(5, open, priced).cost).toBe(byPrices);
    expect(outsidePlan(5, open, priced, { rows: 0, cost: 0 }).cost).toBe(byPrices);
    expect(outsidePlan(5, open, priced, { rows: 1, cost: 0.5 }).cost).toBe(1);
    expect(outsidePlan(5, open, priced, { rows: 4, cost: 0.5 }).cost).toBe(0.25);
    expect(outsidePlan(5, open, terms, { rows: 4, cost: 0.5 })).not.toHaveProperty('cost');
  });
});
