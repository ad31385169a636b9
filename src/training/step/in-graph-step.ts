/**
 * @file The training step of a tiny model: loss, gradients, clipping and optimiser in one graph, many steps in one run.
 */

import { gradients } from '../../autograd/backward.js';
import { toProgram } from '../../autograd/lower.js';
import { cast } from '../../autograd/ops/compare.js';
import { mul, sqrt } from '../../autograd/ops/elementwise.js';
import { gather } from '../../autograd/ops/indexing.js';
import { sum } from '../../autograd/ops/reduce.js';
import { scan } from '../../autograd/ops/scan.js';
import { reshape } from '../../autograd/ops/shaping.js';
import { concat, slice } from '../../autograd/ops/slicing.js';
import { input, type Value } from '../../autograd/value.js';
import type { Place } from '../../data/dataset.js';
import { ShapeError } from '../../errors/failures.js';
import type { Parameters } from '../../nn/module.js';
import { NO_CLIPPING } from '../../optim/clip.js';
import { type GroupRates, resolveGroups } from '../../optim/groups.js';
import { tracedClipFactor, tracedGradientNorm, tracedUpdate } from '../../optim/in-graph.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { Session } from '../../runtime/running-session.js';
import { openSession } from '../../runtime/session.js';
import { bytesPerElement, type Dtype } from '../../tensor/dtype.js';
import { formatShape, type StaticShape, sameShape, sizeOf, staticShape } from '../../tensor/shape.js';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.js';
import { type CompiledStepOptions, copyOfState, feedFor, MODEL, OPTIMIZER } from './compiled-step.js';
import type { StepInput, StepResult, TrainingStep } from './step.js';
import {
  BATCH,
  DROPOUT,
  type InputSource,
  inputCollector,
  SCALAR,
  scalarNamesOf,
  sumOf,
  termMean,
  traceTerms,
} from './trace-step.js';

/** Bytes that the sequences of one run may take. */
const RUN_BYTES = 8 * 2 ** 20;
const MOST_STEPS_PER_RUN = 256;
const RATES = 'rates.';
const LOSS = 'out.loss';
const NORM = 'out.norm';
const TERM = 'out.term.';

/**
 * Parameters with the same rates lie in one vector, and so do their slots: an update is then a dozen nodes for all
 * of them, where the fixed cost of a node is most of what a tiny tensor's update takes.
 */
type FlatGroup = {
  readonly rates: GroupRates;
  readonly members: readonly { readonly name: string; readonly shape: StaticShape; readonly offset: number }[];
  readonly size: number;
};

/** A tensor that differs from step to step, [steps, ..], and the buffer that holds a run of it. */
type Sequence = { readonly name: string; readonly dtype: Dtype; readonly shape: StaticShape; readonly buffer: Tensor };

function flatGroups({ model, optimizer, groups = [] }: CompiledStepOptions): FlatGroup[] {
  const { parameters } = model;
  const ratesOf = resolveGroups(
    parameters.map(({ name }) => name),
    optimizer,
    groups,
  );
  return [...new Set(ratesOf.values())].map((rates) => {
    let size = 0;
    const members = parameters
      .filter(({ name }) => ratesOf.get(name) === rates)
      .map(({ name, shape }) => {
        const offset = size;
        size += sizeOf(shape);
        return { name, shape, offset };
      });
    return { rates, members, size };
  });
}

/** The vectors of the state: of each group the parameters, then one for each slot. */
function vectorNames({ slots }: Optimizer, groups: readonly FlatGroup[]): string[] {
  return groups.flatMap((_, g) => [`${MODEL}${g}`, ...slots.map((slot) => `${OPTIMIZER}${g}.${slot}`)]);
}

