/**
 * @file The golden vectors of the method specification that logit, regression and cosine losses can express. Witness: a
 * scalar tape in pure Python, checked by central differences and against closed forms (`test/python/make_golden.py`).
 */
import { describe, expect, test } from 'vitest';
import { where } from '../../src/autograd/ops/compare.js';
import { add, div, log, mul, sub } from '../../src/autograd/ops/elementwise.js';
import { pick } from '../../src/autograd/ops/indexing.js';
import { linearProduct } from '../../src/autograd/ops/matmul.js';
import { softmax } from '../../src/autograd/ops/normalise.js';
import { mean, sum as total } from '../../src/autograd/ops/reduce.js';
import { squeeze, unsqueeze } from '../../src/autograd/ops/shaping.js';
import { slice } from '../../src/autograd/ops/slicing.js';
import { constant, type Value } from '../../src/autograd/value.js';
import { attentionMse } from '../../src/losses/attention-mse.js';
import { cosineDistance } from '../../src/losses/cosine.js';
import { crossEntropy, softCrossEntropy } from '../../src/losses/cross-entropy.js';
import { decoupledKd } from '../../src/losses/decoupled-kd.js';
import { type KdOptions, kd } from '../../src/losses/kd.js';
import { fromLibrary } from '../../src/losses/kd-presets.js';
import { kl } from '../../src/losses/kl.js';
import { mixupCrossEntropy } from '../../src/losses/mixup.js';
import { mse } from '../../src/losses/mse.js';
import { patience } from '../../src/losses/patience.js';
import { attentionKl, relationKl } from '../../src/losses/relation-kl.js';
import { asMask, meanOf, type RowLoss, scale } from '../../src/losses/row-loss.js';
import { annealedTargets, averagedProbs, embeddingTargets, virtualTeacher } from '../../src/losses/targets.js';
import { fromNumbers } from '../../src/tensor/tensor.js';
import { evaluate, expectGolden, type Nested } from '../nn/evaluate.js';
import { expectWitnessed, PRECISIONS, readGolden } from './golden-cases.js';

type Case = {
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly params: Readonly<Record<string, number>>;
  readonly expected: { readonly loss: number; readonly grad: Readonly<Record<string, Nested>> };
};
/** The teacher's vectors of `distilbert/*`, which the case of the three terms does not repeat. */
const DISTILBERT_TEACHER = [0.3, 0.2, 0.9, 1, -0.4, 0];
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
/** (1 − weight) · a + weight · b */
const mix = (a: Value, b: Value, weight: number) => add(mul(a, 1 - weight), mul(b, weight));
const column = (scores: Value) => unsqueeze(scores, -1); // [B] -> [B, 1]
const annealed: Loss = (inputs, { lambda = 0 }) =>
  sum(softCrossEntropy(student(inputs), annealedTargets(probs(teacher(inputs)), labels(inputs), lambda)));
/** The slices of a stack along its first axis. */
const unstacked = (stack: Value): Value[] =>
  Array.from({ length: Number(stack.shape[0]) }, (_, i) => squeeze(slice(stack, { axis: 0, start: i, end: i + 1 }), 0));
/** Matched first-token vectors of a stack [B, M, H]. */
const matched = ({ student_cls: ours, teacher_cls: theirs }: Inputs) =>
  [0, 1].map((m) => {
    const of = (stack: Value | undefined) => squeeze(slice(stack as Value, { axis: 1, start: m, end: m + 1 }), 1);
    return [of(ours), of(theirs)] as const;
  });
const projected = (inputs: Inputs) =>
  add(linearProduct(value(inputs, 'student_hidden'), value(inputs, 'weight')), value(inputs, 'bias'));
/** The one row of values [S, H] as a batch, of which some tokens are real. */
const relation =
  (realTokens: readonly number[]): Loss =>
  ({ v_student: ours, v_teacher: theirs }) => {
    const mask = constant(fromNumbers('int64', [1, 3], [...realTokens]));
    return sum(relationKl(ours && unsqueeze(ours, 0), theirs && unsqueeze(theirs, 0), { heads: 1, mask }));
  };
