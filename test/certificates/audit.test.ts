import { describe, expect, test } from 'vitest';
import { type Audit, audited } from '../../src/certificates/audit.js';
import { RandomStream } from '../../src/tensor/random.js';
import { stoppedAt } from './streams.js';

describe('audited', () => {
  // By hand for one bet, risk 0.25: q = 0.3125, 0.375, 0.5, 0.75, the others above 1. After one error M is the mean of q / 0.25.
  test('multiplies the bets, and the mean of them is what counts', () => {
    const once = audited({ risk: 0.25, delta: 0.05 }, undefined, true);
    expect(Math.exp(once.logWealth)).toBeCloseTo((1.25 + 1.5 + 2 + 3) / 4, 10);
    const twice = audited({ risk: 0.25, delta: 0.05 }, once, false);
    const bets = [1.25, 1.5, 2, 3].map((times) => times * ((1 - times * 0.25) / 0.75));
    expect(Math.exp(twice.logWealth)).toBeCloseTo(bets.reduce((sum, bet) => sum + bet, 0) / 4, 10);
    expect(twice).toMatchObject({ asked: 2, wrong: 1 });
  });

  test('stops one of thrice the bound in every stream, by the 400th request at the median', () => {
    const random = new RandomStream(6, 'audit');
    const stops = Array.from({ length: 200 }, () => stoppedAt(0.06, random) ?? Infinity).sort((a, b) => a - b);
    expect(stops.at(-1)).toBeLessThan(10_000);
    expect(stops[100]).toBeLessThan(400);
  });

  test('stays stopped, whatever comes after, and a replay of the log gives the same', () => {
    const bound = { risk: 0.1, delta: 0.05 };
    const log = [...Array.from({ length: 12 }, () => true), ...Array.from({ length: 500 }, () => false)];
    let audit: Audit | undefined;
    for (const isWrong of log) audit = audited(bound, audit, isWrong);
    expect(audit?.stoppedAt).toBeLessThanOrEqual(12);
    expect(audit).toMatchObject({ asked: 512, wrong: 12 });
    expect(audit?.logWealth).toBeLessThan(0);
    let again: Audit | undefined;
    for (const isWrong of log) again = audited(bound, again, isWrong);
    expect(again).toEqual(audit);
  });

  test.each([
    { risk: 0, delta: 0.05 },
    { risk: 0.02, delta: 1 },
    { risk: NaN, delta: 0.05 },
  ])('refuses %o', (bound) => {
    expect(() => audited(bound, undefined, true)).toThrow(/a share between 0 and 1/);
  });

  test('bets also where the bound is so high that no usual bet is left', () => {
    expect(audited({ risk: 0.9, delta: 0.05 }, undefined, true).logWealth).toBeCloseTo(Math.log(0.95 / 0.9), 10);
  });
});
