/** @file The forward half of a training step: student, teacher and loss terms as traced values. */

import { greater, where } from '../../autograd/ops/compare.js';
import { add, div, mul } from '../../autograd/ops/elementwise.js';
import { sum } from '../../autograd/ops/reduce.js';
import { input, type Value } from '../../autograd/value.js';
import { SignalError } from '../../errors/failures.js';
import type { RowLoss } from '../../losses/row-loss.js';
import { withRemainderSpread } from '../../losses/top-k-bucket.js';
import type { Method } from '../../methods/method.js';
import { forwardMixed, type Mixing } from '../../models/mixed-inputs.js';
import type { BatchDims, Model, Signals } from '../../models/model.js';
import { evaluationContext, type MaskSource, maskedContext, trainingContext } from '../../nn/context.js';
import type { ForwardContext, Parameters } from '../../nn/module.js';
import type { FedSignals } from '../../teachers/teacher.js';
import type { Dtype } from '../../tensor/dtype.js';
import type { Shape } from '../../tensor/shape.js';
import { methodContext, peerContexts, withOtherDropout } from './method-parameters.js';
import { tracedViews } from './views.js';

/** Where a step gets the teacher's signals from. Methods cannot tell which. */
export type StepTeacher =
  /** Part of the step: run on the very inputs that the student sees, or on inputs that it is fed with. */
  | {
      readonly kind: 'traced';
      readonly model: Model;
      readonly parameters: Parameters;
      readonly hasOwnInputs?: boolean;
    }
  /** Fed with each batch; shapes are those of one row, in which `S` stands for the tokens of the batch. */
  | { readonly kind: 'fed'; readonly signals: FedSignals };

export type StepRequest = {
  readonly model: Model;
  readonly method: Method;
  readonly teacher?: StepTeacher | undefined;
  readonly dims: BatchDims;
  /** Element types of those of the model's inputs that batches hold in another one: what a perturbation makes of them. */
  readonly inputDtypes?: Readonly<Record<string, Dtype>> | undefined;
};

/** Makes the traced input of a name; how it is fed is the step's business. */
export type InputSource = (name: string, dtype: Dtype, shape: Shape) => Value;

/** Prefixes under which a step's inputs are fed. */
export const BATCH = 'batch.';
export const TEACHER = 'teacher.';
export const SCALAR = 'scalar.';
export const DROPOUT = 'dropout.';
export const LABELS = 'labels';
export const SCORES = 'scores';
export const ROW_WEIGHTS = 'weights';

export type TracedTerm = {
  readonly name: string;
  /** Σ weight · sum over the rows, a scalar. */
  readonly total: Value;
  /** Σ weight · count over the rows, a scalar. It depends on data alone. */
  readonly count: Value;
};

/** A signal that is asked for but not there is named when it is read. */
function checkedSignals(signals: Partial<Signals>, owner: string): Signals {
  return new Proxy(signals, {
    get: (target, name) => {
      const value = typeof name === 'string' ? target[name as keyof Signals] : undefined;
      // A mask is asked for by losses that work with and without one.
      if (value !== undefined || typeof name !== 'string' || name.endsWith('Mask')) return value;
      const given = Object.keys(target).filter((key) => key !== 'classRows');
      throw new SignalError({
        where: `${owner}.${name}`,
        wanted: `a signal that the ${owner} gives`,
        got: `it gives ${given.join(', ') || 'none'}`,
        fix: `list it in the method's \`needs\`, with a ${owner} that has it`,
      });
    },
  }) as Signals;
}

/**
 * The loss terms of a batch, each summed over its rows.
 * @param maskFor where dropout masks come from that the graph is fed with. Default: it draws them, from keys.
 */