const mixed = (inputs: Inputs) => value(inputs, 'student_logits_mix');

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
    sum(softCrossEntropy(student(inputs), virtualTeacher(labels(inputs), student(inputs), 1 - eps))),
  'mtdnn_kd/avg_probs_soft_plus_hard': (inputs, { w_soft: soft = 0, w_hard: weight = 0 }) => {
    const meanProbs = averagedProbs(unstacked(value(inputs, 'teacher_logits_list')));
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
  'bam/annealed_regression/lambda0.25': ({ pred, gold, teacher: scores }, { lambda = 0 }) =>
    sum(mse(column(pred as Value), mix(column(scores as Value), column(gold as Value), lambda))),
  'pkd/paper_sum_over_batch': (inputs) => total(patience(matched(inputs), { scale: 'sum' }).sum),
  'pkd/textbrewer_per_layer_mean': (inputs) => sum(patience(matched(inputs), { scale: 'sum' })),
  'pkd/released_mse_mean': (inputs) => sum(patience(matched(inputs))),
  'pkd/released_unnormalised': (inputs) => sum(patience(matched(inputs), { isNormalised: false })),
  'pkd/total/T10_a0.7_b500': (inputs, { T, alpha, beta = 0 }) => {
    const options = { preset: 'primer', temperature: T as number, alpha: alpha as number } as const;
    const { soft, hard: gold } = kd(student(inputs), teacher(inputs), labels(inputs), options);
    return sum(soft, gold, scale(beta, patience(matched(inputs))));
  },
  'self_kd/embedding_full': (inputs, { alpha = 0, tau = 1 }) => {
    const target = embeddingTargets(value(inputs, 'output_embedding'), labels(inputs), tau);
    return sum(scale(alpha, softCrossEntropy(student(inputs), target)), scale(1 - alpha, hard(inputs)));
  },
  'tinybert/hidden_mse_masked': (inputs) => sum(mse(projected(inputs), inputs.teacher_hidden, { mask: inputs.mask })),
  'tinybert/hidden_mse_unmasked': (inputs) => sum(mse(projected(inputs), inputs.teacher_hidden)),
  'tinybert/attention_mse_masked': ({ student_scores: ours, teacher_scores: theirs, mask }) =>
    sum(attentionMse(ours, theirs, { mask })),
  'tinybert/attention_mse_released': ({ student_scores: ours, teacher_scores: theirs, mask }) =>
    sum(attentionMse(ours, theirs, { mask, compat: 'released' })),
  'tinybert/pred_regression_teacher': (inputs) =>
    sum(mse(column(value(inputs, 'student_scores')), column(value(inputs, 'teacher_scores')))),
  'distilbert/cosine': ({ s, t }) => sum(cosineDistance(s, t)),
  'distilbert/triple_weights': (inputs) =>
    sum(
      scale(5, kl(student(inputs), teacher(inputs), { temperature: 2 })),
      scale(2, hard(inputs)),
      cosineDistance(inputs.hs, constant(fromNumbers(student(inputs).dtype, [2, 3], DISTILBERT_TEACHER))),
    ),
  'minilm/attention_kl_masked': ({ student_scores: ours, teacher_scores: theirs, mask }) =>
    sum(attentionKl(ours, theirs, { mask })),
  'minilm/value_relation_kl': relation([1, 1, 1]),
  'minilm/value_relation_kl_padded': relation([1, 1, 0]),
  'dkd/a1_b8_T4': (inputs, { alpha = 0, beta = 0, T = 1 }) => {
    const options = { targetWeight: alpha, nonTargetWeight: beta, temperature: T };
    return sum(decoupledKd(student(inputs), teacher(inputs), labels(inputs), options));
  },
  'dkd/identity_with_kd_T4': (inputs) => {
    const rest = sub(1, pick(probs(teacher(inputs), 4), labels(inputs)));
    const options = { nonTargetWeight: rest, temperature: 4 };
    return sum(decoupledKd(student(inputs), teacher(inputs), labels(inputs), options));
  },
  'dml/two_peers_loss1': (inputs) => sum(hard(inputs), kl(student(inputs), value(inputs, 'peer_logits'))),
  // The virtual teacher's logits are the logarithms of its probabilities; the released code takes the probabilities.
  'tfkd/reg_paper_T20_a0.1': (inputs, { alpha = 0, T = 1, a = 0 }) => {
    const logits = log(virtualTeacher(labels(inputs), student(inputs), a));
    return sum(scale(alpha, kl(student(inputs), logits, { temperature: T })), scale(1 - alpha, hard(inputs)));
  },
  'tfkd/reg_released_T20_a0.1': (inputs, { alpha = 0, T = 1, a = 0 }) => {
    const logits = div(virtualTeacher(labels(inputs), student(inputs), a), T);
    return sum(scale(alpha / 3, kl(student(inputs), logits)), scale(1 - alpha, hard(inputs)));
  },
  // An annealed target between the student's own logits, as constants, and the teacher's.
  'ladder/taid_t0.4': (inputs, { t = 0 }) =>
    sum(kl(student(inputs), mix(value(inputs, 'student_logits_detached'), teacher(inputs), t))),
  'ladder/full_kl': (inputs) => sum(kl(student(inputs), teacher(inputs))),
  'mixkd/total': (inputs) =>
    sum(
      hard(inputs),
      mixupCrossEntropy(mixed(inputs), labels(inputs), value(inputs, 'labels_j'), value(inputs, 'lambda')),
      mse(mixed(inputs), inputs.teacher_logits_mix),
    ),
  'mixkd/soft_mix_labels': (inputs) =>
    sum(
      mixupCrossEntropy(mixed(inputs), value(inputs, 'labels_i'), value(inputs, 'labels_j'), value(inputs, 'lambda')),
    ),
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
  test('every loss of the specification is here, but for partial answers, which have a file of their own', () => {
    const wanted = Object.entries(golden).flatMap(([name, { expected }]) =>
      expected?.loss === undefined || name.startsWith('ladder/') ? [] : [name],
    );
    expect(wanted.filter((name) => !Object.hasOwn(LOSSES, name))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(60);
  });

  test.each(PRECISIONS)(
    'the mean of probabilities is that of the steps of MT-DNN’s answer module (%s)',
    async (...precision) => {
      const [dtype, tolerance] = precision;
      const { inputs, expected } = golden['mtdnn_kd/san_average'] as unknown as {
        readonly inputs: { readonly step_probs: readonly [readonly (readonly number[])[]] };
        readonly expected: { readonly eval_mean_probs: readonly number[] };
      };
      // The softmax of logarithms is the probabilities themselves.
      const steps = inputs.step_probs[0].map((probs) => constant(fromNumbers(dtype, [1, 3], probs.map(Math.log))));
      const { meanProbs } = await evaluate({ meanProbs: averagedProbs(steps) }, {});
      expectGolden(meanProbs, [expected.eval_mean_probs], tolerance, 'mean of the steps');
    },
  );

  describe.each(PRECISIONS)('%s', (...precision) => {
    test.each(Object.keys(LOSSES))('%s', async (name) => {
      const { inputs, params, expected } = golden[name] as Case;
      const witness = { inputs, value: expected.loss, gradient: expected.grad };
      await expectWitnessed(witness, (traced) => (LOSSES[name] as Loss)(traced, params), precision);
    });
  });
});
