import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HostOptimizer } from '../../src/optim/host-optimizer.js';
import type { Optimizer } from '../../src/optim/optimizer.js';
import { type ScheduleName, scheduleFor } from '../../src/optim/schedules.js';
import { OPTIMIZERS, type OptimizerName } from '../../src/optim/table.js';
import { expectSameBits } from './reference.js';
import { TracedStep } from './traced-step.js';

type Nested = number | readonly Nested[];
type Case = {
  readonly rule: OptimizerName;
  readonly options: Readonly<Record<string, number>> & { readonly nesterov?: boolean };
  readonly groups: boolean;
  readonly schedule: ScheduleName;
  readonly maxNorm: number | null;
  readonly learningRates: readonly number[];
  readonly recordedSteps: readonly number[];
  readonly float64: Readonly<Record<string, readonly (readonly number[])[]>>;
};
type Golden = {
  readonly _meta: { readonly warmupSteps: number; readonly trainingSteps: number };
  readonly parameters: Readonly<Record<string, { shape: number[]; decay: boolean; initial: Nested }>>;
  readonly gradients: Readonly<Record<string, readonly Nested[]>>;
  readonly gradientNorms: readonly number[];
  readonly cases: Readonly<Record<string, Case>>;
};

// Witness: torch 2.13 and transformers 5.24, test/python/make_optim.py.
const golden: Golden = JSON.parse(readFileSync(new URL('../golden/optim.torch-2.13.json', import.meta.url), 'utf8'));
const parameters = Object.entries(golden.parameters).map(([name, { shape }]) => ({ name, shape }));

function flat(nested: Nested): Float32Array {
  return Float32Array.from([nested].flat(9) as number[]);
}

function optimizerOf({ rule, options }: Case): Optimizer {
  const { beta1 = 0, beta2 = 0, ...rest } = options;
  return OPTIMIZERS[rule](rule === 'sgd' ? rest : { ...rest, betas: [beta1, beta2] });
}

/** Largest difference, relative to the largest value. */
function distance(ours: Float32Array, theirs: readonly number[]): number {
  const largest = Math.max(...theirs.map(Math.abs));
  return Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]!))) / largest;
}

describe('trajectories of PyTorch', () => {
  test.each(Object.entries(golden.cases))('%s: host and graph follow, with the same bits', async (_, one) => {
    const optimizer = optimizerOf(one);
    const undecayed = { match: (name: string) => !golden.parameters[name]!.decay, weightDecay: 0 };
    const options = {
      optimizer,
      parameters,
      groups: one.groups ? [undecayed] : [],
      ...(one.maxNorm === null ? {} : { maxNorm: one.maxNorm }),
    };
    const host = new HostOptimizer(options);
    const traced = await TracedStep.open(options);
    for (const [name, { initial }] of Object.entries(golden.parameters)) {
      host.parameter(name).set(flat(initial));
      traced.get(name).set(flat(initial));
    }
    for (const [index, learningRate] of one.learningRates.entries()) {
      const step = index + 1;
      const gradients: Record<string, Float32Array> = {};
      for (const { name } of parameters) {
        gradients[name] = flat(golden.gradients[name]![index]!);
        host.gradient(name).set(gradients[name]);
      }
      const { gradientNorm } = host.step({ step, learningRate });
      await traced.step({ step, learningRate }, gradients);
      // All summands and sums are multiples of 2^-12 below 2^10: exact in any order.
      expect(gradientNorm).toBeCloseTo(golden.gradientNorms[index]!, 12);
      expect(traced.gradientNorm).toBe(gradientNorm);
      const recorded = one.recordedSteps.indexOf(step);
      for (const { name } of parameters) {
        if (recorded >= 0) expect(distance(host.parameter(name), one.float64[name]![recorded]!)).toBeLessThan(1e-5);
        expectSameBits(traced.get(name), host.parameter(name), `${name}, step ${step}`);
        for (const slot of optimizer.slots) {
          expectSameBits(traced.get(`${name}.${slot}`), host.slot(name, slot));
        }
      }
    }
    await traced.release();
  });

  test.each(Object.entries(golden.cases))('%s: the schedule gives its learning rates', (_, one) => {
    const { warmupSteps, trainingSteps } = golden._meta;
    const schedule = scheduleFor(one.schedule, {
      warmupSteps: one.schedule === 'constant' ? 0 : warmupSteps,
      totalSteps: trainingSteps,
    });
    for (const [step, wanted] of one.learningRates.entries()) {
      expect(one.options.learningRate! * schedule(step)).toBeCloseTo(wanted, 15);
    }
  });
});
