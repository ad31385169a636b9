/**
 * @file The training step of a transformer: a graph that returns gradients, and the optimiser on the host. Parameters,
 * slots and gradients lie in one WebAssembly memory; word embeddings are read and updated by row.
 */

import { gradients } from '../../autograd/backward.js';
import { toProgram } from '../../autograd/lower.js';
import { div } from '../../autograd/ops/elementwise.js';
import { gather } from '../../autograd/ops/indexing.js';
import { input, type Value } from '../../autograd/value.js';
import { ShapeError } from '../../errors/failures.js';
import type { BatchDims } from '../../models/model.js';
import type { MaskRequest, MaskSource } from '../../nn/context.js';
import type { Parameters } from '../../nn/module.js';
import type { ValueInfo } from '../../onnx/program.js';
import type { HostOptimizer } from '../../optim/host-optimizer.js';
import type { Session } from '../../runtime/running-session.js';
import { openSession } from '../../runtime/session.js';
import { formatShape, lengthOf } from '../../tensor/shape.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import type { CompiledStepOptions } from './compiled-step.js';
import { dropoutKey, feedFor, MODEL } from './compiled-step.js';
import { DropoutMasks } from './dropout-masks.js';
import { type HostStateOptions, hostOptimizer, stateIn, updated } from './host-state.js';
import { type RowSource, rowSource } from './row-source.js';
import type { StepInput, TrainingStep } from './step.js';
import { inputCollector, scalarNamesOf, sumOf, type TracedTerm, traceTerms } from './trace-step.js';

export type HostStepOptions = Omit<CompiledStepOptions, 'dims'> & HostStateOptions;

const ROWS = 'rows.';
const MASK = 'mask.';
const DIVISOR = 'divisor.';
const GRADIENT = 'gradient.';
const TERM = 'term.';
const COUNT = 'count.';

type SparseNames = { has(name: string): boolean };

/** Parameters as graph inputs; tables that are only read by row are fed as the rows of the batch. */
function hostParameters(
  specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  sparse: SparseNames,
): Parameters & {
  readonly fed: Map<string, Value>;
  readonly rowIds: Map<string, readonly RowSource[]>;
  readonly wholes: Set<string>;
} {
  const fed = new Map<string, Value>();
  const rowIds = new Map<string, readonly RowSource[]>();
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
      const source = rowSource(ids);
      // Read by ids that are made in the graph: the whole table is an input.
      if (source === undefined) {
        wholes.add(name);
        return gather(whole(name), ids);
      }
      const sources = rowIds.get(name) ?? [];
      if (!sources.some(({ key }) => key === source.key)) rowIds.set(name, [...sources, source]);
      if (!sparse.has(name)) return gather(whole(name), ids);
      const key = rowsName(name, source.key);
      const known = fed.get(key);
      if (known !== undefined) return known;
      const rows = input(`${ROWS}${key}`, 'float32', [...ids.shape, shapes.get(name)?.[1] ?? 0]);
      fed.set(key, rows);
      return rows;
    },
  };
}

/** What the rows of a table are called that a source selects: models of two texts have two. */
function rowsName(table: string, source: string): string {
  return `${table}/${source}`;
}

/** What a step reads of its parameters: tables by the ids of its batch alone, beside how many sources of ids; and others whole. */
export type ParameterReads = { readonly tables: ReadonlyMap<string, number>; readonly wholes: ReadonlySet<string> };

export function parameterReads(options: HostStepOptions): ParameterReads {
  const { rowIds, wholes } = tracedParameters(options);
  const tables = [...rowIds].filter(([name]) => !wholes.has(name));
  return { tables: new Map(tables.map(([name, sources]) => [name, sources.length])), wholes };
}

function tracedParameters(options: HostStepOptions): ReturnType<typeof hostParameters> {
  const parameters = hostParameters(options.model.parameters, new Set());
  traceTerms(options, parameters, inputCollector().source, scalarNamesOf(options.method));
  return parameters;
}

/** The step, traced and opened once for batches of any shape. */
type Opened = {
  readonly gradients: Session;
  readonly counts: Session;
  readonly terms: readonly string[];
  /** Dense parameters that the step reads. */
  readonly dense: readonly string[];
  /** Dropout masks by the input that each is fed to. */
  readonly masks: ReadonlyMap<string, MaskRequest>;
  /** Sparse tables, and where their row numbers come from. */
  readonly tables: readonly (readonly [name: string, sources: readonly RowSource[]])[];
};

