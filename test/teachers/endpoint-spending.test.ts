import { describe, expect, test } from 'vitest';
import { money, Spending } from '../../src/teachers/endpoint-spending.js';

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
      'teacher m: wanted to stay within a cost of 10, got 6.00 after 3 of 9 rows, and up to 5.00 for the next; raise maxCost and run it again: what was answered is kept',
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

describe('money', () => {
  test.each([
    [12.345, '12.35'],
    [0.01, '0.01'],
    [0.00123, '0.0012'],
  ])('%f is %s', (value, shown) => {
    expect(money(value)).toBe(shown);
  });
});
