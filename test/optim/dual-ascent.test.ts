import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InterruptedError, OptionError, ShapeError } from '../../src/errors/failures.js';
import { CONVEX_LOSSES, type ConvexLossName } from '../../src/optim/convex-loss.js';
import { type AscentState, DualAscent, type LinearProblem } from '../../src/optim/dual-ascent.js';
import { RandomStream } from '../../src/tensor/random.js';
import type { SparseRows } from '../../src/tensor/sparse-rows.js';

type Rows = readonly (readonly number[])[];
type Case = {
  readonly loss: ConvexLossName;
  readonly strength: number;
  readonly targets: Rows;
  readonly costs: readonly number[] | null;
  readonly weights: Rows;
  readonly bias: readonly number[];
  readonly objective: number;
};

// Witnesses: LIBLINEAR through scikit-learn, L-BFGS of scipy, numpy's solve, through make_linear.py.
const witness = JSON.parse(readFileSync(new URL('../golden/linear.sklearn.json', import.meta.url), 'utf8')) as {
  readonly rows: { readonly x: Rows };
  readonly cases: Readonly<Record<string, Case>>;
};
const LOSSES = Object.keys(CONVEX_LOSSES) as ConvexLossName[];

function sparse(x: Rows): SparseRows {
  const entries = x.map((row) => [...row.entries()].filter(([, value]) => value !== 0));
  const starts = [0];
  for (const row of entries) starts.push((starts.at(-1) as number) + row.length);
  return {
    width: x[0]?.length ?? 0,
    starts: Uint32Array.from(starts),
    ids: Uint32Array.from(entries.flat(), ([id]) => id),
    values: Float32Array.from(entries.flat(), ([, value]) => value),
  };
}

function problemOf({ loss, targets, costs }: Pick<Case, 'loss' | 'targets' | 'costs'>, x: Rows): LinearProblem {
  return {
    rows: sparse(x),
    loss,
    outputs: targets[0]?.length ?? 0,
    targets: Float32Array.from(targets.flat()),
    costs: costs === null ? undefined : Float32Array.from(costs),
    seed: 1,
  };
}

function randomRows(seed: number, size: number, width: number): Rows {
  const random = new RandomStream(seed, 'rows');
  return Array.from({ length: size }, () =>
    Array.from({ length: width }, () => (random.uniform() < 0.4 ? random.normal() : 0)),
  );
}

/** Targets of any loss: one-hot rows. */
function randomTargets(seed: number, size: number, classes: number): Rows {
  const random = new RandomStream(seed, 'targets');
  return Array.from({ length: size }, () => {
    const label = random.below(classes);
    return Array.from({ length: classes }, (_, c) => Number(c === label));
  });
}

function expectNear(got: ArrayLike<number>, wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - Number(got[i]))));
  expect(worst).toBeLessThanOrEqual(tolerance * Math.max(...wanted.map(Math.abs)));
}

const TIGHT = { tolerance: 5e-8, maxEpochs: 20_000 };

