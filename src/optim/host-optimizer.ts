import { CheckpointError, OptionError } from '../errors/failures.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { checkMaxNorm, clipFactor, NO_CLIPPING } from './clip.js';
import {
  coefficientsAt,
  type Entry,
  FLOAT_BYTES,
  type Group,
  type HostOptimizerOptions,
  layOut,
  ruleOf,
} from './host-memory.js';
import type { Kernels } from './kernel.js';
import { type Optimizer, scalarRow } from './optimizer.js';
import type { RowIds } from './sparse-table.js';

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

export type OptimizerStepResult = {
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

/**
 * An optimiser on the host: parameters, slots and gradients lie in one WebAssembly memory, whose views a graph takes
 * as inputs and as preallocated outputs. Views stay valid for the life of the optimiser. One step: run the graph into
 * `gradient(…)`, then `step(…)`.
 */
export class HostOptimizer {
  readonly #optimizer: Optimizer;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #groups: readonly Group[];
  readonly #maxNorm: number;
  readonly #kernels: Kernels;
  readonly #heap: Float32Array;
  readonly #replaySteps: number;
  /** Steps since the last flush; their coefficients are kept. */
  #keptSteps = 0;

  /** @throws OptionError for a bad option or more state than 4 GiB, ShapeError for a sparse parameter that is no table. */
  constructor(options: HostOptimizerOptions) {
    this.#optimizer = options.optimizer;
    this.#maxNorm = checkMaxNorm(options.maxNorm ?? NO_CLIPPING);
    const { heap, kernels, entries, groups, replaySteps } = layOut(options);
    this.#heap = heap;
    this.#kernels = kernels;
    this.#entries = entries;
    this.#groups = groups;
    this.#replaySteps = replaySteps;
  }

  /** Bytes of the memory that holds everything. */
  get memoryBytes(): number {
    return this.#heap.byteLength;
  }

  /**
   * Bytes of it that a few steps leave unwritten, and so without memory of their own: slots and gradients of sparse tables,
   * of which each step writes the rows that it reads.
   */
  get sparseBytes(): number {
    let bytes = 0;
    for (const { sparse, shape, slots } of this.#entries.values()) {
      if (sparse) bytes += (slots.length + 1) * sizeOf(shape) * FLOAT_BYTES;
    }
    return bytes;
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
        wanted: this.#optimizer.slots.join(' or ') || 'none: this optimiser has no state',
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
  step({ step, learningRate = this.#optimizer.learningRate, parts }: StepOptions): OptimizerStepResult {
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
        const coefficients = coefficientsAt(group, this.#optimizer, now);
        ruleOf(group, this.#kernels).update(sizeOf(shape), coefficients, parameter, slots, gradient);
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

  #writeCoefficients(group: Group, step: number, learningRate: number, factor: number): void {
    const { learningRateFactor, weightDecay } = group.rates;
    const address = coefficientsAt(group, this.#optimizer, this.#keptSteps);
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
