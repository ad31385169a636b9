/** How many groups of like scores stand in for classes. */
const GROUPS = 5;

/**
 * The group of each score, from 0: the fifth of all scores in which the first of its equals stands, from the lowest.
 * Equal scores are in one group, so that groups may differ in size, or be empty.
 * @param scores [N], none of them NaN
 * @returns [N]
 */
export function scoreGroups(scores: Float32Array): Int32Array {
  const groups = new Map<number, number>();
  for (const [place, score] of scores.toSorted().entries()) {
    if (!groups.has(score)) groups.set(score, Math.floor((GROUPS * place) / scores.length));
  }
  return Int32Array.from(scores, (score) => groups.get(score) as number);
}
