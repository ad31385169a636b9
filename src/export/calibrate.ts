/** @file What the inputs of a model's products lie between, from texts: the fixed ranges of its int8 form. */
import { OptionError } from '../errors/failures.js';
import type { OnnxGraph } from '../onnx/graph.js';
import { type ActivationRange, productsOf } from '../onnx/integer-products.js';
import { writeModel } from '../onnx/write.js';
import type { SessionOptions } from '../runtime/backend.js';
import type { NamedTensors } from '../runtime/running-session.js';
import { openModelSession } from '../runtime/session.js';
import { fromNumbers, type Tensor, toNumbers } from '../tensor/tensor.js';

export type CalibrationOptions = Pick<SessionOptions, 'threads'> & {
  /**
   * The share of tokens whose numbers all lie within a range, from 0 to 1. Few tokens have numbers far beyond the others', and a
   * range that included them would leave the others fewer of the 256 steps. Default: 0.999; shares from 0.99 to 1 are hardly
   * told apart on training rows (bench/int8-ranges.bench.ts).
   */
  readonly tokensWithin?: number;
};

const TOKENS_WITHIN = 0.999;

const ENDS = { low: 'ReduceMin', high: 'ReduceMax' } as const;

/**
 * Runs a model on texts and looks at what its products with weights are taken of.
 * @param graph as `exportedGraph` gives it, in float32
 * @param rows the model's inputs, one row each, without padding
 * @returns ranges by the names of the weights
 * @throws OptionError for a share that is none
 */
export async function calibrate(
  graph: OnnxGraph,
  rows: Iterable<NamedTensors>,
  { tokensWithin = TOKENS_WITHIN, ...options }: CalibrationOptions = {},
): Promise<ReadonlyMap<string, ActivationRange>> {
  if (!(tokensWithin >= 0 && tokensWithin <= 1)) {
    throw new OptionError({ where: 'tokensWithin', wanted: 'a share from 0 to 1', got: String(tokensWithin) });
  }
  const products = productsOf(graph);
  const activations = [...new Set(products.map(({ x }) => x))];
  const looks = activations.flatMap((x) =>
    Object.values(ENDS).map((opType) => ({ opType, x, name: `${x}/${opType}` })),
  );
  const nodes = looks.map(({ opType, x, name }) => ({ opType, inputs: [x, '%last'], outputs: [name] }));
  const looking = writeModel({
    ...graph,
    nodes: [...graph.nodes, ...nodes],
    initializers: [...graph.initializers, { name: '%last', tensor: fromNumbers('int64', [1], [-1]) }],
    outputs: looks.map(({ name }) => ({ name, dtype: 'float32', shape: [`${name}:0`] })),
  });
  const seen = new Map<string, number[]>(looks.map(({ name }) => [name, []]));
  const session = await openModelSession(looking, options);
  try {
    for (const row of rows) {
      const results = await session.run(
        Object.fromEntries(session.inputs.map(({ name }) => [name, row[name]])) as NamedTensors,
      );
      for (const [name, values] of seen) values.push(...toNumbers(results[name] as Tensor));
    }
  } finally {
    await session.release();
  }
  const within = (x: string): ActivationRange => ({
    low: Math.min(0, quantile(seen.get(`${x}/${ENDS.low}`) ?? [], 1 - tokensWithin)),
    high: Math.max(0, quantile(seen.get(`${x}/${ENDS.high}`) ?? [], tokensWithin)),
  });
  const ranges = new Map(activations.map((x) => [x, within(x)]));
  return new Map(products.map(({ x, weight }) => [weight, ranges.get(x) as ActivationRange]));
}
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}
