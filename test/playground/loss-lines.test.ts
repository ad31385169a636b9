import { describe, expect, test } from 'vitest';
import { lossLines } from '../../playground/loss-lines.js';
import { readGolden } from '../losses/golden-cases.js';

type Case = {
  readonly inputs: {
    readonly student_logits: readonly (readonly number[])[];
    readonly teacher_logits: readonly (readonly number[])[];
    readonly labels: readonly number[];
  };
  readonly params: { readonly T: number; readonly alpha: number };
  readonly expected: { readonly loss: number };
};

// Witness: golden.json, of PyTorch in float64: kl_div with `batchmean`, so the mean over the rows of ours.
const CASES = Object.entries(readGolden<Record<string, Case>>('golden.json')).filter(([name]) =>
  /^hinton\/kl_batchmean\/T\d_a/.test(name),
);

describe('lossLines', () => {
  test('there are cases of several alphas and temperatures', () => expect(CASES.length).toBeGreaterThan(8));

  test.each(CASES)('%s', (_, { inputs, params: { T, alpha }, expected }) => {
    const losses = inputs.labels.map((label, row) => {
      const [student, teacher] = [inputs.student_logits[row] ?? [], inputs.teacher_logits[row] ?? []];
      return lossLines({ student, teacher, label, temperature: T }, alpha).loss;
    });
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(expected.loss, 9);
  });

  test('a student that is the teacher has no soft term, and one without a teacher the cross-entropy alone', () => {
    const input = { student: [2, 0, -1], teacher: [2, 0, -1], label: 1, temperature: 4 };
    expect(lossLines(input, 0.7).soft).toBeCloseTo(0, 12);
    // −log(1 / (e² + 1 + e⁻¹)), by hand.
    const { crossEntropy, loss, soft } = lossLines({ ...input, teacher: [0, 0, 9] }, 0);
    expect([crossEntropy, soft]).toEqual([expect.closeTo(Math.log(Math.E ** 2 + 1 + Math.E ** -1), 12), 0]);
    expect(loss).toBe(crossEntropy);
  });
});
