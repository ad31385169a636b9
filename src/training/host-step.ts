/**
 * @file The training step of a transformer: a graph that returns gradients, and the optimiser on the host. Parameters,
 * slots and gradients lie in one WebAssembly memory; word embeddings are read and updated by row.
 */

import { gradients } from '../autograd/backward.js';
import { toProgram } from '../autograd/lower.js';
import { div } from '../autograd/ops/elementwise.js';
import { gather } from '../autograd/ops/indexing.js';
import { input, type Value } from '../autograd/value.js';
import type { Batch } from '../data/dataset.js';
import { ShapeError } from '../errors/failures.js';
import type { BatchDims } from '../models/model.js';
import type { Parameters } from '../nn/module.js';
import { HostOptimizer } from '../optim/host-optimizer.js';
import { openSession, type Session } from '../runtime/session.js';
import { SessionCache } from '../runtime/session-cache.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { CompiledStepOptions } from './compiled-step.js';
import { copyOfState, MODEL, OPTIMIZER, stepInput } from './compiled-step.js';
import type { StepInput, StepResult, TrainingStep } from './step.js';
import { inputCollector, scalarNamesOf, sumOf, type TracedTerm, traceTerms } from './trace-step.js';

export type HostStepOptions = Omit<CompiledStepOptions, 'dims'> & {
  /** The largest batch (or micro-batch) that a run gets. */
  readonly dims: { readonly B: number; readonly S?: number };
  /** Whether steps may consist of several micro-batches. */
  readonly hasMicroBatches?: boolean;
  /** Sessions, one for each batch shape, that are kept open. */
  readonly maxSessions?: number;
};

const ROWS = 'rows.';
const DIVISOR = 'divisor.';
const GRADIENT = 'gradient.';
const TERM = 'term.';
const COUNT = 'count.';

/** Parameters as graph inputs; tables that are only read by row are fed as the rows of the batch. */
function hostParameters(
  specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  sparse: ReadonlySet<string>,
): Parameters & {
  readonly fed: Map<string, Value>;
  readonly rowIds: Map<string, string>;
  readonly wholes: Set<string>;
} {
  const fed = new Map<string, Value>();
  const rowIds = new Map<string, string>();
  const wholes = new Set<string>();
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const whole = (name: string): Value => {
    const known = fed.get(name);
    if (known !== undefined) return known;
    const made = input(`${MODEL}${name}`, 'float32', shapes.get(name) ?? []);
    fed.set(name, made);
    return made;
  };
  return {
    fed,
    rowIds,
    wholes,
    get: (name) => {
      wholes.add(name);
      return whole(name);
    },
    rows: (name, ids) => {
      const { node } = ids;
      // Read twice, or by ids that are made in the graph: the whole table is an input.
      if (node.kind !== 'input' || rowIds.has(name)) wholes.add(name);
      else rowIds.set(name, node.name);
      if (!sparse.has(name)) return gather(whole(name), ids);
      const rows = input(`${ROWS}${name}`, 'float32', [...ids.shape, shapes.get(name)?.[1] ?? 0]);
      fed.set(name, rows);
      return rows;
    },
  };
}

/** Tables that a step reads by the ids of its batch alone. */
function sparseTables(options: HostStepOptions): Set<string> {
  const parameters = hostParameters(options.model.parameters, new Set());
  traceTerms(options, parameters, inputCollector().source, scalarNamesOf(options.method));
  return new Set([...parameters.rowIds.keys()].filter((name) => !parameters.wholes.has(name)));
}

/** One batch shape, traced and opened. */
type Shaped = {
  readonly gradients: Session;
  readonly counts: Session;
  readonly terms: readonly string[];
  /** Dense parameters that the step reads. */
  readonly dense: readonly string[];
  /** Sparse tables, and the batch input that holds their row numbers. */
  readonly tables: readonly (readonly [name: string, ids: string])[];
};

