/** @file Runs a loss on golden inputs: value and gradients against the witness, in float64 and float32. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { input, type Value } from '../../src/autograd/value.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';

export type Precision = readonly [dtype: 'float32' | 'float64', tolerance: number];
export const PRECISIONS: readonly Precision[] = [
  ['float64', 1e-9],
  ['float32', 2e-5],
];

export function readGolden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8')) as T;
}

export type Witnessed = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly value: number;
  readonly gradient: Readonly<Record<string, Nested>>;
};

/** Inputs that hold labels or masks. */
const INTEGERS = /labels|mask/i;

/** The witness's inputs as graph inputs and as what to feed. */
export function tracedInputs(inputs: Readonly<Record<string, Nested>>, dtype: Precision[0]) {
  const feeds: Record<string, Tensor> = {};
  const values: Record<string, Value> = {};
  for (const [name, nested] of Object.entries(inputs)) {
    const tensor = nestedTensor<Precision[0] | 'int64'>(INTEGERS.test(name) ? 'int64' : dtype, nested);
    feeds[name] = tensor;
    values[name] = input(name, tensor.dtype, tensor.shape);
  }
  return { feeds, values };
}

/** Traces `loss` of the inputs, a scalar, and compares it and its gradients with the witness. */
export async function expectWitnessed(
  witness: Witnessed,
  loss: (inputs: Record<string, Value>) => Value,
  [dtype, tolerance]: Precision,
): Promise<void> {
  const { feeds, values } = tracedInputs(witness.inputs, dtype);
  const total = loss(values);
  const names = Object.keys(witness.gradient);
  const outputs: Record<string, Value> = { total };
  for (const [i, g] of gradients(
    total,
    names.map((name) => values[name] as Value),
  ).entries()) {
    outputs[`gradient of ${names[i]}`] = g;
  }
  const results = await evaluate(outputs, feeds);
  expect(results.total?.shape).toEqual([]);
  expectGolden(results.total, witness.value, tolerance, 'loss');
  for (const name of names) {
    const key = `gradient of ${name}`;
    expectGolden(results[key], witness.gradient[name] as Nested, tolerance, key);
  }
}