/** One step: vectors of the state in, vectors of the state and what is reported out. */
function traceStep(
  options: CompiledStepOptions,
  groups: readonly FlatGroup[],
  state: ReadonlyMap<string, Value>,
  source: InputSource,
): { readonly next: readonly Value[]; readonly reported: Readonly<Record<string, Value>> } {
  const { optimizer, method, maxNorm = NO_CLIPPING } = options;
  const vector = (name: string) => state.get(name) as Value;
  const parameters = new Map(
    groups.flatMap(({ members }, g) =>
      members.map(({ name, shape, offset }) => {
        const part = slice(vector(`${MODEL}${g}`), { axis: 0, start: offset, end: offset + sizeOf(shape) });
        return [name, reshape(part, shape)] as const;
      }),
    ),
  );
  const terms = traceTerms(options, carriedParameters(parameters), source, scalarNamesOf(method));
  const losses = terms.map(({ total, count }) => termMean(total, count));
  const loss = sumOf(losses);
  const byName = new Map([...parameters.keys()].map((name, i) => [name, i]));
  const grads = gradients(loss, [...parameters.values()]);
  const flat = groups.map(({ members }) =>
    concat(
      members.map(({ name, shape }) => reshape(grads[byName.get(name) as number] as Value, [sizeOf(shape)])),
      { axis: 0 },
    ),
  );
  // In float32 where the norm is only reported: three passes in float64 are a tenth of a step.
  const clips = maxNorm !== NO_CLIPPING;
  const norm = clips ? tracedGradientNorm(flat) : sqrt(sumOf(flat.map((gradient) => sum(mul(gradient, gradient)))));
  const factor = clips ? { clipFactor: tracedClipFactor(norm, maxNorm) } : {};
  const next = groups.flatMap(({ rates }, g) => {
    const scalars = optimizer.scalarNames.map((name) => [name, source(`${RATES}${g}.${name}`, 'float32', [])] as const);
    const updated = tracedUpdate(optimizer, {
      parameter: vector(`${MODEL}${g}`),
      gradient: flat[g] as Value,
      slots: Object.fromEntries(optimizer.slots.map((slot) => [slot, vector(`${OPTIMIZER}${g}.${slot}`)])),
      scalars: Object.fromEntries(scalars),
      decays: rates.weightDecay > 0,
      ...factor,
    });
    return [updated.parameter, ...optimizer.slots.map((slot) => updated.slots[slot] as Value)];
  });
  const named = terms.map(({ name }, i) => [`${TERM}${name}`, losses[i] as Value] as const);
  return { next, reported: { [LOSS]: loss, [NORM]: cast(norm, { to: 'float32' }), ...Object.fromEntries(named) } };
}

/**
 * Traces the step for one batch shape and opens its session.
 * @throws ShapeError, DtypeError, SignalError if model, method and teacher do not fit together.
 */
export async function openInGraphStep(options: CompiledStepOptions): Promise<TrainingStep> {
  const groups = flatGroups(options);
  const names = vectorNames(options.optimizer, groups);
  const sizes = groups.flatMap(({ size }) => [size, ...options.optimizer.slots.map(() => size)]);
  const vectors = names.map((name, i) => input(name, 'float32', [sizes[i] as number]));
  const stateOf = (values: readonly Value[]) => new Map(names.map((name, i) => [name, values[i] as Value]));

  // Traced once outside the loop, to learn which inputs the step reads; they become the loop's sequences.
  const collector = inputCollector();
  const reportedNames = Object.keys(traceStep(options, groups, stateOf(vectors), collector.source).reported);
  const perStep = [...collector.inputs];
  const { carry, stacks } = scan({
    carry: vectors,
    sequences: perStep.map(([name, { dtype, shape }]) => input(name, dtype, ['K', ...shape])),
    body: (state, slices) => {
      const byName = new Map(perStep.map(([name], i) => [name, slices[i] as Value]));
      const traced = traceStep(options, groups, stateOf(state), (name) => byName.get(name) as Value);
      return { carry: traced.next, stack: Object.values(traced.reported) };
    },
  });
  const outputs = Object.fromEntries([
    ...reportedNames.map((name, i) => [name, stacks[i] as Value] as const),
    ...names.map((name, i) => [nextOf(name), carry[i] as Value] as const),
  ]);
  const session = await openSession(toProgram({ outputs }), { threads: options.threads, device: options.device });

  const read = new Set(session.inputs.map(({ name }) => name));
  const specs = perStep
    .filter(([name]) => read.has(name))
    .map(([name, { dtype, shape }]) => ({ name, dtype, shape: staticShape(shape, 'step') }));
  const bytesPerStep = specs.reduce((total, { dtype, shape }) => total + bytesPerElement(dtype) * sizeOf(shape), 0);
  const stepsPerRun = Math.max(1, Math.min(MOST_STEPS_PER_RUN, Math.floor(RUN_BYTES / bytesPerStep)));
  const sequences = specs.map(
    (spec): Sequence => ({ ...spec, buffer: zeros<Dtype>(spec.dtype, [stepsPerRun, ...spec.shape]) }),
  );
  return makeStep({ session, groups, names, sequences, stepsPerRun, reportedNames, options });
}