async function openShape(options: HostStepOptions, dims: BatchDims, sparse: ReadonlySet<string>): Promise<Shaped> {
  const parameters = hostParameters(options.model.parameters, sparse);
  const { source } = inputCollector();
  const traced = traceTerms({ ...options, dims }, parameters, source, scalarNamesOf(options.method));
  // The divisor covers all micro-batches of a step, so it comes from outside.
  const losses = traced.map(({ name, total }: TracedTerm) => div(total, source(`${DIVISOR}${name}`, 'float32', [])));
  const names = [...parameters.fed.keys()];
  const grads = gradients(sumOf(losses), [...parameters.fed.values()]);
  const outputs: Record<string, Value> = {};
  for (const [i, { name }] of traced.entries()) outputs[`${TERM}${name}`] = losses[i] as Value;
  for (const [i, name] of names.entries()) outputs[`${GRADIENT}${name}`] = grads[i] as Value;
  const counts = Object.fromEntries(traced.map(({ name, count }) => [`${COUNT}${name}`, count]));
  const sessionOptions = {
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.device === undefined ? {} : { device: options.device }),
  };
  return {
    gradients: await openSession(toProgram({ outputs }), sessionOptions),
    counts: await openSession(toProgram({ outputs: counts }), { ...sessionOptions, threads: 1 }),
    terms: traced.map(({ name }) => name),
    dense: names.filter((name) => !sparse.has(name)),
    tables: [...parameters.rowIds].filter(([name]) => sparse.has(name)),
  };
}

/** Both sessions of a shape leave together. */
function releasable(shaped: Shaped): Shaped & Pick<Session, 'release'> {
  return {
    ...shaped,
    release: async () => {
      await shaped.gradients.release();
      await shaped.counts.release();
    },
  };
}

/**
 * A step whose graph returns gradients. Sessions are opened as batch shapes appear; a few stay open.
 * @throws ShapeError, DtypeError, SignalError if model, method and teacher do not fit together.
 */
