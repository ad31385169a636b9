import { describe, expect, test } from 'vitest';
import { allRows, middleRows, rowsOfBatch, workByBatch } from '../../src/data/row-sample.js';

const texts = (lengths: readonly number[]) =>
  ({ text: { lengths: Uint32Array.from(lengths) } }) as unknown as Parameters<typeof middleRows>[0];

describe('middleRows', () => {
  test('have the lengths around the middle one', () => {
    const data = texts([90, 10, 50, 40, 60, 20, 70]);
    expect([...middleRows(data, allRows(7), 3)]).toEqual([3, 2, 4]);
    expect([...middleRows(data, allRows(7), 1)]).toEqual([2]);
    expect(middleRows({}, allRows(5), 9).length).toBe(5);
  });
});

describe('workByBatch', () => {
  test('counts the padding of each batch of at most 2,048 tokens', () => {
    // By hand: 20 of 100 tokens fit, 2,000; the other five with the longest are padded to 200.
    const lengths = [...new Array<number>(25).fill(100), 200];
    const work = workByBatch(texts(lengths), allRows(26));
    expect(work).toEqual([2000, 1200]);
    expect(workByBatch({}, allRows(26))).toEqual([26]);
    expect(workByBatch({}, allRows(0))).toEqual([]);
  });
});

describe('rowsOfBatch', () => {
  test('is how many of middle length are read at once', () => {
    expect(rowsOfBatch(texts(new Array<number>(100).fill(100)), allRows(100))).toBe(20);
    expect(rowsOfBatch(texts([100, 100, 100]), allRows(3))).toBe(3);
    expect(rowsOfBatch({}, allRows(100))).toBe(100);
  });
});
