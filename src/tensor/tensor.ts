import { ShapeError } from '../errors/failures.js';
import { ARRAY_TYPES, type ArrayOf, type Dtype } from './dtype.js';
import { formatShape, type StaticShape, sizeOf } from './shape.js';

/** A dense row-major array on the host. */
export type Tensor<D extends Dtype = Dtype> = {
  readonly dtype: D;
  readonly shape: StaticShape;
  readonly data: ArrayOf[D];
};

/**
 * Wraps an array without copying it.
 * @throws ShapeError if the number of elements does not fit the shape.
 */
export function tensor<D extends Dtype>(dtype: D, shape: StaticShape, data: ArrayOf[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      where: 'tensor',
      wanted: `${sizeOf(shape)} elements for shape ${formatShape(shape)}`,
      got: `${data.length}`,
    });
  }
  return { dtype, shape, data };
}

export function zeros<D extends Dtype>(dtype: D, shape: StaticShape): Tensor<D> {
  return { dtype, shape, data: new ARRAY_TYPES[dtype](sizeOf(shape)) };
}

/** A tensor from plain numbers. Integers above 2^53 have no place here. */
export function fromNumbers<D extends Dtype>(dtype: D, shape: StaticShape, values: ArrayLike<number>): Tensor<D> {
  const result: Tensor = zeros<Dtype>(dtype, shape);
  if (values.length !== result.data.length) {
    throw new ShapeError({
      where: 'fromNumbers',
      wanted: `${result.data.length} elements for shape ${formatShape(shape)}`,
      got: `${values.length}`,
    });
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (result.data instanceof BigInt64Array) result.data[i] = BigInt(value);
    else result.data[i] = value;
  }
  return result as Tensor<D>;
}

/** Elements as numbers, whatever the type. */
export function toNumbers(value: { readonly data: ArrayLike<number> | BigInt64Array }): number[] {
  return Array.from(value.data as ArrayLike<number | bigint>, Number);
}