export async function openHostStep(options: HostStepOptions): Promise<TrainingStep> {
  const { model, dims } = options;
  const sparse = sparseTables(options);
  const maxIds = dims.B * (dims.S ?? 1);
  const optimizer = new HostOptimizer({
    optimizer: options.optimizer,
    parameters: model.parameters.map(({ name, shape }) => ({ name, shape, ...(sparse.has(name) ? { maxIds } : {}) })),
    ...(options.groups === undefined ? {} : { groups: options.groups }),
    ...(options.maxNorm === undefined ? {} : { maxNorm: options.maxNorm }),
    hasMicroBatches: options.hasMicroBatches ?? false,
  });
  const shapes = new SessionCache<Shaped & Pick<Session, 'release'>>(options.maxSessions ?? 4);
  const view = (name: string, shape: readonly number[], data: Float32Array) =>
    [name, tensor('float32', shape, data)] as const;
  const denseSpecs = model.parameters.filter(({ name }) => !sparse.has(name));
  const feeds = new Map(denseSpecs.map(({ name, shape }) => view(name, shape, optimizer.parameter(name))));
  const firstGradients = new Map(denseSpecs.map(({ name, shape }) => view(name, shape, optimizer.gradient(name))));
  const laterGradients = new Map(
    options.hasMicroBatches === true
      ? denseSpecs.map(({ name, shape }) => view(name, shape, optimizer.microGradient(name)))
      : [],
  );

  const load = (given: Readonly<Record<string, Tensor>>): void => {
    const own = optimizer.state();
    const take = (prefix: string, names: readonly string[], shapesOf: Readonly<Record<string, Tensor>>) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          copyOfState(`${prefix}${name}`, shapesOf[name]?.shape ?? [], given[`${prefix}${name}`]),
        ]),
      );
    optimizer.load({
      parameters: take(MODEL, Object.keys(own.parameters), own.parameters),
      slots: take(OPTIMIZER, Object.keys(own.slots), own.slots),
    });
  };
  for (const { name, shape } of model.parameters) {
    optimizer.parameter(name).set(copyOfState(name, shape, options.parameters[name]).data);
  }

  /** One micro-batch: leaves its gradients in the optimiser and returns its part of each term. */
  const runBatch = async (
    shaped: Shaped,
    step: StepInput,
    at: number,
    divisors: Record<string, Tensor>,
  ): Promise<number[]> => {
    const { gradients: session, tables, dense, terms } = shaped;
    const _batch = step.batches[at] as Batch;
    const inputs: Record<string, Tensor> = {};
    const fetches: Record<string, Tensor> = {};
    const gradientViews = at === 0 ? firstGradients : laterGradients;
    for (const name of dense) {
      inputs[`${MODEL}${name}`] = feeds.get(name) as Tensor;
      fetches[`${GRADIENT}${name}`] = gradientViews.get(name) as Tensor;
    }
    const idsOf = (source: string) => stepInput(source, step, at, options) as Tensor<'int64'>;
    for (const [name, source] of tables) {
      const { data, shape } = idsOf(source);
      const width = model.parameters.find((spec) => spec.name === name)?.shape[1] ?? 0;
      inputs[`${ROWS}${name}`] = tensor('float32', [...shape, width], optimizer.gatherRows(name, data));
      fetches[`${GRADIENT}${name}`] = tensor('float32', [...shape, width], optimizer.tokenGradients(name, data.length));
    }
    for (const { name } of session.inputs) inputs[name] ??= divisors[name] ?? stepInput(name, step, at, options);
    const results = await session.run(pickInputs(session, inputs), fetches);
    for (const [name, source] of tables) optimizer.scatterRows(name, idsOf(source).data);
    if (at > 0) optimizer.addMicroGradients();
    return terms.map((name) => Number(results[`${TERM}${name}`]?.data[0]));
  };

  return {
    stepsPerRun: 1,
    async run([step, ...more]) {
      if (step === undefined || more.length > 0) {
        throw new ShapeError({
          where: 'run',
          wanted: 'one step',
          got: String(more.length + (step === undefined ? 0 : 1)),
        });
      }
      const [first] = step.batches;
      const shape = dimsOf(first as Batch);
      const key = formatShape([shape.B, shape.S]);
      return shapes.use(
        key,
        async () => releasable(await openShape(options, shape, sparse)),
        async (shaped) => {
          const divisors = await divisorsOf(shaped, step, options);
          const losses = shaped.terms.map(() => 0);
          for (const at of step.batches.keys()) {
            const parts = await runBatch(shaped, step, at, divisors);
            for (const [i, part] of parts.entries()) losses[i] = (losses[i] as number) + part;
          }
          const loss = losses.reduce((total, part) => total + part, 0);
          // A loss that is not finite has gradients that are not, so the optimiser leaves the state alone.
          const { gradientNorm, isApplied } = optimizer.step({ step: step.step, learningRate: step.learningRate });
          const byName = Object.fromEntries(shaped.terms.map((name, i) => [name, losses[i] as number]));
          return [{ loss, losses: byName, gradientNorm, isApplied } satisfies StepResult];
        },
      );
    },
    parameters: () =>
      Object.fromEntries(
        Object.entries(optimizer.state().parameters).map(([name, value]) => [
          name,
          copyOfState(name, value.shape, value),
        ]),
      ),
    state: () => {
      const { parameters, slots } = optimizer.state();
      const copies = (prefix: string, values: Readonly<Record<string, Tensor>>) =>
        Object.entries(values).map(
          ([name, value]) => [`${prefix}${name}`, copyOfState(name, value.shape, value)] as const,
        );
      return Object.fromEntries([...copies(MODEL, parameters), ...copies(OPTIMIZER, slots)]);
    },
    load,
    release: () => shapes.release(),
  };
}

function pickInputs(session: Session, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(session.inputs.map(({ name }) => [name, inputs[name] as Tensor]));
}

/** B and S of a batch, from its first input. */
function dimsOf({ inputs, weights }: Batch): { B: number; S: number } {
  const [first] = Object.values(inputs);
  return { B: weights.length, S: first?.shape[1] ?? 1 };
}

/** Σ weight · count of each term over all micro-batches; 1 where nothing counts. */
async function divisorsOf(shaped: Shaped, step: StepInput, options: HostStepOptions): Promise<Record<string, Tensor>> {
  const totals = shaped.terms.map(() => 0);
  for (const at of step.batches.keys()) {
    const feeds = Object.fromEntries(
      shaped.counts.inputs.map(({ name }) => [name, stepInput(name, step, at, options)]),
    );
    const results = await shaped.counts.run(feeds);
    for (const [i, name] of shaped.terms.entries()) {
      totals[i] = (totals[i] as number) + Number(results[`${COUNT}${name}`]?.data[0]);
    }
  }
  return Object.fromEntries(
    shaped.terms.map((name, i) => [`${DIVISOR}${name}`, tensor('float32', [], Float32Array.of(totals[i] || 1))]),
  );
}
