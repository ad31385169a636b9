import type { CalibrationRow } from '../../src/certificates/threshold.js';
import type { RandomStream } from '../../src/tensor/random.js';

/** N requests of a student whose answers are wrong the more often the less sure it is: at a score s with chance (1 - s) / 2. */
export function requests(count: number, random: RandomStream, scoreOf = (u: number) => u): CalibrationRow[] {
  return Array.from({ length: count }, () => {
    const sureness = random.uniform() ** 0.2;
    return { score: scoreOf(sureness), isWrong: random.uniform() < (1 - sureness) / 2 };
  });
}

export function riskOf(
  rows: readonly CalibrationRow[],
  threshold: number,
): { readonly kept: number; readonly all: number } {
  const kept = rows.filter(({ score }) => score >= threshold);
  const wrong = kept.filter(({ isWrong }) => isWrong).length;
  return { kept: wrong / Math.max(1, kept.length), all: wrong / rows.length };
}
