/** @file Reverse mode against central differences: the check that every op of the table passes, and yours can. */
import type { OnnxProgram } from '../onnx/program.js';
import { isFloat } from '../tensor/dtype.js';
import { RandomStream } from '../tensor/random.js';
import { fromNumbers, type Tensor, toNumbers } from '../tensor/tensor.js';
import { vectorJacobianProduct } from './backward.js';
import { toProgram } from './lower.js';
import { applyOp } from './op.js';
import { input, type Op, type Sample, type Value } from './value.js';

type NamedTensors = Readonly<Record<string, Tensor>>;

/** Opens a program for running; `openSession` is one. */
export type OpenProgram = (program: OnnxProgram) => Promise<{
  run(feeds: NamedTensors): Promise<NamedTensors>;
  release(): Promise<void>;
}>;

/** The largest ‖analytic − numeric‖ / max(1, ‖numeric‖) that passes. Right gradients stay under 1e-8. */
const TOLERANCE = 1e-6;
/** A gradient smaller than this would let a wrong factor pass. */
const SMALLEST_NORM = 0.1;
/** About the cube root of float64's precision: truncation and rounding errors are both near 1e-10 there. */
const NUDGE = 1e-5;

/**
 * Checks an op's vector-Jacobian product at each of its samples, in float64, under a random cotangent.
 * @param open Runs programs, e.g. `openSession` of the runtime.
 * @returns One sentence for each gradient that is wrong or shows nothing; none if the op is fine.
 */
export async function gradientProblems(op: Op, open: OpenProgram, seed = 1): Promise<string[]> {
  const problems: string[] = [];
  const random = new RandomStream(seed, `gradient check of ${op.name}`);
  for (const sample of op.samples(random)) problems.push(...(await gradientProblemsAt(op, sample, open, random)));
  return problems;
}

/** The same at one sample. */
export async function gradientProblemsAt(
  op: Op,
  sample: Sample<object>,
  open: OpenProgram,
  random: RandomStream,
): Promise<string[]> {
  if (typeof op.vjp !== 'function') return [];
  const feeds: Record<string, Tensor> = {};
  const byTensor = new Map<Tensor, { readonly value: Value; readonly data: Float64Array | undefined }>();
  for (const [i, given] of sample.inputs.entries()) {
    if (byTensor.has(given)) continue;
    // A copy: elements are nudged in place.
    const tensor = isFloat(given.dtype) ? fromNumbers('float64', given.shape, toNumbers(given)) : given;
    const data = tensor.data instanceof Float64Array ? tensor.data : undefined;
    byTensor.set(given, { value: input(`x${i}`, tensor.dtype, tensor.shape), data });
    feeds[`x${i}`] = tensor;
  }
  const arguments_ = sample.inputs.map((given) => (byTensor.get(given) as { value: Value }).value);
  const results = applyOp(op, arguments_, sample.attributes ?? {}).filter((value) => isFloat(value.dtype));
  const forward = await opened(open, Object.fromEntries(results.map((value, k) => [`y${k}`, value])));
  try {
    const evaluate = async () => {
      const values = await forward.run(feeds);
      return results.map((_, k) => values[`y${k}`] as Tensor);
    };
    const cotangents = (await evaluate()).map(({ shape, data }) =>
      fromNumbers(
        'float64',
        shape,
        Float64Array.from({ length: data.length }, () => random.uniform(0.5, 1.5)),
      ),
    );
    for (const { data } of cotangents) {
      for (let i = 0; i < data.length; i++) if (random.uniform() < 0.5) data[i] = -(data[i] as number);
    }
    for (const [k, cotangent] of cotangents.entries()) feeds[`r${k}`] = cotangent;
    const targets = [...byTensor.values()].filter(({ data }) => data !== undefined);
    const analytic = await analyticGradients(
      open,
      feeds,
      results.map((value, k) => [value, input(`r${k}`, value.dtype, value.shape)]),
      targets.map(({ value }) => value),
    );
    const problems: string[] = [];
    for (const [t, { value, data = new Float64Array() }] of targets.entries()) {
      const numeric = await numericGradient(data, evaluate, cotangents);
      const position = arguments_.indexOf(value);
      const problem = compare(analytic[t] ?? [], numeric, sample.zeroGradients?.includes(position) ?? false);
      if (problem === undefined) continue;
      problems.push(
        `${op.name}${sample.about === undefined ? '' : ` (${sample.about})`}, input ${position}: ${problem}`,
      );
    }
    return problems;
  } finally {
    await forward.release();
  }
}

/** A session that is fed just what its graph reads. */
async function opened(open: OpenProgram, outputs: Readonly<Record<string, Value>>) {
  const program = toProgram({ outputs });
  const session = await open(program);
  return {
    run: (feeds: NamedTensors) =>
      session.run(Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name] as Tensor]))),
    release: () => session.release(),
  };
}

async function analyticGradients(
  open: OpenProgram,
  feeds: NamedTensors,
  outputs: readonly (readonly [Value, Value])[],
  wrt: readonly Value[],
): Promise<number[][]> {
  const traced = vectorJacobianProduct(outputs, wrt);
  const backward = await opened(open, Object.fromEntries(traced.map((value, i) => [`g${i}`, value])));
  try {
    const values = await backward.run(feeds);
    return traced.map((_, i) => toNumbers(values[`g${i}`] as Tensor));
  } finally {
    await backward.release();
  }
}

/** ∂ Σ r·y / ∂x by central differences, one element of x at a time. */
async function numericGradient(
  x: Float64Array,
  evaluate: () => Promise<readonly Tensor[]>,
  cotangents: readonly Tensor<'float64'>[],
): Promise<number[]> {
  const scalarAt = async (i: number, value: number): Promise<number> => {
    const before = x[i] as number;
    x[i] = value;
    const outputs = await evaluate();
    x[i] = before;
    let total = 0;
    for (const [k, { data }] of outputs.entries()) {
      const r = (cotangents[k] as Tensor<'float64'>).data;
      for (let j = 0; j < r.length; j++) total += (r[j] as number) * Number(data[j]);
    }
    return total;
  };
  const gradient: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const at = x[i] as number;
    const nudge = NUDGE * Math.max(1, Math.abs(at));
    gradient.push(((await scalarAt(i, at + nudge)) - (await scalarAt(i, at - nudge))) / (2 * nudge));
  }
  return gradient;
}

function compare(analytic: readonly number[], numeric: readonly number[], isZero: boolean): string | undefined {
  const norm = Math.hypot(...numeric);
  const error = Math.hypot(...numeric.map((value, i) => (analytic[i] as number) - value)) / Math.max(1, norm);
  // Written so that NaN fails.
  if (!(error <= TOLERANCE)) return `relative error ${error.toExponential(1)}`;
  if (isZero) return norm <= TOLERANCE ? undefined : `declared zero, but its norm is ${norm.toExponential(1)}`;
  return norm >= SMALLEST_NORM ? undefined : `norm ${norm.toExponential(1)} shows nothing: choose another point`;
}
