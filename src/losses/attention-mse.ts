/** @file Attention scores, compared before the softmax. TinyBERT: Jiao et al. 2020, arXiv:1909.10351, equation 7. */
import { and, greater, where } from '../autograd/ops/compare.js';
import { mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { mean } from '../autograd/ops/reduce.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { expectSameScores, isPairOfTokens } from './attention-scores.js';
import { asMask, everyToken, type RowLoss, rowLoss } from './row-loss.js';

export type AttentionMseOptions = {
  /** 1 = real token, [B, S]. Default: all are. */
  readonly mask?: Value | undefined;
  /**
   * `released`: TinyBERT's code. It sets scores at padded keys, and all of −100 or less, to 0, still compares the rows of
   * padded queries, and divides by A · S² whatever is padding. Default: `masked`.
   */
  readonly compat?: 'masked' | 'released';
};

/** Scores of this and below are taken for masked in TinyBERT's code. */
const RELEASED_FLOOR = -100;

/**
 * Squared error of attention scores: Σ over pairs of real tokens, divided by A · Σ length².
 * @param student QKᵀ / √D before the mask and softmax, [B, A, S, S].
 * @param teacher of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B]; the count is length² (S² if `released`).
 * @throws ShapeError if the shapes differ, as with another number of heads.
 */
export function attentionMse(
  student: Value | undefined,
  teacher: Value | undefined,
  { mask, compat = 'masked' }: AttentionMseOptions = {},
): RowLoss {
  const [ours, theirs] = expectSameScores(student, teacher, 'attentionMse');
  const perPair = (difference: Value): Value => mean(mul(difference, difference), { axes: [1] }); // [B, A, S, S] -> [B, S, S]
  if (compat === 'released') {
    const isKey = mask && unsqueeze(unsqueeze(asMask(mask), 1), 1); // [B, 1, 1, S]
    const kept = (scores: Value): Value => {
      const isAbove = greater(scores, RELEASED_FLOOR);
      return where(isKey === undefined ? isAbove : and(isKey, isAbove), scores, 0);
    };
    const all = mask && isPairOfTokens(everyToken(mask)); // [B, S, S]
    return rowLoss(perPair(sub(kept(ours), kept(stopGradient(theirs)))), all);
  }
  const difference = sub(ours, stopGradient(theirs));
  if (mask === undefined) return rowLoss(perPair(difference));
  const isPair = isPairOfTokens(mask); // [B, S, S]
  // Masked before it is squared: what padding holds may overflow.
  return rowLoss(perPair(where(unsqueeze(isPair, 1), difference, 0)), isPair);
}
