/**
 * @file Divergences of self-attention. MiniLM: Wang et al. 2020, arXiv:2002.10957, equations 5 to 8; MiniLMv2: Wang et
 * al. 2021, arXiv:2012.15828, section 3.
 */
import { where } from '../autograd/ops/compare.js';
import { exp, mul, stopGradient, sub } from '../autograd/ops/elementwise.js';
import { matmul } from '../autograd/ops/matmul.js';
import { logSoftmax } from '../autograd/ops/normalise.js';
import { mean, sum } from '../autograd/ops/reduce.js';
import { reshape, transpose, unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { OptionError, ShapeError } from '../errors/failures.js';
import { type Dim, formatShape } from '../tensor/shape.js';
import { expectSameScores, isPairOfTokens } from './attention-scores.js';
import { NEVER, present } from './operands.js';
import { asMask, type RowLoss, rowLoss } from './row-loss.js';

export type AttentionKlOptions = {
  /** 1 = real token, [B, S]: padded keys have no probability, padded queries don't count. Default: all are real. */
  readonly mask?: Value | undefined;
};

/**
 * KL(softmax(teacher) ‖ softmax(student)) over the keys, mean over heads and over the queries that are real tokens.
 * @param student attention scores before the mask and softmax, [B, A, S, S].
 * @param teacher of the same shape; a constant, no gradient flows into it.
 * @returns sum and count [B]; the count is the number of real tokens.
 * @throws ShapeError if the shapes differ, as with another number of heads.
 */
export function attentionKl(
  student: Value | undefined,
  teacher: Value | undefined,
  { mask }: AttentionKlOptions = {},
): RowLoss {
  const [ours, theirs] = expectSameScores(student, teacher, 'attentionKl');
  const isPair = mask && unsqueeze(isPairOfTokens(mask), 1); // [B, 1, S, S]
  const logProbs = (scores: Value): Value =>
    logSoftmax(isPair === undefined ? scores : where(isPair, scores, NEVER), { axis: -1 });
  const q = logProbs(ours);
  const p = logProbs(stopGradient(theirs));
  const divergence = sum(mul(exp(p), sub(p, q)), { axes: [-1] }); // [B, A, S, S] -> [B, A, S]
  return rowLoss(mean(divergence, { axes: [1] }), mask && asMask(mask)); // [B, A, S] -> [B, S]
}

export type RelationKlOptions = AttentionKlOptions & {
  /** Heads that each side's width is split into; a divisor of both widths. */
  readonly heads: number;
};

/**
 * Divergence of relations between tokens, softmax(X Xᵀ / √d), where X is queries, keys or values and d the width of a
 * relation head on its own side: so widths may differ, and with `heads` chosen freely so may attention heads.
 * @param student [B, S, H], all heads side by side.
 * @param teacher [B, S, H'].
 * @throws ShapeError, OptionError for a width that the heads do not divide.
 */
export function relationKl(
  student: Value | undefined,
  teacher: Value | undefined,
  { heads, mask }: RelationKlOptions,
): RowLoss {
  const relations = (given: Value | undefined): Value => {
    const x = present(given, 'relationKl');
    const [B, S, H] = x.shape;
    if (x.shape.length !== 3 || typeof H !== 'number') {
      throw new ShapeError({
        where: 'relationKl',
        wanted: 'queries, keys or values [B, S, H]',
        got: formatShape(x.shape),
      });
    }
    if (!Number.isInteger(heads) || heads < 1 || H % heads !== 0) {
      const wanted = `a number of relation heads that divides the width ${H}`;
      throw new OptionError({ where: 'relationKl', wanted, got: String(heads) });
    }
    // What padding holds may overflow in a product.
    const visible = mask ? where(unsqueeze(asMask(mask), -1), x, 0) : x;
    const split = reshape(visible, [B as Dim, S as Dim, heads, H / heads]);
    const rows = mul(transpose(split, [0, 2, 1, 3]), (H / heads) ** -0.25); // [B, A, S, d], so that products are over √d
    return matmul(rows, transpose(rows, [0, 1, 3, 2])); // [B, A, S, d] x [B, A, d, S] -> [B, A, S, S]
  };
  return attentionKl(relations(student), relations(teacher && stopGradient(teacher)), { mask });
}
