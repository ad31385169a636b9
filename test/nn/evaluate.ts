/** @file Runs traced values once, and compares results with golden numbers. */
import { expect } from 'vitest';
import { toProgram } from '../../src/autograd/lower.js';
import type { Value } from '../../src/autograd/value.js';
import { openSession } from '../../src/runtime/session.js';
import type { Dtype } from '../../src/tensor/dtype.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';

export type Nested = number | readonly Nested[];

/** Values computed from feeds by input name; feeds that nothing reads are left out. */
export async function evaluate<Name extends string>(
  outputs: Readonly<Record<Name, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<Name, Tensor>> {
  const program = toProgram({ outputs });
  const session = await openSession(program, { threads: 1 });
  const read = program.inputs
    .map(({ name }) => [name, feeds[name]] as const)
    .filter(([, value]) => value !== undefined);
  try {
    return (await session.run(Object.fromEntries(read) as Record<string, Tensor>)) as Record<Name, Tensor>;
  } finally {
    await session.release();
  }
}

function shapeOf(nested: Nested): number[] {
  return typeof nested === 'number' ? [] : [nested.length, ...shapeOf(nested[0] ?? 0)];
}

/** Nested lists, as golden files hold tensors, on the host. */
export function nestedTensor<D extends Dtype>(dtype: D, nested: Nested): Tensor<D> {
  return fromNumbers(dtype, shapeOf(nested), flat(nested));
}

export function flat(nested: Nested): number[] {
  return typeof nested === 'number' ? [nested] : nested.flatMap(flat);
}

/** |ours − golden| <= tolerance · the largest |golden| of the tensor, as the golden vectors ask for. */
export function expectGolden(ours: Tensor | undefined, golden: Nested, tolerance: number, what: string): void {
  const wanted = flat(golden);
  const got = toNumbers(ours ?? { data: [] });
  expect(got, `${what}: number of elements`).toHaveLength(wanted.length);
  const largest = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...got.map((value, i) => Math.abs(value - (wanted[i] as number))));
  expect(got.every(Number.isFinite), `${what}: finite`).toBe(true);
  expect(worst, `${what}: largest difference`).toBeLessThanOrEqual(tolerance * largest);
}
