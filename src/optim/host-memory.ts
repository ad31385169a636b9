/** @file The one memory of an optimiser on the host: where parameters, slots and gradients lie in it. */
import { OptionError, ShapeError } from '../errors/failures.js';
import { formatShape, type StaticShape, sizeOf } from '../tensor/shape.js';
import { type GroupRates, type ParameterGroup, resolveGroups } from './groups.js';
import { coefficientWidth, compileKernels, type Kernels, type RuleKernel } from './kernel.js';
import type { Optimizer } from './optimizer.js';
import { SparseTable } from './sparse-table.js';
import { createMemory, MAX_MEMORY_BYTES } from './wasm-assembler.js';

export const FLOAT_BYTES = 4;
/** Tensors begin on cache lines. */
const ALIGNMENT = 64;

export type HostParameter = {
  readonly name: string;
  readonly shape: StaticShape;
  /**
   * Makes a [rows, width] table sparse: a run reads at most so many rows of it (`gatherRows`), and its gradient comes
   * back as one row for each id (`tokenGradients`, `scatterRows`).
   */
  readonly maxIds?: number | undefined;
  /** Of a parameter that not every step updates: what it belongs to, see `StepOptions.parts`. Not for a sparse one. */
  readonly part?: string | undefined;
};

export type HostOptimizerOptions = {
  readonly optimizer: Optimizer;
  readonly parameters: readonly HostParameter[];
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Gradients are scaled down to this common 2-norm. Default: no clipping. */
  readonly maxNorm?: number | undefined;
  /** Reserves a second set of gradients, for steps that consist of several runs. */
  readonly hasMicroBatches?: boolean | undefined;
  /** After so many steps all sparse rows are brought up to date, in one pause that is longer the more steps. */
  readonly replaySteps?: number | undefined;
};

/** Parameters with the same rates, which share the coefficients of a step. */
export type Group = { readonly rates: GroupRates; readonly part: string | undefined; readonly coefficients: number };

/** Where a parameter and what belongs to it lie, in bytes. */
export type Entry = {
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

export type HostMemory = {
  readonly heap: Float32Array;
  readonly kernels: Kernels;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly groups: readonly Group[];
  /** Steps whose coefficients are kept. */
  readonly replaySteps: number;
};

/** @throws OptionError for a bad option or more state than 4 GiB, ShapeError for a sparse parameter that is no table. */
export function layOut(options: HostOptimizerOptions): HostMemory {
  const { optimizer, parameters, hasMicroBatches = false } = options;
  const isSparse = parameters.some(({ maxIds }) => maxIds !== undefined);
  const replaySteps = isSparse ? replayStepsOf(options) : 1;
  let bytes = 0;
  const place = (floats: number): number => {
    const address = bytes;
    bytes += Math.ceil((floats * FLOAT_BYTES) / ALIGNMENT) * ALIGNMENT;
    return address;
  };
  const rates = resolveGroups(namesOf(parameters), optimizer, options.groups ?? []);
  const groups: Group[] = [];
  const groupOf = ({ name, part }: HostParameter): Group => {
    const own = rates.get(name) as GroupRates;
    const known = groups.find((group) => group.rates === own && group.part === part);
    if (known !== undefined) return known;
    const made = { rates: own, part, coefficients: place(replaySteps * coefficientWidth(optimizer)) };
    groups.push(made);
    return made;
  };
  const grouped = parameters.map((parameter) => ({ parameter, group: groupOf(parameter) }));
  const layouts = grouped.map(({ parameter, group }) => {
    const { shape, maxIds } = parameter;
    const size = sizeOf(shape);
    const width = shape.at(-1) ?? 1;
    const table = maxIds === undefined ? undefined : checkTable(parameter, maxIds);
    return {
      parameter,
      group,
      width,
      rows: width === 0 ? 0 : size / width,
      addresses: {
        parameter: place(size),
        slots: optimizer.slots.map(() => place(size)),
        gradient: place(size),
        microGradient: hasMicroBatches && table === undefined ? place(size) : undefined,
      },
      table: table && { ...table, gathered: place(table.maxIds * width), tokenGradients: place(table.maxIds * width) },
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
  const heap = new Float32Array(memory.buffer);
  const kernels = compileKernels(optimizer, memory);
  const entries = new Map<string, Entry>();
  for (const { parameter, group, rows, width, addresses, table } of layouts) {
    const { name, shape } = parameter;
    const sparse = table && {
      gathered: table.gathered,
      tokenGradients: table.tokenGradients,
      table: new SparseTable({
        name,
        rows,
        width,
        maxIds: table.maxIds,
        addresses: { ...addresses, ...table, scratch },
        heap,
        kernels,
        rule: ruleOf(group, kernels),
        coefficientsAt: (step) => coefficientsAt(group, optimizer, step),
      }),
    };
    entries.set(name, { name, shape, group, rows, width, ...addresses, sparse });
  }
  return { heap, kernels, entries, groups, replaySteps };
}

export function ruleOf({ rates }: Group, { decaying, undecaying }: Kernels): RuleKernel {
  return rates.weightDecay > 0 ? decaying : undecaying;
}

/** The address of what the rule takes of a step, counted from the last flush. */
export function coefficientsAt({ coefficients }: Group, optimizer: Optimizer, step: number): number {
  return coefficients + step * coefficientWidth(optimizer) * FLOAT_BYTES;
}

/**
 * What a flush replays is not replayed later, so this bounds the length of the pause and costs nothing: about a
 * second for 30,522 words of 384 (bench/optimizer.bench.ts).
 */
const DEFAULT_REPLAY_STEPS = 512;

function replayStepsOf({ replaySteps = DEFAULT_REPLAY_STEPS }: HostOptimizerOptions): number {
  if (Number.isInteger(replaySteps) && replaySteps > 0) return replaySteps;
  throw new OptionError({ where: 'replaySteps', wanted: 'an integer ≥ 1', got: String(replaySteps) });
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
      wanted: 'a sparse parameter that is updated in every step',
      got: `one of part ${part}`,
    });
  }
  if (Number.isInteger(maxIds) && maxIds > 0) return { maxIds };
  throw new OptionError({ where: `maxIds of ${name}`, wanted: 'an integer ≥ 1', got: String(maxIds) });
}
