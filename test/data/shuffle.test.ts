import { describe, expect, test } from 'vitest';
import { batchesInOrder, type Cursor, epochBatches, epochOrder } from '../../src/data/shuffle.js';
import { CheckpointError, OptionError } from '../../src/errors/failures.js';

const START: Cursor = { epoch: 0, position: 0 };

describe('epochOrder', () => {
  test('is a permutation, another one for each epoch and seed, and the same one each time', () => {
    const orders = [epochOrder(100, 42, 0), epochOrder(100, 42, 1), epochOrder(100, 43, 0)];
    for (const order of orders)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(new Set(orders.map(String)).size).toBe(3);
    expect(epochOrder(100, 42, 1)).toEqual(orders[1]);
  });
});

describe('epochBatches', () => {
  test('serves the order of the epoch, the last batch short', () => {
    const batches = [...epochBatches({ size: 10, batchSize: 4, seed: 1, cursor: { epoch: 3, position: 0 } })];
    expect(batches.map(({ rows }) => rows.length)).toEqual([4, 4, 2]);
    expect(batches.flatMap(({ rows }) => [...rows])).toEqual([...epochOrder(10, 1, 3)]);
    expect(batches.map(({ next }) => next)).toEqual([
      { epoch: 3, position: 4 },
      { epoch: 3, position: 8 },
      { epoch: 4, position: 0 },
    ]);
  });

  test('a batch size that divides the rows ends the epoch with a full batch', () => {
    const batches = [...epochBatches({ size: 8, batchSize: 4, seed: 1, cursor: START })];
    expect(batches.map(({ rows }) => rows.length)).toEqual([4, 4]);
    expect(batches.at(-1)?.next).toEqual({ epoch: 1, position: 0 });
  });

  test('goes on from every saved cursor as if never interrupted', () => {
    const options = { size: 23, batchSize: 5, seed: 7 };
    const run = (cursor: Cursor, epochs: number): number[][] => {
      const served: number[][] = [];
      let at = cursor;
      while (at.epoch < epochs) {
        for (const { rows, next } of epochBatches({ ...options, cursor: at })) {
          served.push([...rows]);
          at = next;
        }
      }
      return served;
    };
    const whole = run(START, 3);
    let done = 0;
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const { next } of epochBatches({ ...options, cursor: { epoch, position: 0 } })) {
        done += 1;
        expect(run(next, 3)).toEqual(whole.slice(done));
      }
    }
    expect(done).toBe(whole.length);
  });

  test.each([
    { epoch: 0, position: 10 },
    { epoch: 0, position: -1 },
    { epoch: 0.5, position: 0 },
    { epoch: -1, position: 0 },
  ])('refuses the cursor %j of other data', (cursor) => {
    const first = () => epochBatches({ size: 10, batchSize: 4, seed: 1, cursor }).next();
    expect(first).toThrow(CheckpointError);
    expect(first).toThrow(/shuffle: wanted a position in an epoch of 10 rows, got epoch .*; resume with the data set/);
  });

  test.each([0, -1, 2.5, Number.NaN])('refuses batch size %d', (batchSize) => {
    expect(() => epochBatches({ size: 10, batchSize, seed: 1, cursor: START }).next()).toThrow(OptionError);
    expect(() => batchesInOrder(10, batchSize).next()).toThrow('batchSize: wanted an integer ≥ 1');
  });
});

describe('batchesInOrder', () => {
  test('serves all rows once, in order', () => {
    expect([...batchesInOrder(7, 3)].map((rows) => [...rows])).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });
});
