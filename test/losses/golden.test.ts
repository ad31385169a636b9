/**
 * @file The golden vectors of the method specification that logit, regression and cosine losses can express. Witness: a
 * scalar tape in pure Python, checked by central differences and against closed forms (`test/python/make_golden.py`).
 */
import { describe, expect, test } from 'vitest';
import { where } from '../../src/autograd/ops/compare.js';
import { add, div, log, mul } from '../../src/autograd/ops/elementwise.js';
import { oneHot } from '../../src/autograd/ops/indexing.js';
import { linearProduct } from '../../src/autograd/ops/matmul.js';
import { softmax } from '../../src/autograd/ops/normalise.js';
import { mean } from '../../src/autograd/ops/reduce.js';
import { unsqueeze } from '../../src/autograd/ops/shaping.js';
import type { Value } from '../../src/autograd/value.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { crossEntropy } from '../../src/losses/cross-entropy.js';
import { type KdOptions, kd } from '../../src/losses/kd.js';
import { fromLibrary } from '../../src/losses/kd-presets.js';
import { kl } from '../../src/losses/kl.js';
import { mse } from '../../src/losses/mse.js';
import { asMask, meanOf, type RowLoss, scale } from '../../src/losses/row-loss.js';
import { softCrossEntropy } from '../../src/losses/soft-cross-entropy.js';
import type { Nested } from '../nn/evaluate.js';
import { expectWitnessed, PRECISIONS, readGolden } from './golden-cases.js';

type Case = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly params: Readonly<Record<string, number>>;
  readonly expected: { readonly loss: number; readonly grad: Readonly<Record<string, Nested>> };
};
const golden = readGolden<Record<string, Case>>('golden.json');

type Inputs = Record<string, Value>;
type Loss = (inputs: Inputs, params: Case['params']) => Value;

const value = (inputs: Inputs, name: string): Value => inputs[name] as Value;
const sum = (...terms: (RowLoss | undefined)[]): Value =>
  terms.flatMap((term) => (term === undefined ? [] : [meanOf(term)])).reduce((a, b) => add(a, b));
const distilled =
  (options: (params: Case['params']) => KdOptions): Loss =>
  (inputs, params) => {
    const terms = kd(value(inputs, 'student_logits'), inputs.teacher_logits, inputs.labels, options(params));
    return sum(terms.soft, terms.hard);
  };
const student = (inputs: Inputs) => value(inputs, 'student_logits');
const teacher = (inputs: Inputs) => value(inputs, 'teacher_logits');
const labels = (inputs: Inputs) => value(inputs, 'labels');
const hard = (inputs: Inputs) => crossEntropy(student(inputs), labels(inputs));
const probs = (logits: Value, T = 1) => softmax(div(logits, T), { axis: -1 });
const labelProbs = (index: Value, like: Value) => oneHot(index, Number(like.shape.at(-1)), like.dtype);
/** (1 − weight) · a + weight · b */
const mix = (a: Value, b: Value, weight: number) => add(mul(a, 1 - weight), mul(b, weight));
const column = (scores: Value) => unsqueeze(scores, -1); // [B] -> [B, 1]
/** Tf-KD's made-up teacher: `a` on the label, the rest spread over the others. */
const madeUp = (inputs: Inputs, a: number) => {
  const gold = labelProbs(labels(inputs), student(inputs));
  const others = Number(student(inputs).shape.at(-1)) - 1;
  return add(mul(gold, a - (1 - a) / others), (1 - a) / others);
};

/** BAM!'s target: gold and teacher, mixed. */
const annealed: Loss = (inputs, { lambda = 0 }) => {
  const gold = labelProbs(labels(inputs), student(inputs));
  return sum(softCrossEntropy(student(inputs), mix(probs(teacher(inputs)), gold, lambda)));
};

