/** @file What the two forms of a compiled step share: options, names of state, and what a step is fed. */
import type { Batch } from '../../data/dataset.js';
import { CheckpointError, ShapeError } from '../../errors/failures.js';
import type { Method } from '../../methods/method.js';
import type { ParameterGroup } from '../../optim/groups.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { streamKey } from '../../tensor/random.js';
import { formatShape, type StaticShape, sameShape } from '../../tensor/shape.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { StepInput } from './step.js';
import { BATCH, DROPOUT, LABELS, ROW_WEIGHTS, SCALAR, SCORES, type StepRequest, TEACHER } from './trace-step.js';
import { VIEW, viewInput } from './views.js';

export type CompiledStepOptions = StepRequest & {
  readonly optimizer: Optimizer;
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Gradients are scaled down to this common 2-norm. Default: no clipping. */
  readonly maxNorm?: number | undefined;
  /** Seed of the dropout streams. */
  readonly seed: number;
  /** Values to start from, by parameter name. */
  readonly parameters: Readonly<Record<string, Tensor<'float32'>>>;
  readonly threads?: number | undefined;
  readonly device?: string | undefined;
};

/** Prefixes of a state's tensors. */
export const MODEL = 'model.';
export const OPTIMIZER = 'optimizer.';

/** The key of a site's mask in one batch of a step. */
export function dropoutKey(site: string, { step }: StepInput, at: number, { seed }: Pick<Drawn, 'seed'>): number {
  // Each micro-batch has masks of its own.
  const stream = at === 0 ? `${DROPOUT}${site}` : `${DROPOUT}${site}/${at}`;
  return streamKey(seed, stream, step);
}

function unlabelled(rows: number): Tensor<'int64'> {
  return tensor('int64', [rows], new BigInt64Array(rows).fill(BigInt(NO_LABEL)));
}

function unscored(rows: number): Tensor<'float32'> {
  return tensor('float32', [rows], new Float32Array(rows).fill(Number.NaN));
}

/** What decides the random inputs of a step. */
type Drawn = { readonly seed: number; readonly method: Pick<Method, 'views'> };

/**
 * What one batch of a step feeds to the input of a name.
 * @throws ShapeError if the step does not have it.
 */
export function feedFor(name: string, step: StepInput, at: number, run: Drawn): Tensor {
  const batch = step.batches[at] as Batch;
  const found = stepInputOf(name, step, at, batch, run);
  if (found !== undefined) return found;
  throw new ShapeError({
    where: `step input '${name}'`,
    wanted: 'a tensor in every batch',
    got: `a batch with ${Object.keys(batch.inputs).join(', ')}`,
    fix: 'give the step the batches, teacher signals and scalars that it was traced for',
  });
}

function stepInputOf(name: string, step: StepInput, at: number, batch: Batch, run: Drawn): Tensor | undefined {
  if (name.startsWith(BATCH)) return batch.inputs[name.slice(BATCH.length)];
  if (name.startsWith(TEACHER)) return step.teacher?.[at]?.[name.slice(TEACHER.length)];
  if (name === LABELS) return batch.labels ?? unlabelled(batch.weights.length);
  if (name === SCORES) return batch.scores ?? unscored(batch.weights.length);
  if (name === ROW_WEIGHTS) return tensor('float32', [batch.weights.length], batch.weights);
  if (name.startsWith(DROPOUT)) {
    return tensor('uint32', [], Uint32Array.of(dropoutKey(name.slice(DROPOUT.length), step, at, run)));
  }
  if (name.startsWith(VIEW)) {
    return viewInput(name, run.method.views ?? {}, { seed: run.seed, step: step.step, at, weights: batch.weights });
  }
  const value = step.scalars[name.slice(SCALAR.length)];
  return value === undefined ? undefined : tensor('float32', [], Float32Array.of(value));
}

/**
 * A copy of a tensor of the state.
 * @throws CheckpointError if it is missing or of another shape.
 */
export function copyOfState(name: string, shape: StaticShape, value: Tensor | undefined): Tensor<'float32'> {
  if (value?.dtype === 'float32' && sameShape(value.shape, shape)) {
    return { dtype: 'float32', shape, data: (value.data as Float32Array).slice() };
  }
  throw new CheckpointError({
    where: `'${name}'`,
    wanted: `float32${formatShape(shape)}`,
    got: value === undefined ? 'nothing' : `${value.dtype}${formatShape(value.shape)}`,
    fix: 'resume with the model and optimiser that the run was started with',
  });
}
