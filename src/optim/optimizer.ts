/**
 * Arithmetic on values of some kind: traced tensors, registers of a kernel, numbers. Plain numbers among the
 * operands are rounded to float32. Each operation rounds once; nothing is fused.
 */
import { OptionError } from '../errors/failures.js';
export type Arithmetic<T> = {
  add(a: T | number, b: T | number): T;
  sub(a: T | number, b: T | number): T;
  mul(a: T | number, b: T | number): T;
  div(a: T | number, b: T | number): T;
  sqrt(a: T): T;
};

export type UpdateArguments<T, Slot extends string, Scalar extends string> = {
  readonly parameter: T;
  /** After clipping. */
  readonly gradient: T;
  readonly slots: Readonly<Record<Slot, T>>;
  readonly scalars: Readonly<Record<Scalar, T>>;
  /** Whether this parameter has a weight decay other than 0. Fixed for a run: kernels and graphs are built for it. */
  readonly decays: boolean;
};

export type UpdateResult<T, Slot extends string> = { readonly parameter: T; readonly slots: Readonly<Record<Slot, T>> };

/** Where a run stands: what the numbers that change from step to step depend on. */
export type StepPoint = {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
};

/**
 * An update rule, written once. Traced with ops it becomes part of a graph (`in-graph.ts`), traced with registers
 * a WebAssembly kernel (`kernel.ts`): the same operations in the same order, so the same bits.
 */
export type Optimizer<Slot extends string = string, Scalar extends string = string> = {
  readonly name: string;
  /** Before any schedule. */
  readonly learningRate: number;
  /** Of parameters that are in no group. */
  readonly weightDecay: number;
  /** Tensors of the parameter's shape that a step carries to the next, zero at first. PyTorch's names. */
  readonly slots: readonly Slot[];
  readonly scalarNames: readonly Scalar[];
  /** What depends on step and rates, computed in float64; whoever feeds it rounds it to float32 once. None is negative. */
  scalars(at: StepPoint): Readonly<Record<Scalar, number>>;
  update<T>(values: UpdateArguments<T, Slot, Scalar>, arithmetic: Arithmetic<T>): UpdateResult<T, Slot>;
};

/** The scalars of a step as graphs and kernels take them: float32, in the order of `scalarNames`. */
export function scalarRow(optimizer: Optimizer, at: StepPoint): Float32Array {
  const scalars = optimizer.scalars(at);
  return Float32Array.from(optimizer.scalarNames, (name) => scalars[name] as number);
}

/**
 * Checks one number of an optimiser's options.
 * @throws OptionError naming the option and its range.
 */
export function requireNumber(where: string, value: number, wanted: string, holds: boolean): void {
  if (Number.isFinite(value) && holds) return;
  throw new OptionError({ where, wanted, got: String(value) });
}
