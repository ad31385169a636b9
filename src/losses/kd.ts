/**
 * @file Knowledge distillation from logits under one contract, and what other libraries and papers compute under that
 * name. Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2.
 *
 *   loss = alpha · soft(studentLogits, teacherLogits, T) + (1 − alpha) · crossEntropy(studentLogits, labels)
 *
 * `alpha` weighs the soft term in every preset. The soft term is averaged over all that counts, the hard one over what is
 * labelled.
 */
import { mul, reciprocal, sub } from '../autograd/ops/elementwise.js';
import { softmax } from '../autograd/ops/normalise.js';
import type { Value } from '../autograd/value.js';
import { ShapeError } from '../errors/failures.js';
import { NO_LABEL } from '../tensor/no-label.js';
import { crossEntropy, softCrossEntropy } from './cross-entropy.js';
import { type KdPreset, type KdPresetSpec, presetSpec, resolveAlpha, resolveTemperature } from './kd-presets.js';
import { kl } from './kl.js';
import { mse } from './mse.js';
import { expectClasses, expectSameLogits, scalarLike, squaredTemperature, tempered } from './operands.js';
import { isLabelled, type RowLoss, scale } from './row-loss.js';

/**
 * How a soft term compares student and teacher: [B, C] -> [B], summed over the classes. Each takes the teacher as a
 * constant.
 */
const SOFT_TERMS = {
  /** Σ p_t (log p_t − log p_s), both softened by T. */
  kl: (student, teacher, T, mask) => kl(student, teacher, { temperature: T, isTimesSquaredTemperature: false, mask }),
  /** Σ p_s (log p_s − log p_t). */
  reverseKl: (student, teacher, T, mask) =>
    kl(student, teacher, { temperature: T, isTimesSquaredTemperature: false, direction: 'reverse', mask }),
  /** −Σ p_t log p_s. */
  softCrossEntropy: (student, teacher, T, mask) =>
    softCrossEntropy(tempered(student, T), softmax(tempered(teacher, T), { axis: -1 }), { mask }),
  /** Σ (z_s / T − z_t / T)². */
  mse: (student, teacher, T, mask) => mse(tempered(student, T), tempered(teacher, T), { features: 'sum', mask }),
  /** Σ (z_s − softmax(z_t))². */
  mseToProbs: (student, teacher, _T, mask) => mse(student, softmax(teacher, { axis: -1 }), { features: 'sum', mask }),
} as const satisfies Record<
  KdPresetSpec['soft'],
  (student: Value, teacher: Value, temperature: number | Value, mask: Value | undefined) => RowLoss
>;

export type SoftLossOptions = {
  /** Default: hinton. */
  readonly preset?: KdPreset;
  /** T > 0. Default: the preset's. */
  readonly temperature?: number | Value;
  /** What counts, above 0: [B] or [B, S]. Default: all. */
  readonly mask?: Value | undefined;
};

function temperatureFactor(factor: KdPresetSpec['factor'], T: number | Value, like: Value): number | Value {
  if (factor === '1' || T === 1) return 1;
  const squared = squaredTemperature(T, like);
  if (factor === 'T²') return squared;
  return typeof squared === 'number' ? 1 / squared : reciprocal(squared);
}

/**
 * The soft term of a preset, with its own factors: student against teacher, no labels.
 * @param studentLogits [B, C], or [B, S, C] for tokens.
 * @param teacherLogits of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B].
 * @throws ShapeError if the shapes differ, or for one class where a softmax would make the loss 0; OptionError.
 */
export function softLoss(studentLogits: Value, teacherLogits: Value, options: SoftLossOptions = {}): RowLoss {
  const { preset = 'hinton', mask } = options;
  const { soft, factor, classes, total = 1 } = presetSpec(preset);
  const where = `kd preset '${preset}'`;
  const T = resolveTemperature(preset, options.temperature);
  expectSameLogits(studentLogits, teacherLogits, where);
  const C = soft === 'mse' ? Number(studentLogits.shape.at(-1)) : expectClasses(studentLogits, where);
  const term = SOFT_TERMS[soft](studentLogits, teacherLogits, T, mask);
  const constant = total / (classes === 'mean' ? C : 1);
  const scaled = constant === 1 ? term : scale(constant, term);
  const byTemperature = temperatureFactor(factor, T, studentLogits);
  return byTemperature === 1 ? scaled : scale(byTemperature, scaled);
}

export type KdOptions = SoftLossOptions & {
  /** Weight of the distillation term, 0 … 1; the hard labels get 1 − alpha. Default: the preset's. */
  readonly alpha?: number | Value;
  /** The label of what has none. Default: −100. */
  readonly ignoreIndex?: number;
};

/** The terms of the loss, weighted; one whose weight is 0 is left out. */
export type KdTerms = { readonly soft?: RowLoss; readonly hard?: RowLoss };

/**
 * The KD loss. A plain alpha of 0 needs no teacher, one of 1 no labels.
 * Rows without a label keep their soft term. For tokens [B, S, C] the soft term counts where `mask` is above 0 or,
 * without a mask, where there is a label.
 * @param studentLogits [B, C], or [B, S, C] for tokens.
 * @param teacherLogits of the same shape.
 * @param labels int64 [B] or [B, S].
 * @throws ShapeError, OptionError
 */
export function kd(
  studentLogits: Value,
  teacherLogits: Value | undefined,
  labels: Value | undefined,
  options: KdOptions = {},
): KdTerms {
  const { alpha: givenAlpha, ignoreIndex = NO_LABEL, ...softOptions } = options;
  const { preset = 'hinton', mask } = options;
  const where = `kd preset '${preset}'`;
  const { total = 1 } = presetSpec(preset);
  const alpha = scalarLike(resolveAlpha(preset, givenAlpha), studentLogits);

  const soft = (): RowLoss => {
    const teacher = given(teacherLogits, where, 'teacher logits', 'use alpha 0');
    const isTokens = studentLogits.shape.length === 3;
    const counts = mask ?? (isTokens && labels !== undefined ? isLabelled(labels, ignoreIndex) : undefined);
    return scale(alpha, softLoss(studentLogits, teacher, { ...softOptions, mask: counts }));
  };
  const hard = (): RowLoss => {
    const weight = typeof alpha === 'number' ? total * (1 - alpha) : mul(sub(1, alpha), total);
    return scale(
      weight,
      crossEntropy(studentLogits, given(labels, where, 'labels', 'use alpha 1'), { ignoreIndex, mask }),
    );
  };
  return { ...(alpha !== 0 && { soft: soft() }), ...(alpha !== 1 && { hard: hard() }) };
}

function given(value: Value | undefined, where: string, wanted: string, orElse: string): Value {
  if (value !== undefined) return value;
  throw new ShapeError({ where, wanted, got: 'none', fix: `give them, or ${orElse}` });
}
