import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { toProgram } from '../../src/autograd/lower.js';
import { mul } from '../../src/autograd/ops/elementwise.js';
import { sum } from '../../src/autograd/ops/reduce.js';
import { input } from '../../src/autograd/value.js';
import { adam } from '../../src/optim/adam.js';
import { adamw } from '../../src/optim/adamw.js';
import { HostOptimizer } from '../../src/optim/host-optimizer.js';
import type { Optimizer } from '../../src/optim/optimizer.js';
import { sgd } from '../../src/optim/sgd.js';
import { openSession } from '../../src/runtime/session.js';
import { RandomStream } from '../../src/tensor/random.js';
import { tensor } from '../../src/tensor/tensor.js';
import { expectSameBits, float32, rowSumOfSquares } from './reference.js';

const RULES: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ learningRate: 0.1 }),
  'sgd, L2': sgd({ learningRate: 0.1, weightDecay: 0.02 }),
  'sgd, momentum 0.9': sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.02 }),
  'sgd, nesterov': sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate: 0.01 }),
  'adam, L2': adam({ learningRate: 0.01, weightDecay: 0.05 }),
  adamw: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
  'adamw without decay': adamw({ learningRate: 0.01, weightDecay: 0 }),
  // Moments that underflow within the test: denormals, and zeros of both signs.
  'adam, short memory': adam({ learningRate: 0.01, betas: [0.3, 0.4] }),
};

/** A user's own rule, which keeps tensors it was given: the parameter as it was, and the gradient. */
const heavyBall: Optimizer<'previous' | 'last_gradient', 'learningRate'> = {
  name: 'heavy ball',
  learningRate: 0.05,
  weightDecay: 0,
  slots: ['previous', 'last_gradient'],
  scalarNames: ['learningRate'],
  scalars: ({ learningRate }) => ({ learningRate }),
  update: ({ parameter, gradient, slots, scalars }, { add, sub, mul }) => ({
    parameter: sub(
      add(parameter, mul(0.5, sub(parameter, slots.previous))),
      mul(scalars.learningRate, add(gradient, slots.last_gradient)),
    ),
    slots: { previous: parameter, last_gradient: gradient },
  }),
};
const ALL_RULES = { ...RULES, 'a rule of the user': heavyBall };

function fill(target: Float32Array, random: RandomStream, scale = 1): void {
  for (let i = 0; i < target.length; i++) target[i] = random.normal() * scale;
}

/** Ids as text has them: a few rows most of the time, most rows hardly ever. */
function zipfIds(random: RandomStream, rows: number, count: number): number[] {
  return Array.from({ length: count }, () => Math.min(rows - 1, Math.floor(rows ** random.uniform()) - 1));
}

