/** @file What losses on attention share: shapes, and which pairs of tokens count. */
import { and } from '../autograd/ops/compare.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { expectSameShape } from './operands.js';
import { asMask } from './row-loss.js';

/**
 * Scores of both sides.
 * @throws ShapeError unless both are [B, A, S, S] of one shape.
 */
export function expectSameScores(
  student: Value | undefined,
  teacher: Value | undefined,
  where: string,
): [student: Value, teacher: Value] {
  return expectSameShape(student, teacher, where, {
    wanted: 'scores of one shape [B, A, S, S] on both sides',
    ranks: [4, 4],
    fix: 'with another number of heads compare relations (relationKl), which splits both sides equally',
  });
}

/** Query and key both real: [B, S] -> bool [B, S, S] */
export function isPairOfTokens(mask: Value): Value {
  const isToken = asMask(mask);
  return and(unsqueeze(isToken, 2), unsqueeze(isToken, 1));
}