function nextOf(name: string): string {
  return `next.${name}`;
}

/** Parameters of a loop's body: rows are gathered in the graph, and their gradients scattered there. */
function carriedParameters(values: ReadonlyMap<string, Value>): Parameters {
  const get = (name: string) => values.get(name) as Value;
  return { get, rows: (name, ids) => gather(get(name), ids) };
}

type Compiled = {
  readonly session: Session;
  readonly groups: readonly FlatGroup[];
  /** Vectors of the state. */
  readonly names: readonly string[];
  readonly sequences: readonly Sequence[];
  readonly stepsPerRun: number;
  readonly reportedNames: readonly string[];
  readonly options: CompiledStepOptions;
};

/** Copies the rows of all micro-batches, one after the other, to where a step's part of the buffer begins. */
function copyRows(sequence: Sequence, at: number, parts: readonly Tensor[]): void {
  const size = sizeOf(sequence.shape);
  const { data } = sequence.buffer;
  let offset = at * size;
  for (const part of parts) {
    const fits = part.dtype === sequence.dtype && offset + part.data.length <= (at + 1) * size;
    if (!fits) break;
    const isPlaced =
      part.data.buffer === data.buffer && part.data.byteOffset === data.byteOffset + offset * data.BYTES_PER_ELEMENT;
    if (!isPlaced) (data as Float32Array).set(part.data as Float32Array, offset);
    offset += part.data.length;
  }
  if (offset === (at + 1) * size) return;
  throw new ShapeError({
    where: `step input '${sequence.name}'`,
    wanted: `${sequence.dtype}${formatShape(sequence.shape)}`,
    got: parts.map((part) => `${part.dtype}${formatShape(part.shape)}`).join(' + '),
    fix: 'give batches of the shape that the step was traced for',
  });
}

/** A step's part of a sequence's buffer, if a batch's input is just what goes there. */
function placeIn(sequences: readonly Sequence[], at: number): Place {
  return (name, dtype, shape) => {
    const sequence = sequences.find((candidate) => candidate.name === `${BATCH}${name}`);
    if (sequence?.dtype !== dtype || !sameShape(sequence.shape, shape)) return undefined;
    const size = sizeOf(shape);
    return sequence.buffer.data.subarray(at * size, (at + 1) * size);
  };
}

/** What a sequence holds at one step: the rows of all its batches, or one value. */
function stepParts(name: string, step: StepInput, { groups, options }: Compiled): Tensor[] {
  if (name.startsWith(RATES)) {
    const [group = '', scalarName = ''] = name.slice(RATES.length).split('.');
    const { learningRateFactor, weightDecay } = (groups[Number(group)] as FlatGroup).rates;
    const at = { step: step.step, learningRate: step.learningRate * learningRateFactor, weightDecay };
    return [tensor('float32', [], Float32Array.of(options.optimizer.scalars(at)[scalarName] as number))];
  }
  const isByRow = !name.startsWith(DROPOUT) && !name.startsWith(SCALAR);
  const batches = isByRow ? step.batches : step.batches.slice(0, 1);
  return batches.map((_, at) => feedFor(name, step, at, options));
}

/** The first `count` steps of a run's buffer. */
function firstSteps({ dtype, shape, buffer }: Sequence, count: number): Tensor {
  return { dtype, shape: [count, ...shape], data: buffer.data.subarray(0, count * sizeOf(shape)) };
}

type State = Readonly<Record<string, Tensor>>;

/** A state by parameter, from one by vector. Copies. */
function unflattened({ groups, options }: Compiled, state: State): Record<string, Tensor<'float32'>> {
  const parts = (vector: string, { members }: FlatGroup, nameOf: (parameter: string) => string) => {
    const data = state[vector]?.data as Float32Array;
    return members.map(({ name, shape, offset }) => {
      const part = data.slice(offset, offset + sizeOf(shape));
      return [nameOf(name), tensor('float32', shape, part)] as const;
    });
  };
  const entries = groups.flatMap((group, g) => [
    ...parts(`${MODEL}${g}`, group, (name) => `${MODEL}${name}`),
    ...options.optimizer.slots.flatMap((slot) =>
      parts(`${OPTIMIZER}${g}.${slot}`, group, (name) => `${OPTIMIZER}${name}.${slot}`),
    ),
  ]);
  const byName = new Map(entries);
  const { slots } = options.optimizer;
  // In the model's order, whatever the groups.
  const names = options.model.parameters.flatMap(({ name }) => [
    `${MODEL}${name}`,
    ...slots.map((slot) => `${OPTIMIZER}${name}.${slot}`),
  ]);
  return Object.fromEntries(names.map((name) => [name, byName.get(name) as Tensor<'float32'>]));
}

