import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autograd/backward.js';
import { input, type Value } from '../../src/autograd/value.js';
import { meanOf, type RowLoss } from '../../src/losses/row-loss.js';
import { hardLabels } from '../../src/methods/hard-labels.js';
import { evaluationContext } from '../../src/nn/context.js';
import { inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

describe('hardLabels', () => {
  test("is the cross-entropy with the teacher's first choice; labels are not read", async () => {
    const method = hardLabels();
    const [student, teacher] = [input('z_s', 'float64', [2, 3]), input('z_t', 'float64', [2, 3])];
    const terms = method.losses(
      {
        student: { logits: student },
        teacher: { logits: teacher },
        labels: input('y', 'int64', [2]),
        scores: input('r', 'float32', [2]),
        scalars: {},
        context: evaluationContext(inputParameters([])),
        views: {},
        peers: [],
      },
      method.options,
    );
    expect(Object.keys(terms)).toEqual(['hard']);
    const loss = meanOf(terms.hard as RowLoss);
    const results = await evaluate(
      { loss, g: gradients(loss, [student])[0] as Value },
      {
        z_s: fromNumbers('float64', [2, 3], [0, Math.log(2), 0, Math.log(3), 0, 0]),
        z_t: fromNumbers('float64', [2, 3], [-1, 5, 4, -7, -9, -7]),
      },
    );
    // By hand: softmax is [1/4, 1/2, 1/4] and [3/5, 1/5, 1/5]; the teacher says 1, and 0 as the first of two equals.
    expect(toNumbers(results.loss)[0]).toBeCloseTo((Math.log(2) + Math.log(5 / 3)) / 2, 12);
    const wanted = [1 / 8, -1 / 4, 1 / 8, -1 / 5, 1 / 10, 1 / 10];
    toNumbers(results.g).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i] as number, 12);
    });
  });
});
