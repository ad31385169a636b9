import { describe, expect, test } from 'vitest';
import { InterruptedError, OptionError } from '../../../src/errors/failures.js';
import { fittedTemperature } from '../../../src/metrics/fitted-temperature.js';
import { CONVEX_LOSSES } from '../../../src/optim/convex-loss.js';
import { DualAscent } from '../../../src/optim/dual-ascent.js';
import { softmax } from '../../../src/tensor/logits.js';
import { NO_LABEL } from '../../../src/tensor/no-label.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { type SparseRows, selectSparseRows } from '../../../src/tensor/sparse-rows.js';
import { findWarnings } from '../../../src/training/checks/table.js';
import { fitLinear, linearLogits, STRENGTHS } from '../../../src/training/linear/fit-linear.js';
import { foldsOf } from '../../../src/training/linear/folds.js';

/** Rows of about `density` of the features each. */
function randomRows(seed: number, size: number, width: number, density = 0.3): SparseRows {
  const random = new RandomStream(seed, 'rows');
  const own = Array.from({ length: size }, () =>
    Array.from({ length: width }, (_, id) => id).filter(() => random.uniform() < density),
  );
  const starts = [0];
  for (const ids of own) starts.push((starts.at(-1) as number) + ids.length);
  const ids = Uint32Array.from(own.flat());
  return { width, starts: Uint32Array.from(starts), ids, values: Float32Array.from(ids, () => random.normal()) };
}

/** A linear model of C classes that rows can be labelled by. */
function randomModel(seed: number, width: number, classes: number, scale = 1) {
  const random = new RandomStream(seed, 'model');
  const normal = (length: number) => Float32Array.from({ length }, () => scale * random.normal());
  return { weights: normal(width * classes), bias: normal(classes) };
}

/** Labels drawn from a model's probabilities. */
function drawnLabels(seed: number, logits: Float32Array, classes: number): Int32Array {
  const random = new RandomStream(seed, 'labels');
  return Int32Array.from({ length: logits.length / classes }, (_, row) => {
    const probs = softmax(logits.subarray(row * classes, (row + 1) * classes));
    let left = random.uniform();
    const found = probs.findIndex((p) => {
      left -= p;
      return left < 0;
    });
    return found < 0 ? classes - 1 : found;
  });
}

function probsOf(logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) =>
    softmax(logits.subarray(row * classes, (row + 1) * classes)),
  ).flat();
}

const CLASSES = 3;
const rows = randomRows(1, 600, 40);
const model = randomModel(1, 40, CLASSES);
const labels = drawnLabels(1, linearLogits(rows, model), CLASSES);
const given = { rows, labels, classes: CLASSES, seed: 1 };