describe('DualAscent', () => {
  test.each(Object.entries(witness.cases))('%s: weights and objective are those of the witness', async (_, wanted) => {
    const ascent = new DualAscent(problemOf(wanted, witness.rows.x));
    const { primal, dual, converged } = await ascent.ascend({ strength: wanted.strength, ...TIGHT });
    expect(converged).toBe(true);
    const { weights, bias } = ascent.weights();
    expectNear([...weights, ...bias], [...wanted.weights.flat(), ...wanted.bias], 1e-3);
    expect(Math.abs(primal / wanted.objective - 1)).toBeLessThanOrEqual(1e-6);
    expect(Math.abs(dual / wanted.objective - 1)).toBeLessThanOrEqual(1e-6);
  });

  test('the dual is below the primal and rises in every epoch, whatever the loss', async () => {
    const shape = fc.record({
      loss: fc.constantFrom(...LOSSES),
      seed: fc.nat(1e6),
      size: fc.integer({ min: 1, max: 12 }),
      width: fc.integer({ min: 1, max: 8 }),
      classes: fc.integer({ min: 2, max: 9 }),
      strength: fc.constantFrom(0.01, 1, 100),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ loss, seed, size, width, classes, strength }) => {
        const targets = randomTargets(seed, size, classes);
        const ascent = new DualAscent(problemOf({ loss, targets, costs: null }, randomRows(seed, size, width)));
        const measured: AscentState[] = [];
        await ascent.ascend({ strength, tolerance: 1e-5, maxEpochs: 40, onMeasured: (state) => measured.push(state) });
        for (const [i, { primal, dual }] of measured.entries()) {
          // Weights are float32, so both are known to about 1e-6 of the first primal, C times the loss of weights of 0.
          const rounding = 1e-5 * (primal + 1);
          expect(primal - dual).toBeGreaterThanOrEqual(-rounding);
          expect(dual).toBeGreaterThanOrEqual((measured[i - 1]?.dual ?? 0) - rounding);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('classes in another order give the same weights in that order', async () => {
    for (const loss of LOSSES) {
      const x = randomRows(3, 30, 6);
      const targets = randomTargets(3, 30, 5);
      const order = [3, 0, 4, 1, 2];
      const [plain, permuted] = await Promise.all(
        [targets, targets.map((row) => order.map((c) => row[c] as number))].map(async (each) => {
          const ascent = new DualAscent(problemOf({ loss, targets: each, costs: null }, x));
          await ascent.ascend({ strength: 2, ...TIGHT });
          return ascent.weights();
        }),
      );
      const bias = plain?.bias as Float32Array;
      expectNear(
        permuted?.bias as Float32Array,
        order.map((c) => bias[c] as number),
        1e-3,
      );
    }
  });

  test('a row of cost 2 is two rows, one of cost 0 none', async () => {
    for (const loss of LOSSES) {
      const x = randomRows(4, 20, 6);
      const targets = randomTargets(4, 20, 3);
      const costs = x.map((_, row) => row % 3);
      const repeated = costs.flatMap((cost, row) => new Array<number>(cost).fill(row));
      const weighted = new DualAscent(problemOf({ loss, targets, costs }, x));
      const plain = new DualAscent(
        problemOf(
          { loss, targets: repeated.map((row) => targets[row] as number[]), costs: null },
          repeated.map((row) => x[row] as number[]),
        ),
      );
      for (const ascent of [weighted, plain]) await ascent.ascend({ strength: 1, ...TIGHT });
      expectNear(weighted.weights().weights, [...plain.weights().weights], 1e-3);
    }
  });

  test('another strength begins at the last one’s optimum and comes to its own', async () => {
    const wanted = witness.cases['multinomial logistic, C 30'] as Case;
    const ascent = new DualAscent(problemOf(wanted, witness.rows.x));
    for (const strength of [0.1, 3, wanted.strength]) await ascent.ascend({ strength, ...TIGHT });
    expectNear(ascent.weights().weights, wanted.weights.flat(), 1e-3);
    const again = await ascent.ascend({ strength: wanted.strength, ...TIGHT });
    expect(again).toMatchObject({ epoch: 0, converged: true });
  });

  test('begins at the duals of another ascent: at its optimum, or at zeros for rows that it had not', async () => {
    for (const name of ['multinomial logistic, C 30', 'LinearSVC, C 5']) {
      const wanted = witness.cases[name] as Case;
      const problem = problemOf(wanted, witness.rows.x);
      const first = new DualAscent(problem);
      const { epoch } = await first.ascend({ strength: wanted.strength, ...TIGHT });
      const same = new DualAscent({ ...problem, duals: first.duals() });
      // Weights are added up in another order, in float32.
      const near = await same.ascend({ strength: wanted.strength, tolerance: 1e-6 });
      expect(near.epoch).toBeLessThanOrEqual(1);
      expectNear(same.weights().weights, wanted.weights.flat(), 1e-3);
      const duals = first.duals().fill(0, 0, 4 * problem.outputs);
      const some = new DualAscent({ ...problem, duals });
      expect((await some.ascend({ strength: wanted.strength, ...TIGHT })).epoch).toBeLessThan(epoch);
      expectNear(some.weights().weights, wanted.weights.flat(), 1e-3);
    }
  });

  test('the same seed gives the same bytes, another seed others', async () => {
    const weights = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const problem = problemOf(witness.cases['LinearSVC, C 5'] as Case, witness.rows.x);
        const ascent = new DualAscent({ ...problem, seed });
        await ascent.ascend({ strength: 5, tolerance: 1e-2 });
        return ascent.weights().weights;
      }),
    );
    expect(weights[1]).toEqual(weights[0]);
    expect(weights[2]).not.toEqual(weights[0]);
  });

  test('a feature that no row has keeps weights of 0', async () => {
    const x = randomRows(5, 12, 4).map((row) => [row[0], 0, ...row.slice(1)] as number[]);
    const ascent = new DualAscent(problemOf({ loss: 'squared', targets: randomTargets(5, 12, 3), costs: null }, x));
    await ascent.ascend({ strength: 1 });
    const { weights } = ascent.weights();
    expect(weights).toHaveLength(5 * 3);
    expect([...weights.subarray(3, 6)]).toEqual([0, 0, 0]);
    expect(weights.subarray(0, 3).every((weight) => weight !== 0)).toBe(true);
  });

  test('says that it has not converged, and can be interrupted between epochs', async () => {
    const problem = problemOf(witness.cases['LinearSVC, C 5'] as Case, witness.rows.x);
    const stopped = await new DualAscent(problem).ascend({ strength: 5, tolerance: 1e-9, maxEpochs: 2 });
    expect(stopped).toMatchObject({ epoch: 2, converged: false });
    const interruption = new AbortController();
    const onMeasured = () => interruption.abort();
    const ascent = new DualAscent(problem).ascend({ strength: 5, ...TIGHT, onMeasured, signal: interruption.signal });
    await expect(ascent).rejects.toThrow(InterruptedError);
    await expect(ascent).rejects.toThrow('linear fit: wanted to converge, got an interruption in epoch 2');
  });

  test('refuses what is no problem', async () => {
    const problem = problemOf(witness.cases['LinearSVC, C 5'] as Case, witness.rows.x);
    const refused = (change: Partial<LinearProblem>) => () => new DualAscent({ ...problem, ...change });
    expect(refused({ targets: new Float32Array(7) })).toThrow(ShapeError);
    expect(refused({ duals: new Float32Array(7) })).toThrow(
      'duals: wanted 160 numbers for 40 rows of 4 outputs, got 7',
    );
    expect(refused({ targets: new Float32Array(7) })).toThrow(
      'targets: wanted 160 numbers for 40 rows of 4 outputs, got 7',
    );
    expect(refused({ costs: new Float32Array(3) })).toThrow('costs: wanted one per row, 40, got 3');
    expect(refused({ costs: new Float32Array(40).fill(-1) })).toThrow('costs: wanted numbers ≥ 0, got -1 for row 0');
    const soft = new Float32Array(160).fill(0.25);
    expect(refused({ targets: soft })).toThrow(
      'targets: wanted one 1 and zeros, as squared-hinge needs them, got 0.25 in row 0',
    );
    expect(refused({ targets: soft.map((y) => 2 * y), loss: 'logistic' })).toThrow(
      'targets: wanted probabilities that add up to 1, as logistic needs them, got a sum of 2 in row 0',
    );
    expect(refused({ targets: soft.fill(Number.NaN), loss: 'squared' })).toThrow(OptionError);
    const rows = { ...problem.rows, values: problem.rows.values.map((value, i) => (i === 3 ? Number.NaN : value)) };
    expect(refused({ rows })).toThrow('rows: wanted finite numbers, got NaN');
    const ascent = new DualAscent(problem);
    await expect(ascent.ascend({ strength: 0 })).rejects.toThrow('strength: wanted a number > 0, got 0');
    await expect(ascent.ascend({ strength: 1, maxEpochs: 0 })).rejects.toThrow(
      'maxEpochs: wanted an integer ≥ 1, got 0',
    );
  });
});
