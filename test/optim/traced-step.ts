/** @file A whole optimiser step as a graph, fed and read back by name: the counterpart of HostOptimizer in tests. */

import { toProgram } from '../../src/autograd/lower.js';
import { less, where } from '../../src/autograd/ops/compare.js';
import { squeeze } from '../../src/autograd/ops/shaping.js';
import { slice } from '../../src/autograd/ops/slicing.js';
import { input, type Value } from '../../src/autograd/value.js';
import { NO_CLIPPING } from '../../src/optim/clip.js';
import { type GroupRates, type ParameterGroup, resolveGroups } from '../../src/optim/groups.js';
import { tracedClipFactor, tracedGradientNorm, tracedUpdate } from '../../src/optim/in-graph.js';
import { type Optimizer, scalarRow } from '../../src/optim/optimizer.js';
import type { Session } from '../../src/runtime/running-session.js';
import { openSession } from '../../src/runtime/session.js';
import type { StaticShape } from '../../src/tensor/shape.js';
import { type Tensor, tensor, zeros } from '../../src/tensor/tensor.js';

export type TracedStepOptions = {
  readonly optimizer: Optimizer;
  readonly parameters: readonly { readonly name: string; readonly shape: StaticShape }[];
  readonly groups?: readonly ParameterGroup[];
  readonly maxNorm?: number;
};

/** The scalars of a rule from one row of numbers, float32[k] in the order of `scalarNames`. */
function scalarsFrom(optimizer: Optimizer, row: Value): Record<string, Value> {
  const one = (i: number) => squeeze(slice(row, { axis: 0, start: i, end: i + 1 }), 0);
  return Object.fromEntries(optimizer.scalarNames.map((name, i) => [name, one(i)]));
}

/** A step whose gradient norm is not finite changes nothing, as on the host. */
function ifFinite(norm: Value, after: Value, before: Value): Value {
  return where(less(norm, Number.POSITIVE_INFINITY), after, before);
}

export class TracedStep {
  readonly #options: TracedStepOptions;
  readonly #rates: Map<string, GroupRates>;
  readonly #session: Session;
  readonly #state: Record<string, Tensor> = {};
  gradientNorm = Number.NaN;

  private constructor(options: TracedStepOptions, rates: Map<string, GroupRates>, session: Session) {
    this.#options = options;
    this.#rates = rates;
    this.#session = session;
    for (const { name, shape } of options.parameters) {
      for (const key of [name, ...options.optimizer.slots.map((slot) => `${name}.${slot}`)]) {
        this.#state[key] = zeros('float32', shape);
      }
    }
  }

  static async open(options: TracedStepOptions): Promise<TracedStep> {
    const { optimizer, parameters, groups = [], maxNorm = NO_CLIPPING } = options;
    const rates = resolveGroups(
      parameters.map(({ name }) => name),
      optimizer,
      groups,
    );
    const gradients = parameters.map(({ name, shape }) => input(`${name}.gradient`, 'float32', shape));
    const norm = tracedGradientNorm(gradients);
    const clipFactor = tracedClipFactor(norm, maxNorm);
    const outputs: Record<string, Value> = { norm };
    for (const [i, { name, shape }] of parameters.entries()) {
      const before = input(name, 'float32', shape);
      const slots = Object.fromEntries(
        optimizer.slots.map((slot) => [slot, input(`${name}.${slot}`, 'float32', shape)]),
      );
      const scalars = scalarsFrom(optimizer, input(`${name}.scalars`, 'float32', [optimizer.scalarNames.length]));
      const decays = rates.get(name)!.weightDecay > 0;
      const state = { parameter: before, gradient: gradients[i]!, slots, scalars, decays, clipFactor };
      const after = tracedUpdate(optimizer, state);
      outputs[`next ${name}`] = ifFinite(norm, after.parameter, before);
      for (const slot of optimizer.slots) {
        outputs[`next ${name}.${slot}`] = ifFinite(norm, after.slots[slot]!, slots[slot]!);
      }
    }
    return new TracedStep(options, rates, await openSession(toProgram({ outputs }), { threads: 1 }));
  }

  /** Parameters by `name`, slots by `name.slot`. */
  get(key: string): Float32Array {
    return this.#state[key]!.data as Float32Array;
  }

  async step(
    at: { step: number; learningRate: number },
    gradients: Readonly<Record<string, Float32Array>>,
  ): Promise<void> {
    const { optimizer, parameters } = this.#options;
    const feeds: Record<string, Tensor> = { ...this.#state };
    for (const { name, shape } of parameters) {
      const { learningRateFactor, weightDecay } = this.#rates.get(name)!;
      const row = scalarRow(optimizer, {
        step: at.step,
        learningRate: at.learningRate * learningRateFactor,
        weightDecay,
      });
      feeds[`${name}.scalars`] = tensor('float32', [row.length], row);
      feeds[`${name}.gradient`] = tensor('float32', shape, gradients[name]!);
    }
    const results = await this.#session.run(feeds);
    for (const key of Object.keys(this.#state)) this.#state[key] = results[`next ${key}`]!;
    this.gradientNorm = Number(results.norm!.data[0]);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