/** @throws CheckpointError if a tensor is missing or of another shape. */
function flattened({ groups, options }: Compiled, given: State): State {
  const joined = ({ members, size }: FlatGroup, nameOf: (parameter: string) => string): Tensor => {
    const data = new Float32Array(size);
    for (const { name, shape, offset } of members)
      data.set(copyOfState(nameOf(name), shape, given[nameOf(name)]).data, offset);
    return tensor('float32', [size], data);
  };
  return Object.fromEntries(
    groups.flatMap((group, g) => [
      [`${MODEL}${g}`, joined(group, (name) => `${MODEL}${name}`)],
      ...options.optimizer.slots.map((slot) => [
        `${OPTIMIZER}${g}.${slot}`,
        joined(group, (name) => `${OPTIMIZER}${name}.${slot}`),
      ]),
    ]),
  );
}

/** Every slot at zero, every parameter as given. */
function initialState({ model, optimizer, parameters }: CompiledStepOptions): State {
  return Object.fromEntries(
    model.parameters.flatMap(({ name, shape }) => [
      [`${MODEL}${name}`, parameters[name]],
      ...optimizer.slots.map((slot) => [`${OPTIMIZER}${name}.${slot}`, zeros('float32', shape)]),
    ]),
  ) as State;
}

function makeStep(compiled: Compiled): TrainingStep {
  const { session, names, sequences, stepsPerRun, reportedNames, options } = compiled;
  // Never written in place: a run reads one set of vectors and returns the next.
  let state = flattened(compiled, initialState(options));
  // Views of a run's length are made once: the runtime keeps its wrappers by array.
  const views = new Map<number, State>();
  const viewsOf = (count: number): State => {
    const known = views.get(count);
    if (known !== undefined) return known;
    const made = Object.fromEntries(sequences.map((sequence) => [sequence.name, firstSteps(sequence, count)]));
    views.set(count, made);
    return made;
  };
  const runFirst = async (count: number): Promise<{ results: StepResult[]; next: State }> => {
    const outputs = await session.run({ ...state, ...viewsOf(count) });
    const numbers = (name: string) => outputs[name]?.data as Float32Array;
    const termNames = reportedNames.filter((name) => name.startsWith(TERM));
    const results = Array.from({ length: count }, (_, at): StepResult => {
      const loss = numbers(LOSS)[at] as number;
      const gradientNorm = numbers(NORM)[at] as number;
      const terms = termNames.map((name) => [name.slice(TERM.length), numbers(name)[at] as number] as const);
      const isApplied = Number.isFinite(loss) && Number.isFinite(gradientNorm);
      return { loss, losses: Object.fromEntries(terms), gradientNorm, isApplied };
    });
    const next = Object.fromEntries(names.map((name) => [name, outputs[nextOf(name)] as Tensor]));
    return { results, next };
  };
  return {
    stepsPerRun,
    placeFor: (at) => placeIn(sequences, at),
    async run(steps) {
      if (steps.length === 0 || steps.length > stepsPerRun) {
        throw new ShapeError({ where: 'run', wanted: `1 to ${stepsPerRun} steps`, got: String(steps.length) });
      }
      for (const [at, step] of steps.entries()) {
        for (const sequence of sequences) copyRows(sequence, at, stepParts(sequence.name, step, compiled));
      }
      const { results, next } = await runFirst(steps.length);
      const failed = results.findIndex(({ isApplied }) => !isApplied);
      if (failed < 0) {
        state = next;
        return results;
      }
      // The steps before it are taken again, to the same bytes; guarding each step in the graph would cost every run.
      if (failed > 0) state = (await runFirst(failed)).next;
      return results.map((result, at) => ({ ...result, isApplied: at < failed }));
    },
    parameters: () =>
      Object.fromEntries(
        Object.entries(unflattened(compiled, state))
          .filter(([name]) => name.startsWith(MODEL))
          .map(([name, value]) => [name.slice(MODEL.length), value]),
      ),
    state: () => unflattened(compiled, state),
    load: (given) => {
      state = flattened(compiled, given);
    },
    release: () => session.release(),
  };
}
