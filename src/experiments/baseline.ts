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
  const mean = (name: string) => scoreText(metric, arms.find((arm) => arm.name === name)?.mean ?? Number.NaN);
  if (gain === undefined) return undefined;
  const { arm, verdict, worse } = gain;
  const figures = `${mean(arm)} against ${mean(BASELINE)}`;
  if (verdict === 'BETTER') return `${arm} beats the linear baseline: ${figures}.`;
  if (worse) return `The linear baseline beats ${arm}: ${mean(BASELINE)} against ${mean(arm)}.`;
  return `Not shown that ${arm} beats the linear baseline: ${figures} (${verdict}).`;
}
