import { CheckpointError, OptionError, ShapeError } from '../errors/failures.js';
import { formatShape, type StaticShape, sameShape, sizeOf } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { checkMaxNorm, clipFactor, NO_CLIPPING } from './clip.js';
import { type GroupRates, type ParameterGroup, resolveGroups } from './groups.js';
import { coefficientWidth, compileKernels, type Kernels, type RuleKernel } from './kernel.js';
import { type Optimizer, scalarRow } from './optimizer.js';
import { type RowIds, SparseTable } from './sparse-table.js';
import { createMemory, MAX_MEMORY_BYTES } from './wasm-assembler.js';

const FLOAT_BYTES = 4;
/** Tensors begin on cache lines. */
const ALIGNMENT = 64;

export type HostParameter = {
  readonly name: string;
  readonly shape: StaticShape;
  /**
   * Makes a [rows, width] table sparse: a run reads at most so many rows of it (`gatherRows`), and its gradient comes
   * back as one row for each id (`tokenGradients`, `scatterRows`).
   */
  readonly maxIds?: number;
  /** Of a parameter that not every step updates: what it belongs to, see `StepOptions.parts`. Not for a sparse one. */
  readonly part?: string;
};

export type HostOptimizerOptions = {
  readonly optimizer: Optimizer;
  readonly parameters: readonly HostParameter[];
  readonly groups?: readonly ParameterGroup[];
  /** Gradients are scaled down to this common 2-norm. Default: no clipping. */
  readonly maxNorm?: number;
  /** Reserves a second set of gradients, for steps that consist of several runs. */
  readonly hasMicroBatches?: boolean;
  /** After so many steps all sparse rows are brought up to date, in one pause that is longer the more steps. */
  readonly replaySteps?: number;
};

export type StepOptions = {
  /** Counts from 1. */
  readonly step: number;
  /** Of this step, before the factors of the groups. Default: the optimiser's. */
  readonly learningRate?: number;
  /**
   * The parts that this step updates beside the parameters of none, each with the number of the step among its own, from
   * 1: PyTorch's count for a parameter whose gradient is None in the other steps. All else of other parts stays as it is.
   */
  readonly parts?: ReadonlyMap<string, number>;
};

export type StepResult = {
  /** 2-norm of all gradients before clipping, summed in float64. */
  readonly gradientNorm: number;
  /** What the gradients were multiplied by. */
  readonly clipFactor: number;
  /** False if the norm was not finite: then nothing changed. */
  readonly isApplied: boolean;
};

/** All that a checkpoint needs; the step number is the caller's. */
export type OptimizerState = {
  readonly parameters: Readonly<Record<string, Tensor<'float32'>>>;
  /** By `parameter.slot`. */
  readonly slots: Readonly<Record<string, Tensor<'float32'>>>;
};

type Group = {
  readonly rates: GroupRates;
  readonly part: string | undefined;
  readonly rule: RuleKernel;
  readonly coefficients: number;
};

type Entry = {
  readonly name: string;
  readonly shape: StaticShape;
  readonly group: Group;
  /** Rows of the last axis, the unit of the gradient norm. */
  readonly rows: number;
  readonly width: number;
  readonly parameter: number;
  readonly slots: readonly number[];
  readonly gradient: number;
  readonly microGradient: number | undefined;
  readonly sparse:
    | { readonly table: SparseTable; readonly gathered: number; readonly tokenGradients: number }
    | undefined;
};

/**
 * An optimiser on the host: parameters, slots and gradients lie in one WebAssembly memory, whose views a graph takes
 * as inputs and as preallocated outputs. Views stay valid for the life of the optimiser. One step: run the graph into
 * `gradient(…)`, then `step(…)`.
 */
export class HostOptimizer {
  readonly #optimizer: Optimizer;
  readonly #entries = new Map<string, Entry>();
  readonly #groups: readonly Group[];
  readonly #maxNorm: number;
  readonly #kernels: Kernels;
  readonly #heap: Float32Array;
  readonly #replaySteps: number;
  /** Steps since the last flush; their coefficients are kept. */
  #keptSteps = 0;

