/** @file What an experiment says of the linear model on n-grams that ran beside its students. */
import { scoreText } from '../metrics/points.js';
import { BASELINE } from './distillation/controls.js';
import type { ExperimentRecord } from './experiment-record.schema.js';

/**
 * Whether the arm that an experiment is about beats the linear baseline, as a sentence: nobody should ship a network that
 * a linear model on counted n-grams equals. Undefined where none ran, or nothing was compared with it.
 */
export function baselineText({ arms, gains, metric }: ExperimentRecord): string | undefined {
  const gain = gains.find(({ over }) => over === BASELINE);
  // On the split that the gains are of.
  const mean = (name: string) => {
    const { test, mean: validated = Number.NaN } = arms.find((arm) => arm.name === name) ?? {};
    return scoreText(metric, test?.mean ?? validated);
  };
  if (gain === undefined) return undefined;
  const { arm, verdict, worse } = gain;
  if (isTheSame(arms)) {
    return `The linear baseline is no-teacher by another name: the student is itself a linear model on these n-grams, so what is said of ${arm} over no-teacher is said of both.`;
  }
  const figures = `${mean(arm)} against ${mean(BASELINE)}`;
  if (verdict === 'BETTER') return `${arm} beats the linear baseline: ${figures}.`;
  if (worse) return `The linear baseline beats ${arm}: ${mean(BASELINE)} against ${mean(arm)}.`;
  return `Not shown that ${arm} beats the linear baseline: ${figures} (${verdict}).`;
}

/** A linear student without a teacher and the baseline are fitted to the same rows; with a pool the student has more n-grams. */
function isTheSame(arms: ExperimentRecord['arms']): boolean {
  const [student, baseline] = ['no-teacher', BASELINE].map((name) => arms.find((arm) => arm.name === name));
  if (student === undefined || baseline === undefined || (student.train?.steps ?? 0) > 0) return false;
  const isSame = student.scores.every((score, i) => score === baseline.scores[i]);
  return isSame && student.parameters === baseline.parameters;
}
