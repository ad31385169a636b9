import { describe, expect, test } from 'vitest';
import { supervised } from '../../../src/methods/supervised.js';
import { mlp } from '../../../src/models/mlp.js';
import { weightsHash } from '../../../src/models/saved-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adam } from '../../../src/optim/adam.js';
import { adamw } from '../../../src/optim/adamw.js';
import { sgd } from '../../../src/optim/sgd.js';
import { usualThreads } from '../../../src/runtime/threads.js';
import {
  describeData,
  describedRun,
  describeOptimizer,
  describeRates,
  describeWeights,
} from '../../../src/training/run/described-run.js';
import { blobs } from '../blobs.js';

describe('describeOptimizer', () => {
  test('tells optimisers apart by any of their options', () => {
    const all = [
      adam(),
      adam({ learningRate: 1e-4 }),
      adam({ weightDecay: 0.1 }),
      adam({ betas: [0.8, 0.999] }),
      adam({ betas: [0.9, 0.99] }),
      adam({ epsilon: 1e-6 }),
      adamw({ weightDecay: 0 }),
      sgd({ learningRate: 1e-3 }),
      sgd({ learningRate: 1e-3, momentum: 0.9 }),
    ].map((optimizer) => JSON.stringify(describeOptimizer(optimizer)));
    expect(new Set(all).size).toBe(all.length);
    expect(JSON.stringify(describeOptimizer(adam()))).toBe(all[0]);
  });

  test('gives numbers that stay, as they are compared with those that were written down', () => {
    // By hand, of 1 with the gradient 0.3 + 0.2 · 1 at the second step, from moments of 0.5 and 1.5.
    const [first, second] = [0.9 * 0.5 + 0.1 * 0.5, 0.999 * 1.5 + 0.001 * 0.25];
    const step = (0.1 * (first / (1 - 0.9 ** 2))) / (Math.sqrt(second / (1 - 0.999 ** 2)) + 1e-8);
    const settings = describeOptimizer(adam()).settings as readonly number[];
    for (const [i, wanted] of [1 - step, first, second].entries()) expect(settings[i]).toBeCloseTo(wanted, 14);
    // As version 0.1.0 wrote them: test/fixtures/retort-0.1.0/text-interrupted.
    expect(settings).toEqual([0.9903892295979763, 0.5, 1.49875]);
  });

  test('says what a message can name: the optimiser and its rates', () => {
    const rates = { learningRate: 1e-4, weightDecay: 0.1 };
    expect(describeOptimizer(adam(rates))).toMatchObject({ name: 'adam', ...rates });
  });
});

describe('describeRates', () => {
  test('tells the rates of each parameter where a group has its own', () => {
    const parameters = mlp({ inputs: 2, hidden: [], classes: 2 }).parameters;
    const optimizer = adam({ weightDecay: 0.1 });
    expect(describeRates({ parameters }, { optimizer })).toEqual(describeOptimizer(optimizer));
    const groups = [{ match: (name: string) => name.endsWith('bias'), weightDecay: 0, learningRateFactor: 2 }];
    expect(describeRates({ parameters }, { optimizer, groups })).toEqual({
      ...describeOptimizer(optimizer),
      rates: {
        [String(parameters[0]?.name)]: { weightDecay: 0.1, learningRateFactor: 1 },
        [String(parameters[1]?.name)]: { weightDecay: 0, learningRateFactor: 2 },
      },
    });
  });
});

describe('describeWeights', () => {
  test('is short enough to be read, and long enough to tell weights apart', () => {
    const { parameters } = mlp({ inputs: 2, hidden: [2], classes: 2 });
    const [one, other] = [1, 2].map((seed) => describeWeights(initialiseParameters(parameters, seed)));
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(weightsHash(initialiseParameters(parameters, 1)).startsWith(String(one))).toBe(true);
    expect(other).not.toBe(one);
  });
});

test('a run is described by model, method, optimizer and schedule, with their defaults', () => {
  const model = mlp({ inputs: 2, hidden: [2], classes: 2 });
  const run = { model, method: supervised(), optimizer: adam(), threads: 1 };
  const described = {
    model: { kind: 'mlp', config: model.config },
    method: { name: 'supervised', options: supervised().options },
    ...{ schedule: 'constant', warmupSteps: 0, threads: 1 },
    optimizer: describeOptimizer(adam()),
    // There, so that what is no plain value is not refused.
    ...{ groups: undefined, weights: undefined },
  };
  expect(describedRun(run, model)).toStrictEqual(described);
  const other = { schedule: 'linear', warmupSteps: 3 } as const;
  expect(describedRun({ ...run, ...other }, model)).toStrictEqual({ ...described, ...other });
});

test('a run that is not told has the usual threads, by their number', () => {
  const model = mlp({ inputs: 2, hidden: [2], classes: 2 });
  const run = { model, method: supervised(), optimizer: adam() };
  expect(describedRun(run, model).threads).toBe(usualThreads());
  expect(describedRun({ ...run, threads: 7 }, model).threads).toBe(7);
});

describe('describeData', () => {
  test('says which rows they are, as a message about a resumed run names them', () => {
    const { hash, ...rest } = describeData(blobs('a', 100));
    expect(rest).toEqual({ name: 'a', rows: 100 });
    expect(hash).toMatch(/^[0-9a-f]+$/);
  });

  test('tells data sets apart by size, contents and labels', () => {
    const all = [
      blobs('a', 100),
      blobs('a', 101),
      blobs('a', 100, { seed: 2 }),
      blobs('a', 100, { isLabelled: false }),
    ].map((data) => JSON.stringify(describeData(data)));
    expect(new Set(all).size).toBe(4);
    expect(JSON.stringify(describeData(blobs('a', 100)))).toBe(all[0]);
  });
});
