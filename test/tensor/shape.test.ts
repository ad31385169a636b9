import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors/failures.js';
import {
  broadcastShapes,
  dimProduct,
  expectShape,
  formatShape,
  isStatic,
  lengthOf,
  resolveAxis,
  sameShape,
  sizeOf,
  staticShape,
} from '../../src/tensor/shape.js';

describe('broadcastShapes', () => {
  // witness: numpy.broadcast_shapes
  test.each([
    [
      [8, 1, 6, 1],
      [7, 1, 5],
      [8, 7, 6, 5],
    ],
    [[256, 256, 3], [3], [256, 256, 3]],
    [[], [2, 3], [2, 3]],
    [[1], [0], [0]],
    [
      [5, 1],
      [1, 5],
      [5, 5],
    ],
  ])('%j and %j give %j', (a, b, expected) => {
    expect(broadcastShapes(a, b, 'add')).toEqual(expected);
    expect(broadcastShapes(b, a, 'add')).toEqual(expected);
  });

  test('a name broadcasts against 1 and itself', () => {
    expect(broadcastShapes(['N', 'S', 4], ['N', 1, 1], 'add')).toEqual(['N', 'S', 4]);
  });

  test.each([
    [
      [2, 3],
      [2, 4],
    ],
    [[3], [0]],
    [['N'], ['S']],
    [['N'], [7]],
  ])('%j and %j do not fit, and the message has both', (a, b) => {
    const broadcast = () => broadcastShapes(a, b, 'add');
    expect(broadcast).toThrow(ShapeError);
    expect(broadcast).toThrow(
      `add: wanted shapes that broadcast (equal lengths, or 1, from the last axis backwards), got ${formatShape(a)} and ${formatShape(b)}; reshape or transpose one of them`,
    );
  });
});

describe('expectShape', () => {
  test('returns the dimensions it matched', () => {
    expect(expectShape({ shape: [2, 3, 3, 4] }, ['B', 'S', 'S', 4], 'op')).toEqual([2, 3, 3, 4]);
  });

  test.each([
    [[2, 3], ['B', 'B'], 'op: wanted shape [B, B], got [2, 3] (B=2)'],
    [[2, 3], ['B', 4], 'op: wanted shape [B, 4], got [2, 3] (B=2)'],
    [[2, 3], ['B'], 'op: wanted shape [B], got [2, 3]'],
  ])('%j is no %j', (shape, pattern, message) => {
    expect(() => expectShape({ shape }, pattern, 'op')).toThrow(message);
  });
});

describe('dimProduct', () => {
  test('multiplies numbers and keeps names in one order', () => {
    expect(dimProduct([2, 3])).toBe(6);
    expect(dimProduct([])).toBe(1);
    expect(dimProduct(['S', 'N'])).toBe('N*S');
    expect(dimProduct(['S', 2, 'N', 3])).toBe('6*N*S');
  });

  test('does not depend on order or grouping', () => {
    const dims = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom('N', 'S', 'H')), { maxLength: 5 });
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        const whole = dimProduct([...a, ...b]);
        expect(dimProduct([...b, ...a])).toBe(whole);
        expect(dimProduct([dimProduct(a), dimProduct(b)])).toBe(whole);
      }),
      { seed: 1 },
    );
  });
});

describe('lengthOf', () => {
  const lengths = new Map([
    ['B', 3],
    ['S', 5],
  ]);

  test('is a number, a name, or a product of both', () => {
    expect([7, 'S', 'B*S', dimProduct([2, 'S', 'B'])].map((dim) => lengthOf(dim, lengths))).toEqual([7, 5, 15, 30]);
  });

  test('names what is not known', () => {
    expect(() => lengthOf('B*N', lengths)).toThrow('length: wanted one of B, S, got 3*N');
    expect(() => lengthOf('N', new Map())).toThrow('length: wanted one of none, got N');
  });
});

describe('resolveAxis', () => {
  test('counts negative axes from the end', () => {
    expect([0, 2, -1, -3].map((axis) => resolveAxis(axis, 3, 'op'))).toEqual([0, 2, 2, 0]);
  });

  test.each([3, -4, 0.5, Number.NaN])('%d is no axis of rank 3', (axis) => {
    expect(() => resolveAxis(axis, 3, 'sum')).toThrow('sum: wanted an axis from -3 to 2');
  });
});

describe('staticShape', () => {
  test('lets numbers pass and refuses names', () => {
    expect(staticShape([2, 3], 'op')).toEqual([2, 3]);
    expect(isStatic([2, 'N'])).toBe(false);
    expect(() => staticShape([2, 'N'], 'op')).toThrow('op: wanted a shape of numbers, got [2, N]');
  });
});

describe('sizeOf and sameShape', () => {
  test('a scalar has one element, an empty axis none', () => {
    expect([sizeOf([]), sizeOf([2, 3]), sizeOf([2, 0])]).toEqual([1, 6, 0]);
  });

  test('rank and every dimension count', () => {
    expect(sameShape(['N', 2], ['N', 2])).toBe(true);
    expect(sameShape([2], [2, 1])).toBe(false);
    expect(sameShape([2, 1], [2])).toBe(false);
  });
});
