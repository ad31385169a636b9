/** @file Runs traced values in a session of their own. */

import { toProgram } from '../../src/autograd/lower.js';
import type { GraphForm, Value } from '../../src/autograd/value.js';
import { openSession } from '../../src/runtime/session.js';
import { type Tensor, toNumbers } from '../../src/tensor/tensor.js';

export type EvaluateOptions = { readonly form?: GraphForm; readonly threads?: number };

/** Tensors by the names of `outputs`; feeds that the graph does not read are left out. */
export async function evaluate<Name extends string>(
  outputs: Readonly<Record<Name, Value>>,
  feeds: Readonly<Record<string, Tensor>> = {},
  { form = 'training', threads = 1 }: EvaluateOptions = {},
): Promise<Record<Name, Tensor>> {
  const program = toProgram({ outputs, form });
  const session = await openSession(program, { threads });
  try {
    const read = program.inputs.map(({ name }) => [name, feeds[name] as Tensor]);
    return (await session.run(Object.fromEntries(read))) as Record<Name, Tensor>;
  } finally {
    await session.release();
  }
}

/** The elements of one value. */
export async function numbersOf(
  value: Value,
  feeds: Readonly<Record<string, Tensor>> = {},
  options: EvaluateOptions = {},
): Promise<number[]> {
  return toNumbers((await evaluate({ value }, feeds, options)).value);
}

/** ‖got − wanted‖ / max(1, ‖wanted‖), as the gradient checks measure. */
export function relativeError(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Math.hypot(...got.map((value, i) => value - (wanted[i] as number))) / Math.max(1, Math.hypot(...wanted));
}