describe('fitLinear', () => {
  test('of the strengths tried the strictest of the best score is fitted to all rows', async () => {
    for (const loss of ['logistic', 'squared-hinge'] as const) {
      const told: number[] = [];
      const fit = await fitLinear({ ...given, loss, onStrength: ({ strength }) => told.push(strength) });
      const best = Math.max(...fit.tried.map(({ score }) => score));
      expect(fit.innerScore).toBe(best);
      expect(fit.strength).toBe(fit.tried.find(({ score }) => score === best)?.strength);
      expect(told).toEqual(fit.tried.map(({ strength }) => strength));
      expect(STRENGTHS.slice(0, told.length)).toEqual(told);
      // Strict penalties are too strict for labels of a model of such weights, and two worse ones in a row end the search.
      expect(fit.strength).toBeGreaterThan(STRENGTHS[0]);
      expect(fit).toMatchObject({ loss, metric: 'accuracy', converged: true });
    }
  });

  // Witness: the dual objective of a tighter ascent that begins at zeros, which no primal is below.
  test('begins the last fit where the folds ended, and comes as near to the optimum', async () => {
    for (const loss of ['logistic', 'squared-hinge'] as const) {
      const fit = await fitLinear({ ...given, loss, strengths: [30] });
      const targets = Float32Array.from({ length: 600 * CLASSES }, (_, i) =>
        Number(labels[Math.floor(i / CLASSES)] === i % CLASSES),
      );
      const problem = { rows, loss, outputs: CLASSES, targets, seed: 2 };
      const { dual } = await new DualAscent(problem).ascend({ strength: fit.C, tolerance: 1e-6 });
      const undone = (values: Float32Array) => values.map((value) => value * fit.temperature);
      const [weights, bias] = [undone(fit.weights), undone(fit.bias)];
      const scores = linearLogits(rows, { weights, bias });
      let primal = 0;
      for (const value of [...weights, ...bias]) primal += value ** 2 / 2;
      const point = { classes: CLASSES, targets, duals: targets, scratch: new Float64Array(CLASSES) };
      for (let at = 0; at < scores.length; at += CLASSES) {
        primal += fit.C * CONVEX_LOSSES[loss].value({ ...point, at, scores: scores.subarray(at, at + CLASSES) });
      }
      // 1e-3, and float32.
      expect(primal / dual - 1).toBeLessThan(1.001e-3);
    }
  });

  // Witness: the model that drew the labels. 0.1 is four standard errors of a mean of 400 rows.
  test('probabilities are calibrated: on new rows the mean of the largest is the accuracy', async () => {
    const fresh = randomRows(2, 400, 40);
    const gold = drawnLabels(2, linearLogits(fresh, model), CLASSES);
    for (const loss of ['logistic', 'squared-hinge'] as const) {
      const fit = await fitLinear({ ...given, loss });
      const probs = probsOf(linearLogits(fresh, fit), CLASSES);
      let [right, sure] = [0, 0];
      for (let row = 0; row < gold.length; row++) {
        const own = probs.slice(row * CLASSES, (row + 1) * CLASSES);
        const said = own.indexOf(Math.max(...own));
        right += Number(said === gold[row]);
        sure += own[said] as number;
      }
      expect(right / gold.length).toBeGreaterThan(0.7);
      expect(Math.abs(sure - right) / gold.length).toBeLessThan(0.1);
    }
  });

  // Witness: the teacher.
  test('a student of soft targets gives the teacher’s probabilities, on rows without a label', async () => {
    const softTargets = Float32Array.from(probsOf(linearLogits(rows, model), CLASSES));
    const fit = await fitLinear({ rows, softTargets, classes: CLASSES, seed: 1, strengths: [1e4] });
    const probs = probsOf(linearLogits(rows, fit), CLASSES);
    const worst = Math.max(...probs.map((p, i) => Math.abs(p - (softTargets[i] as number))));
    expect(worst).toBeLessThan(0.02);
  });

  test('a row without a label is as if it were not there, and the same seed gives the same bytes', async () => {
    const isLeftOut = (row: number) => row % 7 === 0;
    const kept = Array.from(labels.keys()).filter((row) => !isLeftOut(row));
    const partly = labels.map((label, row) => (isLeftOut(row) ? NO_LABEL : label));
    const fewer = { rows: selectSparseRows(rows, kept), labels: labels.filter((_, row) => !isLeftOut(row)) };
    const [first, second] = await Promise.all([
      fitLinear({ ...given, labels: partly }),
      fitLinear({ ...given, ...fewer }),
    ]);
    expect(second.weights).toEqual(first.weights);
    expect(second.bias).toEqual(first.bias);
  });

  // Closed form: y = 100 + 2 x, whose mean is not shrunk though the bias is penalised.
  test('a regression finds a line far from zero', async () => {
    const line = randomRows(3, 300, 1, 1);
    const scores = line.values.map((x) => 100 + 2 * x);
    const fit = await fitLinear({ rows: line, scores, classes: 1, seed: 1 });
    expect(fit).toMatchObject({ loss: 'squared', metric: 'pearson' });
    expect(fit.weights[0]).toBeCloseTo(2, 1);
    expect(fit.bias[0]).toBeCloseTo(100, 1);
  });

  test('rows that cannot be told apart choose nothing', async () => {
    const same = selectSparseRows(rows, [5, 5, 5, 5]);
    const fit = await fitLinear({ rows: same, labels: Int32Array.from([0, 1, 1, 1]), classes: 2, seed: 1 });
    expect(fit).toMatchObject({ tried: [], innerScore: undefined, temperature: 1, strength: 1, converged: true });
    expect(fit.bias[1]).toBeGreaterThan(fit.bias[0] as number);
  });

  test('says so where it has not converged', async () => {
    const fit = await fitLinear({ ...given, loss: 'squared-hinge', strengths: [1e9] });
    expect(fit.converged).toBe(false);
    expect(fit.epochs).toBe(1000);
    const [warning] = findWarnings({ fit });
    expect(warning?.name).toBe('not-converged');
    expect(warning?.text).toMatch(
      /^the linear fit has not converged: after 1000 epochs its loss may be [\d.e+]+ % above the least$/,
    );
    expect(findWarnings({ fit: { ...fit, converged: true } })).toEqual([]);
  });

  test('can be interrupted, and refuses what fits nothing', async () => {
    await expect(fitLinear({ ...given, signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
    const refused = (change: object) => expect(fitLinear({ ...given, ...change })).rejects;
    await refused({ labels: undefined }).toThrow(OptionError);
    await refused({ labels: undefined }).toThrow('fitLinear: wanted labels or softTargets for 3 outputs, got none');
    await refused({ classes: 1 }).toThrow('fitLinear: wanted scores for 1 outputs, got none');
    await refused({ labels: labels.slice(1) }).toThrow('labels: wanted 600 numbers for 600 rows, got 599');
    await refused({ classes: 2 }).toThrow(/labels: wanted labels from 0 to 1, or -100 for none, got 2 for row \d+/);
    await refused({ labels: labels.map(() => NO_LABEL) }).toThrow('fitLinear: wanted a row with a label or a score');
    await refused({ costs: new Float32Array(5) }).toThrow('costs: wanted one per row, 600, got 5');
    await refused({ strengths: [] }).toThrow('strengths: wanted numbers > 0, rising, got none');
    await refused({ strengths: [1, 0.3] }).toThrow('strengths: wanted numbers > 0, rising, got 1, 0.3');
    const softTargets = new Float32Array(1800).fill(1 / 3);
    await refused({ loss: 'squared-hinge', softTargets }).toThrow('as squared-hinge needs them');
  });
});

describe('foldsOf', () => {
  test('a fifth of each class, to within one row; of few rows each fifth in turn', () => {
    const large = randomRows(4, 2500, 30);
    const classes = Array.from({ length: 2500 }, (_, row) => (row % 10 === 0 ? 1 : 0));
    const folds = foldsOf(large, classes, 1);
    expect(folds).toHaveLength(1);
    const { rest, part } = folds[0] as (typeof folds)[number];
    expect([...rest, ...part].sort((a, b) => a - b)).toEqual(Array.from(classes.keys()));
    expect(Math.abs(part.filter((row) => classes[row] === 1).length - 50)).toBeLessThanOrEqual(1);
    expect(Math.abs(part.length - 500)).toBeLessThanOrEqual(2);
    const few = foldsOf(rows, labels, 1);
    expect(few).toHaveLength(5);
    expect(few.flatMap((fold) => [...fold.part]).sort((a, b) => a - b)).toEqual(Array.from(labels.keys()));
  });

  test('equal rows are on one side', () => {
    const copies = 3;
    const repeated = selectSparseRows(
      rows,
      Array.from({ length: 600 * copies }, (_, row) => row % 600),
    );
    for (const { part } of foldsOf(repeated, new Int32Array(600 * copies), 1)) {
      const counts = new Map<number, number>();
      for (const row of part) counts.set(row % 600, (counts.get(row % 600) ?? 0) + 1);
      expect(new Set(counts.values())).toEqual(new Set([copies]));
    }
  });

  test('a row is on the side of the one that it is a part of', () => {
    // Row 2 k + 1 has a word of its own, which row 2 k has too, beside more words.
    const pairs = 300;
    const own = Array.from({ length: pairs }, (_, k) => [
      [k % 3, 3 + (k % 7), 10 + k],
      [3 + (k % 7), 10 + k],
    ]).flat();
    const starts = Uint32Array.from([0, ...own.keys()], (_, i) => own.slice(0, i).flat().length);
    const ids = Uint32Array.from(own.flat());
    const nested = { width: 10 + pairs, starts, ids, values: new Float32Array(ids.length).fill(1) };
    for (const { part } of foldsOf(nested, new Int32Array(2 * pairs), 1)) {
      expect(part.length).toBe((2 * pairs) / 5);
      for (const row of part) expect(part).toContain(row % 2 === 0 ? row + 1 : row - 1);
    }
  });

  test('there are as many as distinct rows at most, and none of one', () => {
    expect(foldsOf(selectSparseRows(rows, [1, 1, 2]), [0, 0, 1], 1)).toHaveLength(2);
    expect(foldsOf(selectSparseRows(rows, [1, 1]), [0, 1], 1)).toEqual([]);
  });
});

describe('fittedTemperature', () => {
  // Closed form: cross-entropy with softmax(z / T) as targets is least at T; 2,000 rows leave next to nothing to chance.
  test.each([0.3, 1, 4])('finds the temperature %d that targets were made with', (temperature) => {
    const random = new RandomStream(5, 'logits');
    const logits = Float32Array.from({ length: 2000 * 4 }, () => temperature * random.normal());
    const targets = Float32Array.from(
      probsOf(
        logits.map((z) => z / temperature),
        4,
      ),
    );
    expect(fittedTemperature(logits, targets, 4) / temperature).toBeCloseTo(1, 2);
  });

  test('rows that are all right do not ask for certainty', () => {
    const logits = Float32Array.from([2, 0, 0, 2, 2, 0]);
    const targets = Float32Array.from([1, 0, 0, 1, 1, 0]);
    // Closed form: 1 − ε + ε / 2 on the right class, with ε = 1 / 5: the margin 2 / T is log (0.9 / 0.1).
    expect(fittedTemperature(logits, targets, 2)).toBeCloseTo(2 / Math.log(9), 4);
  });
});
