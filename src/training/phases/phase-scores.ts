/** @file What decides between phases: a score on rows that neither the learner nor the report has seen. */
import { heldOut } from '../../data/held-out.js';
import { targetsOf } from '../../data/targets.js';
import { checkedMetrics, metricsOf } from '../../metrics/measure.js';
import { gainOver } from '../../metrics/metric.js';
import { METRICS } from '../../metrics/table.js';
import { classesOf } from '../../models/forward.js';
import { logitsOf } from '../../teachers/answers.js';
import { givenTeacher, type PhasedRunOptions } from './phase-options.js';

function measureOf({ metrics, model }: PhasedRunOptions) {
  const [name = 'loss'] = checkedMetrics(metrics, classesOf(model));
  return { name, mode: METRICS[name].mode };
}

/**
 * The run's first metric, the better the more. NaN where it was not measured. A correlation with equal answers has no value,
 * and counts as 0.
 */
export function scoreOf(options: PhasedRunOptions, metrics: Readonly<Record<string, number>>): number {
  const { name, mode } = measureOf(options);
  const { [name]: score = Number.NaN } = metrics;
  const isUndefined = name in metrics && Number.isNaN(score) && METRICS[name].needs === 'scores';
  return isUndefined ? 0 : gainOver(mode, score, 0);
}

/**
 * The given teacher's score on the validation rows. Without such rows it is that on the held-out tenth of the training set,
 * which the teacher may have been trained on: it is then too high.
 */
export async function heldOutScore(options: PhasedRunOptions): Promise<number> {
  const { train, validation = heldOut(train, train).part } = options.data;
  const teacher = await givenTeacher(options, validation);
  if (teacher === undefined) return Number.NaN;
  const { classes } = teacher;
  const scored = { logits: await logitsOf(teacher, validation), classes, ...targetsOf(validation) };
  return scoreOf(options, metricsOf(scored, checkedMetrics(options.metrics, classes)));
}
