/** @file Running a model as it predicts: one session for any number of rows, weights as inputs. */
import { toProgram } from '../autograd/lower.js';
import { input, type Value } from '../autograd/value.js';
import { ShapeError, SignalError } from '../errors/failures.js';
import { evaluationContext } from '../nn/context.js';
import type { Parameters } from '../nn/module.js';
import { constantParameters, inputParameters } from '../nn/parameters.js';
import type { SessionOptions } from '../runtime/backend.js';
import { openSession } from '../runtime/session.js';
import type { Dtype } from '../tensor/dtype.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BatchDims, Model, SignalName, Signals, Weights } from './model.js';

/** Signals that are one tensor; lists of them come apart by layer elsewhere. */
export type RowSignal = Extract<SignalName, 'logits' | 'pooledOutput' | 'embeddings'>;

type SignalTypes = Readonly<Record<string, { readonly dtype: Dtype; readonly shape: Shape }>>;
type Named = Readonly<Record<string, Tensor>>;

export type Forward = {
  /** Of one row, by signal. */
  readonly signals: SignalTypes;
  /** Signals of a batch, [N, ..] each. Weights may differ from call to call. */
  run(weights: Weights, inputs: Named): Promise<Named>;
  release(): Promise<void>;
};

/** As `Forward`, with weights that stay. */
export type FrozenForward = Pick<Forward, 'signals' | 'release'> & { run(inputs: Named): Promise<Named> };

/**
 * Opens a session for the forward pass without dropout. The number of rows may change from call to call, and so may
 * the length where a model has one.
 * @throws SignalError if the model does not give a signal.
 */
export async function openForward(
  model: Model,
  signals: readonly RowSignal[] = ['logits'],
  options: Pick<SessionOptions, 'threads' | 'device'> = {},
): Promise<Forward> {
  const { run, ...rest } = await openOutputs(model, inputParameters(model.parameters), signals, options);
  return { ...rest, run: (weights, inputs) => run({ ...weights, ...inputs }) };
}

/**
 * The same for weights that stay: ONNX Runtime lays them out for its kernels once. For many rows.
 * @throws SignalError if the model does not give a signal.
 */
export async function openFrozenForward(
  { model, weights }: { readonly model: Model; readonly weights: Weights },
  signals: readonly RowSignal[] = ['logits'],
  options: Pick<SessionOptions, 'threads' | 'device'> = {},
): Promise<FrozenForward> {
  return openOutputs(model, constantParameters(weights), signals, options);
}

async function openOutputs(
  model: Model,
  parameters: Parameters,
  signals: readonly RowSignal[],
  options: Pick<SessionOptions, 'threads' | 'device'>,
): Promise<FrozenForward> {
  const given = traceForward(model, parameters);
  const outputs: Record<string, Value> = {};
  for (const signal of signals) {
    const value = given[signal];
    if (value === undefined) {
      throw new SignalError({ where: model.kind, wanted: `the signal '${signal}'`, got: model.signals.join(', ') });
    }
    outputs[signal] = value;
  }
  const session = await openSession(toProgram({ outputs, form: 'export' }), options);
  const read = new Set(session.inputs.map(({ name }) => name));
  return {
    signals: Object.fromEntries(
      Object.entries(outputs).map(([name, { dtype, shape }]) => [name, { dtype, shape: shape.slice(1) }]),
    ),
    run: (tensors) => session.run(Object.fromEntries(Object.entries(tensors).filter(([name]) => read.has(name)))),
    release: () => session.release(),
  };
}

const DIMS: BatchDims = { B: 'N', S: 'S', S2: 'S2' };

/** A model's signals without dropout, lengths as names. */
export function traceForward(model: Model, parameters: Parameters): Signals {
  const inputs = model.inputs(DIMS).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)] as const);
  return model.forward(evaluationContext(parameters), Object.fromEntries(inputs));
}

/** The number of classes C of a model's logits, [B, C] or, of one that labels tokens, [B, S, C]. */
export function classesOf(model: Model): number {
  const { shape } = traceForward(model, inputParameters(model.parameters)).logits;
  const classes = shape.at(-1);
  if (typeof classes === 'number' && (shape.length === 2 || shape.length === 3)) return classes;
  throw new ShapeError({
    where: `${model.kind} logits`,
    wanted: '[B, C] or [B, S, C] with a fixed number of classes C',
    got: formatShape(shape),
  });
}