async function openGraph(options: HostStepOptions, sparse: SparseNames): Promise<Opened> {
  const dims: BatchDims = options.dims.S === undefined ? { B: 'B' } : { B: 'B', S: 'S' };
  const parameters = hostParameters(options.model.parameters, sparse);
  const { source } = inputCollector();
  const masks = new Map<string, MaskRequest>();
  const maskFor: MaskSource = (request) => {
    // A site has one mask however often it is read, unless it is read in several shapes.
    const name = `${MASK}${request.site} ${formatShape(request.shape)}`;
    masks.set(name, request);
    return source(name, 'float32', request.shape);
  };
  const traced = traceTerms({ ...options, dims }, parameters, source, scalarNamesOf(options.method), maskFor);
  // The divisor covers all micro-batches of a step, so it comes from outside.
  const losses = traced.map(({ name, total }: TracedTerm) => div(total, source(`${DIVISOR}${name}`, 'float32', [])));
  const names = [...parameters.fed.keys()];
  const isParameter = new Set(options.model.parameters.map(({ name }) => name));
  const grads = gradients(sumOf(losses), [...parameters.fed.values()]);
  const outputs: Record<string, Value> = {};
  for (const [i, { name }] of traced.entries()) outputs[`${TERM}${name}`] = losses[i] as Value;
  for (const [i, name] of names.entries()) outputs[`${GRADIENT}${name}`] = grads[i] as Value;
  const counts = Object.fromEntries(traced.map(({ name, count }) => [`${COUNT}${name}`, count]));
  const sessionOptions = { threads: options.threads, device: options.device };
  return {
    gradients: await openSession(toProgram({ outputs }), sessionOptions),
    counts: await openSession(toProgram({ outputs: counts }), { ...sessionOptions, threads: 1 }),
    terms: traced.map(({ name }) => name),
    masks,
    dense: names.filter((name) => isParameter.has(name)),
    tables: [...parameters.rowIds].filter(([name]) => sparse.has(name)),
  };
}

/** A step's graph over the memory of an optimiser. */
export type HostGraph = {
  /** Leaves the gradients of a step in the optimiser; returns its terms. */
  run(step: StepInput): Promise<Readonly<Record<string, number>>>;
  release(): Promise<void>;
};

/**
 * Opens the graph of a step.
 * @param sparse the tables that the optimiser keeps by row.
 * @param drawn where masks are drawn; graphs that run in turn may share it.
 */
export async function openHostGraph(
  options: HostStepOptions,
  sparse: SparseNames,
  optimizer: HostOptimizer,
  drawn = new DropoutMasks(),
): Promise<HostGraph> {
  const { model } = options;
  const { gradients: session, counts, terms, masks, dense, tables } = await openGraph(options, sparse);
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

  // All outputs have arrays of ours, so a run copies none.
  const termViews = Object.fromEntries(terms.map((name) => view(`${TERM}${name}`, [], new Float32Array(1))));

  /** The masks of one batch, whose lengths are those of its other inputs. */
  const masksOf = (inputs: Readonly<Record<string, Tensor>>, step: StepInput, at: number): Record<string, Tensor> => {
    const lengths = lengthsOf(session.inputs, inputs);
    const draws = session.inputs.flatMap(({ name }) => {
      const request = masks.get(name);
      if (request === undefined) return [];
      const [rowStride = 1, ...shape] = [request.rowStride, ...request.shape].map((dim) => lengthOf(dim, lengths));
      return [{ name, rate: request.rate, shape, rowStride, key: dropoutKey(request.site, step, at, options) }];
    });
    const arrays = drawn.draw(draws);
    return Object.fromEntries(
      draws.map(({ name, shape }, i) => [name, tensor('float32', shape, arrays[i] as Float32Array)]),
    );
  };

  /** One micro-batch: leaves its gradients in the optimiser and returns its part of each term. */
  const runBatch = async (step: StepInput, at: number, divisors: Record<string, Tensor>): Promise<number[]> => {
    const inputs: Record<string, Tensor> = {};
    const fetches: Record<string, Tensor> = { ...termViews };
    const gradientViews = at === 0 ? firstGradients : laterGradients;
    for (const name of dense) {
      inputs[`${MODEL}${name}`] = feeds.get(name) as Tensor;
      fetches[`${GRADIENT}${name}`] = gradientViews.get(name) as Tensor;
    }
    const read = tables.map(([name, sources]) => ({ name, ...idsOf(sources, step, at, options) }));
    for (const { name, ids, parts } of read) {
      const width = model.parameters.find((spec) => spec.name === name)?.shape[1] ?? 0;
      const rows = optimizer.gatherRows(name, ids);
      const rowGradients = optimizer.tokenGradients(name, ids.length);
      for (const { source, shape, start, end } of parts) {
        const of = (all: Float32Array) =>
          tensor('float32', [...shape, width], all.subarray(start * width, end * width));
        inputs[`${ROWS}${rowsName(name, source.key)}`] = of(rows);
        fetches[`${GRADIENT}${rowsName(name, source.key)}`] = of(rowGradients);
      }
    }
    for (const { name } of session.inputs) {
      if (!masks.has(name)) inputs[name] ??= divisors[name] ?? feedFor(name, step, at, options);
    }
    Object.assign(inputs, masksOf(inputs, step, at));
    const results = await session.run(pickInputs(session, inputs), fetches);
    for (const { name, ids } of read) optimizer.scatterRows(name, ids);
    if (at > 0) optimizer.addMicroGradients();
    return terms.map((name) => Number(results[`${TERM}${name}`]?.data[0]));
  };

  return {
    run: async (step) => {
      const divisors = await divisorsOf({ counts, terms }, step, options);
      const losses: Record<string, number> = Object.fromEntries(terms.map((name) => [name, 0]));
      for (const at of step.batches.keys()) {
        const parts = await runBatch(step, at, divisors);
        for (const [i, name] of terms.entries()) losses[name] = (losses[name] as number) + (parts[i] as number);
      }
      return losses;
    },
    release: async () => {
      await session.release();
      await counts.release();
    },
  };
}

