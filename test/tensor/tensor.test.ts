import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors/failures.js';
import { ARRAY_TYPES, bytesPerElement, type Dtype, isFloat } from '../../src/tensor/dtype.js';
import { fromNumbers, tensor, toNumbers, zeros } from '../../src/tensor/tensor.js';

const DTYPES = Object.keys(ARRAY_TYPES) as Dtype[];

describe('dtype', () => {
  test('widths are those of the C types', () => {
    const widths = { float32: 4, float64: 8, int32: 4, int64: 8, uint8: 1, uint32: 4, bool: 1 };
    expect(Object.fromEntries(DTYPES.map((dtype) => [dtype, bytesPerElement(dtype)]))).toEqual(widths);
  });

  test('two of them are floating point', () => {
    expect(DTYPES.filter(isFloat)).toEqual(['float32', 'float64']);
  });
});

describe('tensor', () => {
  test('wraps the array itself', () => {
    const data = Float32Array.of(1, 2);
    expect(tensor('float32', [2, 1], data).data).toBe(data);
  });

  test('refuses a shape of another size', () => {
    expect(() => tensor('float32', [2, 2], new Float32Array(3))).toThrow(ShapeError);
    expect(() => tensor('float32', [2, 2], new Float32Array(3))).toThrow('wanted 4 elements for shape [2, 2], got 3');
  });
});

describe('zeros', () => {
  test.each(DTYPES)('%s has an array of its type', (dtype) => {
    const { data } = zeros(dtype, [2, 3]);
    expect(data).toBeInstanceOf(ARRAY_TYPES[dtype]);
    expect(toNumbers({ data })).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('fromNumbers', () => {
  test.each(DTYPES)('%s keeps whole numbers, and toNumbers gives them back', (dtype) => {
    expect(toNumbers(fromNumbers(dtype, [3], [0, 1, 1]))).toEqual([0, 1, 1]);
  });

  test('int64 holds signed numbers', () => {
    expect(fromNumbers('int64', [2], [-100, 2 ** 53]).data).toEqual(BigInt64Array.of(-100n, 2n ** 53n));
  });

  test('refuses a shape of another size', () => {
    expect(() => fromNumbers('int32', [2], [1])).toThrow('fromNumbers: wanted 2 elements for shape [2], got 1');
  });
});