  /** @throws OptionError for a bad option or more state than 4 GiB, ShapeError for a sparse parameter that is no table. */
  constructor(options: HostOptimizerOptions) {
    const { optimizer, parameters, maxNorm = NO_CLIPPING, hasMicroBatches = false } = options;
    this.#optimizer = optimizer;
    this.#maxNorm = checkMaxNorm(maxNorm);
    const isSparse = parameters.some(({ maxIds }) => maxIds !== undefined);
    this.#replaySteps = isSparse ? replayStepsOf(options) : 1;

    let bytes = 0;
    const place = (floats: number): number => {
      const address = bytes;
      bytes += Math.ceil((floats * FLOAT_BYTES) / ALIGNMENT) * ALIGNMENT;
      return address;
    };
    const rates = resolveGroups(namesOf(parameters), optimizer, options.groups ?? []);
    // Parameters of one part with the same rates share the coefficients of a step.
    const groupOf = new Map<HostParameter, Omit<Group, 'rule'>>();
    for (const parameter of parameters) {
      const own = rates.get(parameter.name) as GroupRates;
      const known = [...groupOf.values()].find((group) => group.rates === own && group.part === parameter.part);
      const made = known ?? {
        rates: own,
        part: parameter.part,
        coefficients: place(this.#replaySteps * coefficientWidth(optimizer)),
      };
      groupOf.set(parameter, made);
    }
    const layouts = parameters.map((parameter) => {
      const { shape, maxIds } = parameter;
      const size = sizeOf(shape);
      const width = shape.at(-1) ?? 1;
      const table = maxIds === undefined ? undefined : checkTable(parameter, maxIds);
      return {
        parameter,
        width,
        rows: width === 0 ? 0 : size / width,
        addresses: {
          parameter: place(size),
          slots: optimizer.slots.map(() => place(size)),
          gradient: place(size),
          microGradient: hasMicroBatches && table === undefined ? place(size) : undefined,
        },
        table: table && {
          ...table,
          gathered: place(table.maxIds * width),
          tokenGradients: place(table.maxIds * width),
        },
      };
    });
    const scratch = place(Math.max(0, ...layouts.map(({ width }) => width)));
    if (bytes > MAX_MEMORY_BYTES) {
      throw new OptionError({
        where: 'HostOptimizer',
        wanted: 'at most 4 GiB of parameters, slots and gradients',
        got: `${(bytes / 2 ** 30).toFixed(1)} GiB`,
        fix: 'train a smaller model, or one with fewer trained parts',
      });
    }
    const memory = createMemory(bytes);
    this.#heap = new Float32Array(memory.buffer);
    this.#kernels = compileKernels(optimizer, memory);

    const groups = new Map<Omit<Group, 'rule'>, Group>();
    for (const group of groupOf.values()) {
      const rule = group.rates.weightDecay > 0 ? this.#kernels.decaying : this.#kernels.undecaying;
      if (!groups.has(group)) groups.set(group, { ...group, rule });
    }
    this.#groups = [...groups.values()];
    for (const { parameter, rows, width, addresses, table } of layouts) {
      const { name, shape } = parameter;
      const group = groups.get(groupOf.get(parameter) as Omit<Group, 'rule'>) as Group;
      const sparse = table && {
        gathered: table.gathered,
        tokenGradients: table.tokenGradients,
        table: new SparseTable({
          name,
          rows,
          width,
          maxIds: table.maxIds,
          addresses: { ...addresses, ...table, scratch },
          heap: this.#heap,
          kernels: this.#kernels,
          rule: group.rule,
          coefficientsAt: (step) => this.#coefficientsAt(group, step),
        }),
      };
      this.#entries.set(name, { name, shape, group, rows, width, ...addresses, sparse });
    }
  }

  /** Bytes of the memory that holds everything. */
  get memoryBytes(): number {
    return this.#heap.byteLength;
  }

  /** Current values; rows of a sparse table are current after `flush`. May be written before the first step. */
  parameter(name: string): Float32Array {
    const entry = this.#entry(name);
    return this.#view(entry.parameter, sizeOf(entry.shape));
  }

  /** Where the graph leaves the gradient of a dense parameter (of the first run of a step). */
  gradient(name: string): Float32Array {
    const entry = this.#dense(name);
    return this.#view(entry.gradient, sizeOf(entry.shape));
  }

  /** Where the graph leaves the gradient of a dense parameter in the later runs of a step. */
  microGradient(name: string): Float32Array {
    const entry = this.#dense(name);
    return this.#view(microGradientOf(entry), sizeOf(entry.shape));
  }

  /** For reading, e.g. `exp_avg`; rows of a sparse table are current after `flush`. */
  slot(name: string, slot: string): Float32Array {
    const entry = this.#entry(name);
    const address = entry.slots[this.#optimizer.slots.indexOf(slot)];
    if (address === undefined) {
      throw new OptionError({
        where: `slot of ${this.#optimizer.name}`,
        wanted: this.#optimizer.slots.join(' or ') || 'none: this rule keeps nothing',
        got: slot,
      });
    }
    return this.#view(address, sizeOf(entry.shape));
  }

  /** After each later run of a step: adds `microGradient(…)` of all dense parameters to `gradient(…)`. */
  addMicroGradients(): void {
    for (const entry of this.#entries.values()) {
      if (entry.sparse) continue;
      this.#kernels.add(sizeOf(entry.shape), entry.gradient, microGradientOf(entry));
    }
  }

  /**
   * Reads rows of a sparse table, brought up to date. The view [ids, width] is overwritten by the next call.
   * @throws ShapeError for an id outside the table or too many ids.
   */
  gatherRows(name: string, ids: RowIds): Float32Array {
    const { table, gathered } = this.#sparse(name);
    table.gather(ids, this.#keptSteps);
    return this.#view(gathered, ids.length * this.#entry(name).width);
  }

  /** Where the graph leaves the gradient [ids, width] of the rows gathered. */
  tokenGradients(name: string, ids: number): Float32Array {
    return this.#view(this.#sparse(name).tokenGradients, ids * this.#entry(name).width);
  }

  /** After each run of a step: sums `tokenGradients` by row, in a fixed order, onto the gradient of the step. */
  scatterRows(name: string, ids: RowIds): void {
    this.#sparse(name).table.scatter(ids);
  }

  /** Clips and updates. If a gradient is not finite nothing changes and the result says so. */
  step({ step, learningRate = this.#optimizer.learningRate, parts }: StepOptions): StepResult {
    const updates = ({ part }: Group) => part === undefined || parts?.has(part) === true;
    const entries = [...this.#entries.values()].filter(({ group }) => updates(group));
    const gradientNorm = Math.sqrt(this.#sumOfSquares(entries));
    if (!Number.isFinite(gradientNorm)) {
      for (const { sparse } of this.#entries.values()) sparse?.table.dropGradient();
      return { gradientNorm, clipFactor: Number.NaN, isApplied: false };
    }
    const factor = Math.fround(clipFactor(gradientNorm, this.#maxNorm));
    const now = this.#keptSteps;
    for (const group of this.#groups) {
      const count = group.part === undefined ? step : parts?.get(group.part);
      if (count !== undefined) this.#writeCoefficients(group, count, learningRate, factor);
    }
    for (const entry of entries) {
      if (entry.sparse) entry.sparse.table.update(now);
      else {
        const { group, shape, parameter, slots, gradient } = entry;
        group.rule.update(sizeOf(shape), this.#coefficientsAt(group, now), parameter, slots, gradient);
      }
    }
    this.#keptSteps += 1;
    if (this.#keptSteps === this.#replaySteps) this.flush();
    return { gradientNorm, clipFactor: factor, isApplied: true };
  }

  /** Brings all rows of sparse tables up to date: before evaluation, checkpoint and export. */
  flush(): void {
    for (const { sparse } of this.#entries.values()) sparse?.table.settle(this.#keptSteps);
    this.#keptSteps = 0;
  }

  /** Flushes, and returns views of everything: valid until the next step. */
  state(): OptimizerState {
    this.flush();
    const parameters: Record<string, Tensor<'float32'>> = {};
    const slots: Record<string, Tensor<'float32'>> = {};
    for (const { name, shape } of this.#entries.values()) {
      parameters[name] = tensor('float32', shape, this.parameter(name));
      for (const slot of this.#optimizer.slots) {
        slots[`${name}.${slot}`] = tensor('float32', shape, this.slot(name, slot));
      }
    }
    return { parameters, slots };
  }

  /**
   * Copies a state in. Leaves the optimiser as it was if something is missing or of another shape.
   * @throws CheckpointError naming the tensor.
   */
  load(state: OptimizerState): void {
    const own = this.state();
    const copies = [
      ...pairs('parameter', own.parameters, state.parameters),
      ...pairs(`slot of ${this.#optimizer.name}`, own.slots, state.slots),
    ];
    for (const [target, source] of copies) target.set(source);
    for (const { sparse } of this.#entries.values()) sparse?.table.findWarmRows();
  }

  #sumOfSquares(entries: readonly Entry[]): number {
    let sum = 0;
    for (const { rows, width, gradient, sparse } of entries) {
      sum += sparse ? sparse.table.sumOfSquares() : this.#kernels.sumOfSquares(rows, width, gradient);
    }
    return sum;
  }

  #coefficientsAt({ coefficients }: Group, step: number): number {
    return coefficients + step * coefficientWidth(this.#optimizer) * FLOAT_BYTES;
  }

  #writeCoefficients(group: Group, step: number, learningRate: number, factor: number): void {
    const { learningRateFactor, weightDecay } = group.rates;
    const address = this.#coefficientsAt(group, this.#keptSteps);
    const at = { step, learningRate: learningRate * learningRateFactor, weightDecay };
    this.#heap[address / FLOAT_BYTES] = factor;
    this.#heap.set(scalarRow(this.#optimizer, at), address / FLOAT_BYTES + 1);
  }

  #view(address: number, length: number): Float32Array {
    return new Float32Array(this.#heap.buffer, address, length);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new OptionError({ where: 'HostOptimizer', wanted: 'the name of a parameter it was made with', got: name });
  }

  #dense(name: string): Entry {
    const entry = this.#entry(name);
    if (!entry.sparse) return entry;
    throw new OptionError({
      where: `gradient of ${name}`,
      wanted: 'a dense parameter',
      got: 'a sparse table',
      fix: 'use tokenGradients and scatterRows, or leave maxIds out',
    });
  }

  #sparse(name: string): NonNullable<Entry['sparse']> {
    const { sparse } = this.#entry(name);
    if (sparse) return sparse;
    throw new OptionError({
      where: `rows of ${name}`,
      wanted: 'a sparse table',
      got: 'a dense parameter',
      fix: 'give the parameter maxIds',
    });
  }
}

/**
 * What a flush replays is not replayed later, so this bounds the length of the pause and costs nothing: about a
 * second for 30,522 words of 384 (bench/optimizer.bench.ts).
 */
const DEFAULT_REPLAY_STEPS = 512;

function replayStepsOf({ replaySteps = DEFAULT_REPLAY_STEPS }: HostOptimizerOptions): number {
  if (Number.isInteger(replaySteps) && replaySteps > 0) return replaySteps;
  throw new OptionError({ where: 'replaySteps', wanted: 'a whole number > 0', got: String(replaySteps) });
}

function namesOf(parameters: readonly HostParameter[]): string[] {
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new OptionError({ where: 'HostOptimizer', wanted: 'parameters of different names', got: `${twice} twice` });
}

function checkTable({ name, shape, part }: HostParameter, maxIds: number): { readonly maxIds: number } {
  if (shape.length !== 2) {
    throw new ShapeError({ where: name, wanted: 'a sparse parameter [rows, width]', got: formatShape(shape) });
  }
  if (part !== undefined) {
    // Its rows are replayed from the coefficients of every step.
    throw new OptionError({
      where: name,
      wanted: 'a sparse parameter that every step updates',
      got: `one of part ${part}`,
    });
  }
  if (Number.isInteger(maxIds) && maxIds > 0) return { maxIds };
  throw new OptionError({ where: `maxIds of ${name}`, wanted: 'a whole number > 0', got: String(maxIds) });
}

function microGradientOf({ microGradient }: Entry): number {
  if (microGradient !== undefined) return microGradient;
  throw new OptionError({
    where: 'microGradient',
    wanted: 'an optimiser made for micro-batches',
    got: 'one set of gradients',
    fix: 'pass hasMicroBatches: true',
  });
}

/** Own arrays beside those to be copied into them. */
function pairs(
  kind: string,
  own: OptimizerState['slots'],
  loaded: OptimizerState['slots'],
): [target: Float32Array, source: Float32Array][] {
  return Object.entries(own).map(([name, { shape, data }]) => {
    const source = loaded[name];
    if (source && sameShape(source.shape, shape)) return [data, source.data];
    throw new CheckpointError({
      where: `${kind} ${name}`,
      wanted: formatShape(shape),
      got: source ? formatShape(source.shape) : 'nothing',
      fix: 'resume with the model and optimiser the run was started with',
    });
  });
}