describe('HostOptimizer', () => {
  for (const [title, optimizer] of Object.entries<Optimizer>(ALL_RULES)) {
    // Witness: the same rule on numbers, each operation rounded by Math.fround.
    test(`${title}: kernel and rounded float64 arithmetic give the same bits`, () => {
      const random = new RandomStream(1, title);
      const shape = [3, 47]; // Vectors, a rest, and rows that begin off alignment.
      const maxNorm = 5;
      const host = new HostOptimizer({ optimizer, parameters: [{ name: 'w', shape }], maxNorm });
      fill(host.parameter('w'), random);
      let values = [...host.parameter('w')];
      let slots: Record<string, number>[] = values.map(() =>
        Object.fromEntries(optimizer.slots.map((slot) => [slot, 0])),
      );
      for (let step = 1; step <= 20; step++) {
        const learningRate = optimizer.learningRate / step;
        fill(host.gradient('w'), random, step % 2);
        const gradient = host.gradient('w').slice();
        const result = host.step({ step, learningRate });

        let square = 0;
        for (let row = 0; row < 3; row++) square += rowSumOfSquares(gradient.subarray(row * 47, row * 47 + 47));
        expect(result.gradientNorm).toBe(Math.sqrt(square));
        const clip = Math.min(1, maxNorm / (Math.sqrt(square) + 1e-6));
        const { weightDecay } = optimizer;
        const scalars = optimizer.scalars({ step, learningRate, weightDecay });
        const updated = values.map((parameter, i) =>
          optimizer.update(
            {
              parameter,
              gradient: float32.mul(gradient[i]!, clip),
              slots: slots[i]!,
              scalars,
              decays: weightDecay > 0,
            },
            float32,
          ),
        );
        values = updated.map(({ parameter }) => parameter);
        slots = updated.map((one) => one.slots);
        expectSameBits(host.parameter('w'), Float32Array.from(values));
        for (const slot of optimizer.slots) {
          expectSameBits(
            host.slot('w', slot),
            Float32Array.from(slots, (one) => one[slot]!),
          );
        }
      }
    });

    // Witness: dense training of the same table, which replays nothing.
    test(`${title}: a sparse table with catch-up ends in the bits of a dense one`, () => {
      const random = new RandomStream(2, title);
      const [rows, width, maxIds] = [120, 22, 24];
      const parameters = [{ name: 'dense', shape: [5, 3] }];
      const common = { optimizer, maxNorm: 3, hasMicroBatches: true, replaySteps: 70 };
      const groups = [{ match: ['table'], learningRateFactor: 0.5 }];
      const sparse = new HostOptimizer({
        ...common,
        groups,
        parameters: [...parameters, { name: 'table', shape: [rows, width], maxIds }],
      });
      const dense = new HostOptimizer({
        ...common,
        groups,
        parameters: [...parameters, { name: 'table', shape: [rows, width] }],
      });
      for (const name of ['dense', 'table']) {
        fill(dense.parameter(name), random);
        sparse.parameter(name).set(dense.parameter(name));
      }
      for (let step = 1; step <= 250; step++) {
        const runs = 1 + (step % 3);
        for (let run = 0; run < runs; run++) {
          const ids = zipfIds(random, rows, 1 + random.below(maxIds));
          const read = sparse.gatherRows('table', BigInt64Array.from(ids, BigInt));
          for (const [i, id] of ids.entries()) {
            const wanted = dense.parameter('table').subarray(id * width, (id + 1) * width);
            expectSameBits(read.slice(i * width, (i + 1) * width), wanted.slice());
          }
          const tokenGradients = sparse.tokenGradients('table', ids.length);
          fill(tokenGradients, random);
          const gradient = run === 0 ? dense.gradient('table') : dense.microGradient('table');
          gradient.fill(0);
          for (const [i, id] of ids.entries()) {
            for (let j = 0; j < width; j++) gradient[id * width + j]! += tokenGradients[i * width + j]!;
          }
          sparse.scatterRows('table', ids);
          const denseGradient = run === 0 ? dense.gradient('dense') : dense.microGradient('dense');
          fill(denseGradient, random);
          (run === 0 ? sparse.gradient('dense') : sparse.microGradient('dense')).set(denseGradient);
          if (run > 0) for (const host of [sparse, dense]) host.addMicroGradients();
        }
        const options = { step, learningRate: optimizer.learningRate * (1 - step / 300) };
        expect(sparse.step(options)).toEqual(dense.step(options));
      }
      const [ours, theirs] = [sparse.state(), dense.state()];
      for (const [name, wanted] of Object.entries({ ...theirs.parameters, ...theirs.slots })) {
        const own = ours.parameters[name] ?? ours.slots[name];
        expectSameBits(own!.data, wanted.data, name);
      }
    });
  }

  test.each([
    ['sgd', 1],
    ['sgd, momentum 0.9', 2],
    ['adam', 3],
  ])('%s: sparse tables take memory for %d more of themselves as their rows are read', (rule, copies) => {
    const parameters = [
      { name: 'table', shape: [100, 8], maxIds: 4 },
      { name: 'w', shape: [50] },
    ];
    const host = new HostOptimizer({ optimizer: RULES[rule] as Optimizer, parameters });
    expect(host.sparseBytes).toBe(copies * 100 * 8 * 4);
  });

  // Closed form: clip_grad_norm_ multiplies by maxNorm / (norm + 1e-6) where that is under 1; the norm of (3, 4) is 5.
  test.each([
    [undefined, 1],
    [6, 1],
    [2, Math.fround(2 / (5 + 1e-6))],
  ])('with maxNorm %s a gradient of norm 5 is multiplied by %d', (maxNorm, factor) => {
    const optimizer = sgd({ learningRate: 1 });
    const host = new HostOptimizer({
      optimizer,
      parameters: [{ name: 'w', shape: [2] }],
      ...(maxNorm === undefined ? {} : { maxNorm }),
    });
    host.gradient('w').set([3, -4]);
    expect(host.step({ step: 1 })).toEqual({ gradientNorm: 5, clipFactor: factor, isApplied: true });
    expect([...host.parameter('w')]).toEqual([Math.fround(-3 * factor), Math.fround(4 * factor)]);
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY])('a gradient with %d changes nothing and is reported', (bad) => {
    const random = new RandomStream(5, 'diverged');
    const host = sparseHost();
    for (const name of ['table', 'w']) fill(host.parameter(name), random);
    const twin = sparseHost();
    twin.load(host.state());
    for (let step = 1; step <= 6; step++) {
      if (step === 4) {
        // Once in a dense gradient, once in a row: neither may leave a trace.
        for (const spoil of ['w', 'table']) {
          train(host, random, [1, 2, 2], spoil, bad);
          expect(host.step({ step }).isApplied).toBe(false);
        }
      }
      const draw = random.draw;
      train(host, random, [step, 2, 2]);
      host.step({ step });
      random.draw = draw;
      train(twin, random, [step, 2, 2]);
      twin.step({ step });
    }
    expect(host.state()).toEqual(twin.state());
  });

  test('a run that stops, saves, loads and goes on ends in the bytes of one that does not', () => {
    const whole = sparseHost();
    const first = sparseHost();
    const second = sparseHost();
    const random = new RandomStream(6, 'resume');
    for (const name of ['table', 'w']) {
      fill(whole.parameter(name), random);
      first.parameter(name).set(whole.parameter(name));
    }
    for (let step = 1; step <= 60; step++) {
      if (step === 31) second.load(first.state());
      const ids = zipfIds(random, 50, 4);
      const draw = random.draw;
      for (const host of [whole, step <= 30 ? first : second]) {
        random.draw = draw;
        train(host, random, ids);
        host.step({ step, learningRate: 0.01 / step });
      }
    }
    expect(second.state()).toEqual(whole.state());
  });

  // Closed form: the gradient of sum(w²) is 2 w.
  test('a graph reads parameters and writes gradients in place', async () => {
    const host = new HostOptimizer({
      optimizer: sgd({ learningRate: 0.25 }),
      parameters: [{ name: 'w', shape: [3, 5] }],
    });
    host.parameter('w').set(Array.from({ length: 15 }, (_, i) => i - 7));
    const w = input('w', 'float32', [3, 5]);
    const [gradient] = gradients(sum(mul(w, w)), [w]);
    const session = await openSession(toProgram({ outputs: { gradient: gradient! } }), { threads: 1 });
    const feeds = { w: tensor('float32', [3, 5], host.parameter('w')) };
    const fetches = { gradient: tensor('float32', [3, 5], host.gradient('w')) };
    for (let step = 1; step <= 2; step++) {
      await session.run(feeds, fetches);
      host.step({ step });
    }
    await session.release();
    expect([...host.parameter('w')]).toEqual(Array.from({ length: 15 }, (_, i) => (i - 7) / 4));
  });

  test('views stay valid and begin on cache lines', () => {
    const host = sparseHost();
    const views = [host.parameter('w'), host.gradient('w'), host.parameter('table'), host.gatherRows('table', [3])];
    const random = new RandomStream(7, 'views');
    for (let step = 1; step <= 10; step++) {
      train(host, random, [1, 2]);
      host.step({ step });
    }
    for (const view of views) {
      expect(view.length).toBeGreaterThan(0);
      expect(view.byteOffset % 64).toBe(0);
    }
  });

  test('a state beyond 2 GiB is addressed right', () => {
    // Only pages that are written become real memory.
    const optimizer = sgd({ learningRate: 1 });
    const shape = [1_000_000, 400];
    const host = new HostOptimizer({
      optimizer,
      parameters: [
        { name: 'w', shape: [3] },
        { name: 't', shape, maxIds: 2 },
      ],
    });
    expect(host.memoryBytes).toBeGreaterThan(2 ** 31);
    expect(host.gatherRows('t', [999_999, 0])).toEqual(new Float32Array(800));
    host.tokenGradients('t', 2).fill(2, 0, 400).fill(3, 400);
    host.scatterRows('t', [999_999, 0]);
    expect(host.step({ step: 1 }).gradientNorm).toBe(Math.sqrt(400 * 4 + 400 * 9)); // Closed form.
    expect(host.gatherRows('t', [999_999, 0])).toEqual(new Float32Array(800).fill(-2, 0, 400).fill(-3, 400));
  });

  test('a state beyond 4 GiB is refused', () => {
    expect(() => new HostOptimizer({ optimizer: adam(), parameters: [{ name: 'w', shape: [300_000, 1000] }] })).toThrow(
      'HostOptimizer: wanted at most 4 GiB of parameters, slots and gradients, got 4.5 GiB',
    );
  });

  test('what does not fit is refused by name', () => {
    const host = sparseHost();
    expect(() => host.gatherRows('table', [1, 50])).toThrow('table: wanted ids from 0 to 49, got 50 at position 1');
    expect(() => host.gatherRows('table', [-1])).toThrow('got -1 at position 0');
    expect(() => host.scatterRows('table', [0, 0, 0, 0, 0])).toThrow(
      'table: wanted at most 4 ids per micro-batch, got 5',
    );
    expect(() => host.gradient('table')).toThrow('use tokenGradients and scatterRows');
    expect(() => host.gatherRows('w', [0])).toThrow('give the parameter maxIds');
    expect(() => host.microGradient('w')).toThrow('pass hasMicroBatches: true');
    expect(() => host.parameter('v')).toThrow('wanted the name of a parameter it was made with, got v');
    expect(() => host.slot('w', 'momentum_buffer')).toThrow('wanted exp_avg or exp_avg_sq, got momentum_buffer');
    const optimizer = adam();
    const w = { name: 'w', shape: [2, 2] };
    expect(() => new HostOptimizer({ optimizer, parameters: [w, w] })).toThrow('got w twice');
    expect(() => new HostOptimizer({ optimizer, parameters: [w], maxNorm: 0 })).toThrow(
      'maxNorm: wanted a gradient norm > 0',
    );
    expect(() => new HostOptimizer({ optimizer, parameters: [{ ...w, maxIds: 0 }] })).toThrow('maxIds of w');
    expect(() => new HostOptimizer({ optimizer, parameters: [{ ...w, maxIds: 1 }], replaySteps: 0 })).toThrow(
      'replaySteps',
    );
    expect(() => new HostOptimizer({ optimizer, parameters: [{ name: 'w', shape: [2], maxIds: 1 }] })).toThrow(
      'wanted a sparse parameter [rows, width], got [2]',
    );
  });

  test('a state of another model is refused and changes nothing', () => {
    const host = sparseHost();
    fill(host.parameter('w'), new RandomStream(8, 'load'));
    const before = host.parameter('w').slice();
    const { parameters, slots } = sparseHost().state();
    const { 'w.exp_avg_sq': _, ...fewer } = slots;
    expect(() => host.load({ parameters, slots: fewer })).toThrow(
      'slot of adamw w.exp_avg_sq: wanted [7, 5], got nothing; resume with the model and optimiser',
    );
    const shape = [5, 7];
    const turned = { ...parameters, w: { dtype: 'float32', shape, data: new Float32Array(35) } as const };
    expect(() => host.load({ parameters: turned, slots })).toThrow('parameter w: wanted [7, 5], got [5, 7]');
    expect(host.parameter('w')).toEqual(before);
  });
});

function sparseHost(): HostOptimizer {
  return new HostOptimizer({
    optimizer: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
    parameters: [
      { name: 'w', shape: [7, 5] },
      { name: 'table', shape: [50, 6], maxIds: 4 },
    ],
    maxNorm: 1,
  });
}

/** Random gradients for one step; `spoiled` gets one bad value. */
function train(host: HostOptimizer, random: RandomStream, ids: readonly number[], spoiled?: string, bad = 0): void {
  host.gatherRows('table', ids);
  const tokens = host.tokenGradients('table', ids.length);
  fill(tokens, random);
  fill(host.gradient('w'), random);
  if (spoiled === 'table') tokens[1] = bad;
  if (spoiled === 'w') host.gradient('w')[1] = bad;
  host.scatterRows('table', ids);
}
