import { describe, expect, test } from 'vitest';
import { mlp } from '../../../src/models/mlp.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { openEvaluator } from '../../../src/training/evaluation/evaluate.js';
import { blobs, CLASSES, PIXELS } from '../blobs.js';

const model = mlp({ inputs: PIXELS, hidden: [4], classes: CLASSES });
const weights = initialiseParameters(model.parameters, 2);

/** Weights that put class c first everywhere. */
const always = (c: number) => ({
  ...Object.fromEntries(
    Object.entries(weights).map(([name, value]) => [name, { ...value, data: value.data.map(() => 0) }]),
  ),
  'fc2.bias': { ...(weights['fc2.bias'] ?? never()), data: Float32Array.from([0, 1, 2], (i) => (i === c ? 1 : 0)) },
});
const never = (): never => {
  throw new Error('no bias');
};

describe('openEvaluator', () => {
  test('a model that always says c is right on the rows of class c, and its loss has a closed form', async () => {
    const data = blobs('test', 5000);
    const evaluator = await openEvaluator({ model, data, threads: 1 });
    const { labels } = data.batch(Array.from({ length: 5000 }, (_, row) => row));
    for (const c of [0, 1, 2]) {
      const share = (labels?.data.filter((label) => Number(label) === c).length ?? 0) / 5000;
      const { metrics, rows } = await evaluator.evaluate(always(c));
      expect(rows).toBe(5000);
      expect(metrics.accuracy).toBe(share);
      // log(e + 2) − 1 where the label is c, log(e + 2) elsewhere.
      expect(metrics.loss).toBeCloseTo(Math.log(Math.E + 2) - share, 6);
    }
    await evaluator.release();
  });

  test('predictions come in the order of the rows, with their ids and probabilities', async () => {
    const data = blobs('test', 30);
    const evaluator = await openEvaluator({ model, data, threads: 1 });
    const { classes, logits, probabilities, ids } = await evaluator.predict(weights);
    expect(ids).toEqual(Array.from({ length: 30 }, (_, row) => row));
    expect([classes.length, logits.length, probabilities.length]).toEqual([30, 90, 90]);
    for (let row = 0; row < 30; row++) {
      const own = Array.from(logits.subarray(row * 3, row * 3 + 3));
      const exps = own.map(Math.exp);
      const total = exps.reduce((sum, value) => sum + value, 0);
      expect(classes[row]).toBe(own.indexOf(Math.max(...own)));
      exps.forEach((value, c) => {
        expect(probabilities[row * 3 + c]).toBeCloseTo(value / total, 6);
      });
    }
    await evaluator.release();
  });

  test('a model whose answers are no numbers has no score: the row is named', async () => {
    const evaluator = await openEvaluator({ model, data: blobs('test', 5), threads: 1 });
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const { 'fc2.bias': bias, ...others } = always(0);
      const broken = { ...others, 'fc2.bias': { ...bias, data: bias.data.map(() => value) } };
      const named = `test, row 1: wanted finite outputs, got ${value}; the model is broken`;
      await expect(evaluator.evaluate(broken)).rejects.toThrow(named);
      await expect(evaluator.predict(broken)).rejects.toThrow(named);
    }
    await evaluator.release();
  });

  test('a number of rows cuts the data set; more rows than there are do not', async () => {
    const data = blobs('test', 30);
    for (const [rows, used] of [
      [7, 7],
      [99, 30],
    ] as const) {
      const evaluator = await openEvaluator({ model, data, rows, threads: 1 });
      expect((await evaluator.evaluate(weights)).rows).toBe(used);
      expect((await evaluator.predict(weights)).classes).toHaveLength(used);
      await evaluator.release();
    }
    await expect(openEvaluator({ model, data, rows: 0 })).rejects.toThrow('test: wanted at least one row to evaluate');
  });

  test('the answer for a row does not depend on the rows around it', async () => {
    const all = await openEvaluator({ model, data: blobs('test', 5000), threads: 1 });
    const few = await openEvaluator({ model, data: blobs('test', 5000), rows: 3, threads: 2 });
    const [long, short] = [await all.predict(weights), await few.predict(weights)];
    expect(Array.from(long.logits.subarray(0, 9))).toEqual(Array.from(short.logits));
    await Promise.all([all.release(), few.release()]);
  });
});
