import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SCHEDULES, type ScheduleName, scheduleFor } from '../../src/optim/schedules.js';

type GoldenSchedule = {
  readonly schedule: ScheduleName;
  readonly baseLearningRate: number;
  readonly warmupSteps: number;
  readonly trainingSteps: number;
  readonly learningRates: readonly number[];
};
// Witness: transformers 5.24, get_*_schedule_with_warmup, driven by test/python/make_optim.py.
const golden: { readonly schedules: Readonly<Record<string, GoldenSchedule>> } = JSON.parse(
  readFileSync(new URL('../golden/optim.torch-2.13.json', import.meta.url), 'utf8'),
);

describe('scheduleFor', () => {
  test.each(Object.entries(golden.schedules))('%s has the rates of transformers', (_, one) => {
    // The witness' constant schedule knows no warm-up.
    const warmupSteps = one.schedule === 'constant' ? 0 : one.warmupSteps;
    const schedule = scheduleFor(one.schedule, { warmupSteps, totalSteps: one.trainingSteps });
    const rates = one.learningRates.map((_, step) => one.baseLearningRate * schedule(step));
    for (const [step, rate] of rates.entries()) expect(rate).toBeCloseTo(one.learningRates[step]!, 16);
  });

  // Closed form: transformers' (totalSteps − step) / max(1, totalSteps − warmupSteps), and the cosine of the same.
  test.each(['linear', 'cosine'] as const)('%s with one step after the warm-up takes it at the full rate', (name) => {
    expect(scheduleFor(name, { warmupSteps: 0, totalSteps: 1 })(0)).toBe(1);
    expect(() => scheduleFor(name, { warmupSteps: 0, totalSteps: 0 })).not.toThrow();
    expect([0, 1, 2].map(scheduleFor(name, { warmupSteps: 1, totalSteps: 2 }))).toEqual([0, 1, 0]);
  });

  // Closed form: transformers' get_constant_schedule_with_warmup is step / warmup, then 1.
  test('constant_with_warmup rises in equal steps to 1', () => {
    const schedule = scheduleFor('constant_with_warmup', { warmupSteps: 4, totalSteps: 6 });
    expect([0, 1, 2, 3, 4, 5, 6].map(schedule)).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1]);
  });

  test('no factor leaves [0, 1], at the ends either', () => {
    for (const name of Object.keys(SCHEDULES) as ScheduleName[]) {
      for (const warmupSteps of name === 'constant' ? [0] : [0, 1, 3, 7]) {
        const schedule = scheduleFor(name, { warmupSteps, totalSteps: 7 });
        for (let step = 0; step <= 7; step++) {
          expect(schedule(step)).toBeGreaterThanOrEqual(0);
          expect(schedule(step)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  test.each([
    ['linear', { warmupSteps: 8, totalSteps: 7 }, 'from 0 to the 7 training steps, got 8'],
    ['constant', { warmupSteps: 1, totalSteps: 7 }, 'no warm-up with the constant schedule, got 1'],
    ['linear', { warmupSteps: 0.5, totalSteps: 7 }, 'got 0.5'],
    ['cosine', { warmupSteps: 0, totalSteps: -1 }, 'totalSteps: wanted an integer ≥ 0, got -1'],
    ['constant', { warmupSteps: 2, totalSteps: 7 }, "use 'constant_with_warmup'"],
  ] as const)('%s with %o is refused', (name, options, message) => {
    expect(() => scheduleFor(name, options)).toThrow(message);
  });
});
