import { describe, expect, test } from 'vitest';
import { thisProcess } from '../../src/files/process-identity.js';
import type { Lease, WorkSource } from '../../src/files/work-source.js';

const UNITS = ['a-1', 'b-1'];
const GIVEN = { result: { score: 0.5 }, about: { seconds: 3 } };
const OPEN = { state: 'open', failures: 0, results: 0 };

/** What every source of work does. @param place new work, which each call of what it gives joins. */
export function describeWorkSource(place: () => () => Promise<WorkSource>): void {
  describe('a source of work', () => {
    test('hands each unit to one of two who ask, and none to a third', async () => {
      const join = place();
      const [one, two] = [await join(), await join()];
      const both = await Promise.all([one.claim(UNITS), two.claim(UNITS)]);
      const taken = [...both, await one.claim(UNITS), await two.claim(UNITS)].flatMap((lease) => lease ?? []);
      expect(taken.map(({ unit, number }) => `${unit}.${number}`).sort()).toEqual(['a-1.1', 'b-1.1']);
    });

    test('hands out units in their order, and only those that are asked for', async () => {
      const join = place();
      const work = await join();
      expect(await work.claim(UNITS)).toMatchObject({ unit: 'a-1' });
      await work.giveBack({ unit: 'a-1', number: 1 });
      expect(await work.claim(['b-1'])).toMatchObject({ unit: 'b-1' });
      expect(await work.claim(['b-1'])).toBeUndefined();
      expect(await (await join()).claim(UNITS)).toMatchObject({ unit: 'a-1' });
    });

    test('keeps a result for all, with what is not compared, and hands the unit out no more', async () => {
      const join = place();
      const work = await join();
      expect(await work.finish(await claimed(work, 'a-1'), GIVEN)).toBe('kept');
      for (const source of [work, await join()]) {
        expect(await source.resultOf('a-1')).toEqual(GIVEN);
        expect(await source.claim(['a-1'])).toBeUndefined();
        expect(await source.standing(UNITS)).toEqual(
          new Map([
            ['a-1', { state: 'done', failures: 0, results: 1 }],
            ['b-1', OPEN],
          ]),
        );
      }
    });

    test('of a unit without a result says so', async () => {
      await expect((await place()()).resultOf('a-1')).rejects.toThrow('wanted the result of a unit, got none');
    });

    test('tells who has a unit, and how far it is', async () => {
      const join = place();
      const work = await join();
      const lease = await claimed(work, 'a-1');
      const other = await join();
      expect((await other.standing(['a-1'])).get('a-1')).toMatchObject({
        state: 'held',
        held: { owner: thisProcess() },
      });
      expect(work.renew(lease, 0.5, 2)).toBe(true);
      await expect
        .poll(async () => (await other.standing(['a-1'])).get('a-1'), { timeout: 60_000 })
        .toMatchObject({ state: 'held', held: { fraction: 0.5, seconds: 2 } });
    });

    test('of a lease that is not had, or was ended, nothing is kept', async () => {
      const work = await place()();
      const lease = await claimed(work, 'a-1');
      const later = { ...lease, number: 7 };
      expect(work.renew(later, 0.5, 1)).toBe(false);
      expect(await work.finish(later, GIVEN)).toBe('lost');
      await work.fail(later, 'late');
      await work.giveBack(later);
      expect(work.renew(lease, 0.5, 1)).toBe(true);
      await work.giveBack(lease);
      expect(work.renew(lease, 0.5, 1)).toBe(false);
      expect(await work.finish(lease, GIVEN)).toBe('lost');
      expect(await work.standing(['a-1'])).toEqual(new Map([['a-1', OPEN]]));
    });

    test('a unit that fails three times is set aside with its reasons, until that is forgiven', async () => {
      const join = place();
      const work = await join();
      for (const reason of ['first', 'second', 'third']) await work.fail(await claimed(work, 'a-1'), reason);
      expect(await work.claim(['a-1'])).toBeUndefined();
      const other = await join();
      expect((await other.standing(['a-1'])).get('a-1')).toEqual({ state: 'aside', failures: 3, results: 0 });
      expect(await other.failuresOf('a-1')).toEqual(['first', 'second', 'third']);
      await other.forgive(UNITS);
      expect(await other.standing(['a-1'])).toEqual(new Map([['a-1', OPEN]]));
      expect(await other.failuresOf('a-1')).toEqual([]);
      await work.fail(await claimed(work, 'a-1'), 'fourth');
      expect((await work.standing(['a-1'])).get('a-1')).toEqual({ ...OPEN, failures: 1 });
      expect(await work.failuresOf('a-1')).toEqual(['fourth']);
    });

    test('failures that were forgiven before there were enough of them do not count either', async () => {
      const work = await place()();
      for (const reason of ['first', 'second']) await work.fail(await claimed(work, 'a-1'), reason);
      await work.forgive(['a-1']);
      for (const reason of ['third', 'fourth']) await work.fail(await claimed(work, 'a-1'), reason);
      expect((await work.standing(['a-1'])).get('a-1')).toEqual({ ...OPEN, failures: 2 });
    });

    test('what is given back is free again, and no failure', async () => {
      const work = await place()();
      await work.giveBack(await claimed(work, 'a-1'));
      expect(await work.standing(['a-1'])).toEqual(new Map([['a-1', OPEN]]));
      expect(await work.claim(['a-1'])).toMatchObject({ unit: 'a-1' });
    });

    test('thousands of units are handed out once each, to many at a time', async () => {
      const join = place();
      const units = Array.from({ length: 300 }, (_, i) => `unit-${i}`);
      const sources = await Promise.all([0, 1, 2].map(join));
      const done: string[] = [];
      await Promise.all(
        sources.map(async (source) => {
          for (let lease = await source.claim(units); lease !== undefined; lease = await source.claim(units)) {
            if ((await source.finish(lease, GIVEN)) === 'kept') done.push(lease.unit);
          }
        }),
      );
      expect(done.sort()).toEqual([...units].sort());
      const standing = await (await join()).standing(units);
      expect([...standing.values()].filter(({ state }) => state === 'done')).toHaveLength(units.length);
    });
  });
}

/** @throws Error where it cannot be had. */
export async function claimed(work: WorkSource, unit: string): Promise<Lease> {
  const lease = await work.claim([unit]);
  if (lease === undefined) throw new Error(`${unit} is not free`);
  return lease;
}