export function traceTerms(
  { model, method, teacher, dims, inputDtypes = {} }: StepRequest,
  parameters: Parameters,
  source: InputSource,
  scalarNames: readonly string[],
  maskFor?: MaskSource,
): TracedTerm[] {
  const inputsOf = (reader: Model, prefix: string) =>
    Object.fromEntries(
      reader
        .inputs(dims)
        .map(({ name, dtype, shape }) => [name, source(`${prefix}${name}`, inputDtypes[name] ?? dtype, shape)]),
    );
  const inputs = inputsOf(model, BATCH);
  const isOwn = teacher?.kind === 'traced' && teacher.hasOwnInputs === true;
  // Other rows of the student's data: they hold what the student reads.
  const teacherInputs = isOwn ? inputsOf(model, `${TEACHER}${BATCH}`) : inputs;
  const context: ForwardContext =
    maskFor === undefined
      ? trainingContext(parameters, (site) => source(`${DROPOUT}${site}`, 'uint32', []))
      : maskedContext(parameters, maskFor);
  const student = checkedSignals(model.forward(context, inputs), 'student');
  // A class for each row, or of a model that labels tokens for each of them.
  const labels = source(LABELS, 'int64', student.logits.shape.slice(0, -1));
  const scores = () => source(SCORES, 'float32', [dims.B]);
  const losses = method.losses(
    {
      student,
      teacher: checkedSignals(teacherSignals(teacher, teacherInputs, dims, source, student), 'teacher'),
      labels,
      // An input of those steps alone whose losses ask for it.
      get scores() {
        return scores();
      },
      scalars: Object.fromEntries(scalarNames.map((name) => [name, source(`${SCALAR}${name}`, 'float32', [])])),
      context: methodContext(context),
      views: tracedViews({
        views: method.views,
        B: dims.B,
        source,
        labels,
        scores,
        student: (mixing, prefix) =>
          checkedSignals(forwardMixed(model, withOtherDropout(context, prefix), inputs, mixing), 'student'),
        teacher: (mixing) => checkedSignals(mixedTeacher(teacher, teacherInputs, mixing), 'teacher'),
      }),
      peers: peerContexts(method, context).map((own) => checkedSignals(model.forward(own, inputs), 'student')),
    },
    method.options,
  );
  const weights = source(ROW_WEIGHTS, 'float32', [dims.B]);
  return Object.entries(losses).map(([name, loss]) => ({ name, ...weightedTotals(loss, weights) }));
}

function weightedTotals(loss: RowLoss, weights: Value): Pick<TracedTerm, 'total' | 'count'> {
  return { total: sum(mul(loss.sum, weights)), count: sum(mul(loss.count, weights)) };
}

/** Only a traced teacher can be run on mixtures; `checkViews` has refused others. */
function mixedTeacher(
  teacher: StepTeacher | undefined,
  inputs: Readonly<Record<string, Value>>,
  mixing: Mixing,
): Partial<Signals> {
  if (teacher?.kind !== 'traced') return {};
  return forwardMixed(teacher.model, evaluationContext(teacher.parameters), inputs, mixing);
}

function teacherSignals(
  teacher: StepTeacher | undefined,
  inputs: Readonly<Record<string, Value>>,
  { B, S }: BatchDims,
  source: InputSource,
  student: Signals,
): Partial<Signals> {
  if (teacher === undefined) return {};
  if (teacher.kind === 'traced') return teacher.model.forward(evaluationContext(teacher.parameters), inputs);
  const fed: Partial<Signals> & { readonly remainder?: Value } = Object.fromEntries(
    Object.entries(teacher.signals).map(([name, { dtype, shape }]) => [
      name,
      source(`${TEACHER}${name}`, dtype, [B, ...shape.map((dim) => (dim === 'S' && S !== undefined ? S : dim))]),
    ]),
  );
  const { remainder, ...whole } = fed;
  if (remainder === undefined || whole.logits === undefined) return whole;
  return { ...whole, logits: withRemainderSpread(student.logits, whole.logits, remainder) };
}

/** total / count, and 0 where nothing counts (a batch without labels). */
export function termMean(total: Value, count: Value): Value {
  return div(total, where(greater(count, 0), count, 1));
}

/** Names of the scalars that a method schedules. */
export function scalarNamesOf({ scalars, options }: Method): string[] {
  return Object.keys(scalars?.(options, { step: 1, totalSteps: 1, epoch: 0 }) ?? {});
}

/** Σ of one or more scalars. */
export function sumOf(values: readonly Value[]): Value {
  return values.reduce((total, value) => add(total, value));
}

/** Collects the inputs that tracing asks for, so that each is made once. */
export function inputCollector(): { source: InputSource; inputs: Map<string, Value> } {
  const inputs = new Map<string, Value>();
  return {
    inputs,
    source: (name, dtype, shape) => {
      const known = inputs.get(name);
      if (known !== undefined) return known;
      const made = input(name, dtype, shape);
      inputs.set(name, made);
      return made;
    },
  };
}
