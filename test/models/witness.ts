/** @file Whole models against `test/python/make_models.py`: outputs and gradients, and the exported form. */
import { readFileSync } from 'node:fs';
import { vectorJacobianProduct } from '../../src/autograd/backward.js';
import { toProgram } from '../../src/autograd/lower.js';
import { constant, input, type Value } from '../../src/autograd/value.js';
import type { BatchDims, Model, Signals } from '../../src/models/model.js';
import { evaluationContext } from '../../src/nn/context.js';
import { constantParameters, inputParameters } from '../../src/nn/parameters.js';
import { openSession } from '../../src/runtime/session.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested, nestedTensor } from '../nn/evaluate.js';

export type Float = 'float32' | 'float64';
type Tensors = Readonly<Record<string, Nested>>;
export type Witness = {
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: Tensors;
  readonly inputs: Tensors;
  readonly cotangents: Tensors;
  readonly outputs: Readonly<Record<string, Nested | readonly Nested[]>>;
  readonly gradients: Tensors;
};

/** One section of `models.transformers.json`: a family's models by name. */
export function readWitnesses(family: string): Readonly<Record<string, Witness>> {
  const path = new URL('../golden/models.transformers.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Record<string, Witness>>>)[family] ?? {};
}

export const PRECISIONS: readonly (readonly [Float, number])[] = [
  ['float64', 1e-9],
  ['float32', 5e-5],
];

export function inputsOf(model: Model, dims: BatchDims): Record<string, Value> {
  return Object.fromEntries(model.inputs(dims).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)]));
}

/** Names of the random streams of a model's dropouts. First rows of a tensor, by themselves, are in the whole's. */
export function dropoutsOf(model: Model, dims: BatchDims): string[] {
  const sites: string[] = [];
  const dropout = (x: Value, rate: number, site: string, whole?: Value): Value => {
    if (rate > 0 && whole === undefined) sites.push(site);
    return x;
  };
  model.forward({ parameters: inputParameters(model.parameters), dropout }, inputsOf(model, dims));
  return sites;
}

export function tensorsOf(dtype: Float | 'int64', nested: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(nested).map(([name, value]) => [name, nestedTensor(dtype, value)]));
}

/** Compares the outputs that `read` finds in the signals, and the gradients by all parameters. */
export async function expectWitness(
  model: Model,
  witness: Witness,
  dims: BatchDims,
  [dtype, tolerance]: readonly [Float, number],
  read: (signals: Signals) => Readonly<Record<string, Value>>,
): Promise<void> {
  const parameters = inputParameters(model.parameters, dtype);
  const found = read(model.forward(evaluationContext(parameters), inputsOf(model, dims)));
  const pairs = Object.entries(witness.cotangents).map(
    ([name, r]) => [found[name] as Value, constant(nestedTensor(dtype, r))] as const,
  );
  const names = Object.keys(witness.gradients);
  const traced = vectorJacobianProduct(
    pairs,
    names.map((name) => parameters.get(name)),
  );
  const outputs: Record<string, Value> = { ...found };
  for (const [i, name] of names.entries()) outputs[`d ${name}`] = traced[i] as Value;
  const results = await evaluate(outputs, {
    ...tensorsOf('int64', witness.inputs),
    ...tensorsOf(dtype, witness.parameters),
  });
  for (const name of Object.keys(found)) {
    expectGolden(results[name], witness.outputs[name] as Nested, tolerance, name);
  }
  // Of the largest gradient: some are zero in exact arithmetic, such as a key's bias.
  const largest = Math.max(...Object.values(witness.gradients).flatMap((g) => flatMagnitudes(g)));
  for (const name of names) {
    const wanted = witness.gradients[name] as Nested;
    const isNoise = Math.max(...flatMagnitudes(wanted)) < 1e-9 * largest;
    if (!isNoise) expectGolden(results[`d ${name}`], wanted, tolerance, `gradient by ${name}`);
  }
}

function flatMagnitudes(nested: Nested): number[] {
  return typeof nested === 'number' ? [Math.abs(nested)] : nested.flatMap(flatMagnitudes);
}

/** Runs the exported form, names for rows and tokens, on each batch. */
export async function runExported(
  model: Model,
  witness: Witness,
  batches: readonly Tensors[],
): Promise<readonly Readonly<Record<string, Tensor>>[]> {
  const named = inputsOf(model, { B: 'N', S: 'S', S2: 'S2' });
  const parameters = constantParameters(tensorsOf('float32', witness.parameters));
  const { logits } = model.forward(evaluationContext(parameters), named);
  const program = toProgram({ outputs: { logits }, inputs: Object.values(named), form: 'export' });
  const session = await openSession(program, { threads: 1 });
  try {
    const results: Readonly<Record<string, Tensor>>[] = [];
    for (const batch of batches) results.push(await session.run(tensorsOf('int64', batch)));
    return results;
  } finally {
    await session.release();
  }
}