const LOSSES: Record<string, Loss> = {
  'hinton/torchdistill_keras/T2_a0.1': distilled(({ T, alpha }) =>
    fromLibrary('keras', { alpha: alpha as number, temperature: T as number }),
  ),
  'hinton/textbrewer_ce/T4': distilled(({ kd_loss_weight: soft = 1, hard_label_weight: hard = 0 }) =>
    fromLibrary('textbrewer', { soft, hard }),
  ),
  'hinton/textbrewer_mse/T4': distilled(() => ({ preset: 'textbrewer-mse' })),
  'hinton/soft_ce_batchmean/T1': distilled(() => ({ preset: 'fastformers' })),
  'hinton/soft_ce_elementmean/T1': distilled(() => ({ preset: 'tinybert-pred' })),
  // The tutorial's older text writes cross-entropy for KL.
  'hinton/ce_T2_batchmean/T2_w0.25_0.75': (inputs) =>
    sum(
      scale(0.25 * 4, softCrossEntropy(div(student(inputs), 2), probs(teacher(inputs), 2))),
      scale(0.75, hard(inputs)),
    ),
  'hinton/kl_over_T2/T2': distilled(() => ({ preset: 'bilstm-3p-kl', temperature: 2 })),
  'hinton/mse_logits_elementmean': distilled(() => ({ preset: 'tang' })),
  'hinton/mse_logits_rowsum': distilled(() => ({ preset: 'bilstm-3p-mse' })),
  'hinton/dbert_code_mse_plus_ce': distilled(({ distill_lambda: soft = 0, ce_lambda: hard = 0 }) =>
    fromLibrary('dbert-code', { soft, hard }),
  ),
  'hinton/mse_logits_vs_teacher_probs': distilled(() => ({ preset: 'setfit-baseline' })),
  'hinton/reverse_kl_batchmean/T1': distilled(() => ({ preset: 'easydistill-reverse', alpha: 1 })),
  'hinton/B1/T2_a0.7_batchmean': distilled(() => ({ alpha: 0.7 })),
  'hinton/missing_labels/T2_a0.5': (inputs) => {
    const known = where(asMask(value(inputs, 'label_mask')), labels(inputs), -100);
    const terms = kd(student(inputs), teacher(inputs), known, { alpha: 0.5, temperature: 2 });
    return sum(terms.soft, terms.hard);
  },
  'hinton/extreme_logits/T1': distilled(() => ({ alpha: 1, temperature: 1 })),
  'hinton/token_level_masked/T2_a0.5': distilled(() => ({ alpha: 0.5, temperature: 2 })),
  'label_smoothing/pytorch_eps0.1': (inputs, { eps = 0 }) =>
    sum(crossEntropy(student(inputs), labels(inputs), { labelSmoothing: eps })),
  'label_smoothing/tfkd_repo_eps0.1': (inputs, { eps = 0 }) =>
    sum(softCrossEntropy(student(inputs), madeUp(inputs, 1 - eps))),
  'mtdnn_kd/avg_probs_soft_plus_hard': (inputs, { w_soft: soft = 0, w_hard: weight = 0 }) => {
    const meanProbs = mean(probs(value(inputs, 'teacher_logits_list')), { axes: [0] }); // [K, B, C] -> [B, C]
    return sum(scale(soft, softCrossEntropy(student(inputs), meanProbs)), scale(weight, hard(inputs)));
  },
  'mtdnn_kd/avg_logits_soft_T1': (inputs) =>
    sum(softCrossEntropy(student(inputs), probs(mean(value(inputs, 'teacher_logits_list'), { axes: [0] })))),
  'mtdnn_kd/regression': (inputs, { w_soft: soft = 0, w_hard: weight = 0 }) => {
    const scores = column(value(inputs, 'student_scores')); // [B, 1]
    const teacherScores = mean(value(inputs, 'teacher_scores_list'), { axes: [0] }); // [K, B] -> [B]
    return sum(
      scale(soft, mse(scores, column(teacherScores))),
      scale(weight, mse(scores, column(value(inputs, 'targets')))),
    );
  },
  'bam/annealed_ce/lambda0': annealed,
  'bam/annealed_ce/lambda0.25': annealed,
  'bam/annealed_ce/lambda1': annealed,
  'takd/student_step/T5_l0.6': distilled(({ tau, lambda }) => ({
    temperature: tau as number,
    alpha: lambda as number,
  })),
  'self_kd/snapshot_T2_a0.3': distilled(({ T, alpha }) => ({ temperature: T as number, alpha: alpha as number })),
  'tinybert/hidden_mse_masked': (inputs) => {
    const projected = add(
      linearProduct(value(inputs, 'student_hidden'), value(inputs, 'weight')),
      value(inputs, 'bias'),
    );
    return sum(mse(projected, inputs.teacher_hidden, { mask: inputs.mask }));
  },
  'tinybert/pred_regression_teacher': (inputs) =>
    sum(mse(column(value(inputs, 'student_scores')), column(value(inputs, 'teacher_scores')))),
  'distilbert/cosine': ({ s, t }) => sum(cosineDistance(s, t)),
  'dml/two_peers_loss1': (inputs) => sum(hard(inputs), kl(student(inputs), value(inputs, 'peer_logits'))),
  // A made-up teacher whose logits are the logarithms of its probabilities.
  'tfkd/reg_paper_T20_a0.1': (inputs, { alpha = 0, T = 1, a = 0 }) =>
    sum(scale(alpha, kl(student(inputs), log(madeUp(inputs, a)), { temperature: T })), scale(1 - alpha, hard(inputs))),
  'ladder/full_kl': (inputs) => sum(kl(student(inputs), teacher(inputs))),
  'mixkd/tmkd_kl_T2': (inputs) =>
    sum(kl(value(inputs, 'student_logits_mix'), value(inputs, 'teacher_logits_mix'), { temperature: 2 })),
};

for (const T of [1, 2, 4]) {
  for (const alpha of [0, 0.5, 0.9, 1]) {
    LOSSES[`hinton/primer_klmean/T${T}_a${alpha}`] = distilled(() => ({ preset: 'primer', temperature: T, alpha }));
    LOSSES[`hinton/kl_batchmean/T${T}_a${alpha}`] = distilled(() => ({ temperature: T, alpha }));
  }
}

describe('golden vectors', () => {
  test('all of sections hinton and label_smoothing are here', () => {
    const wanted = Object.keys(golden).filter((name) => /^(hinton|label_smoothing)\//.test(name));
    expect(wanted.filter((name) => !Object.hasOwn(LOSSES, name))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(35);
  });

  describe.each(PRECISIONS)('%s', (...precision) => {
    test.each(Object.keys(LOSSES))('%s', async (name) => {
      const { inputs, params, expected } = golden[name] as Case;
      const witness = { inputs, value: expected.loss, gradient: expected.grad };
      await expectWitnessed(witness, (traced) => (LOSSES[name] as Loss)(traced, params), precision);
    });
  });
});