/** The one step of a run. @throws ShapeError for none or several. */
export function onlyStep([step, ...more]: readonly StepInput[]): StepInput {
  if (step !== undefined && more.length === 0) return step;
  throw new ShapeError({ where: 'run', wanted: 'one step', got: String(more.length + (step === undefined ? 0 : 1)) });
}

/**
 * A step whose graph returns gradients. Rows and tokens of a batch may differ from step to step, and from one
 * micro-batch to the next.
 * @throws ShapeError, DtypeError, SignalError if model, method and teacher do not fit together.
 */
export async function openHostStep(options: HostStepOptions): Promise<TrainingStep> {
  const { tables } = parameterReads(options);
  const optimizer = hostOptimizer(options, tables);
  const graph = await openHostGraph(options, tables, optimizer);
  return {
    stepsPerRun: 1,
    run: async (steps) => {
      const step = onlyStep(steps);
      const losses = await graph.run(step);
      return [updated(optimizer, losses, { step: step.step, learningRate: step.learningRate })];
    },
    ...stateIn(optimizer),
    release: () => graph.release(),
  };
}

/** What the names in the shapes of inputs are, by the tensors that are fed. */
function lengthsOf(infos: readonly ValueInfo[], inputs: Readonly<Record<string, Tensor>>): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { name, shape } of infos) {
    for (const [axis, dim] of shape.entries()) {
      const length = inputs[name]?.shape[axis];
      if (typeof dim === 'string' && length !== undefined) lengths.set(dim, length);
    }
  }
  return lengths;
}

function pickInputs(session: Session, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(session.inputs.map(({ name }) => [name, inputs[name] as Tensor]));
}

/** The row numbers that a table is read by, those of all its sources behind each other. */
function idsOf(sources: readonly RowSource[], step: StepInput, at: number, options: HostStepOptions) {
  const found = sources.map((source) => ({ source, ids: source.ids((name) => feedFor(name, step, at, options)) }));
  let start = 0;
  const parts = found.map(({ source, ids: { shape, data } }) => {
    const part = { source, shape, start, end: start + data.length };
    start = part.end;
    return part;
  });
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return { ids: only.ids.data, parts };
  const ids = new BigInt64Array(start);
  for (const [i, part] of parts.entries()) ids.set((found[i] as (typeof found)[number]).ids.data, part.start);
  return { ids, parts };
}

/** Σ weight · count of each term over all micro-batches; 1 where nothing counts. */
async function divisorsOf(
  { counts, terms }: Pick<Opened, 'counts' | 'terms'>,
  step: StepInput,
  options: HostStepOptions,
): Promise<Record<string, Tensor>> {
  const totals = terms.map(() => 0);
  for (const at of step.batches.keys()) {
    const feeds = Object.fromEntries(counts.inputs.map(({ name }) => [name, feedFor(name, step, at, options)]));
    const results = await counts.run(feeds);
    for (const [i, name] of terms.entries()) {
      totals[i] = (totals[i] as number) + Number(results[`${COUNT}${name}`]?.data[0]);
    }
  }
  return Object.fromEntries(
    terms.map((name, i) => [`${DIVISOR}${name}`, tensor('float32', [], Float32Array.of(totals[i] || 1))]),
  );
}
