/** @file What a distillation consists of before anybody is asked or trained: metrics, seeds, arms, and where its files lie. */
import { join } from 'node:path';
import { classesOf } from '../../models/forward.js';
import { checkTargets, checkTeacher } from '../../training/checks/teacher-checks.js';
import { checkedMetrics } from '../../training/evaluation/metrics.js';
import { RESULTS } from '../formats.js';
import { DEFAULT_METRIC, isJudgedMetric, type JudgedMetric } from '../judged-metric.js';
import { controlArm, type DistillationArm, methodArm } from './arms.js';
import { type Control, definedControls } from './controls.js';
import type { DistillOptions } from './distill-options.js';

const SEEDS = 5;
const DEFAULT_CONTROLS: readonly Control[] = ['no-teacher', 'hard-labels', 'shuffled-teacher'];
const ANSWERS = 'answers';

export type Outline = {
  /** Of the student; 1 for a regression. */
  readonly classes: number;
  readonly metrics: readonly [JudgedMetric, ...JudgedMetric[]];
  readonly seeds: readonly number[];
  readonly controls: readonly Control[];
  /** Controls that were asked for and that such a student does not have. */
  readonly leftOut: readonly Control[];
  /** The method's, and its controls'. */
  readonly arms: readonly DistillationArm[];
  /** The file of finished runs, and the folder of the teacher's answers. */
  readonly results: string;
  readonly answers: string;
};

/**
 * What the options come to, with their defaults.
 * @throws OptionError for a metric that is not of such a student; as `checkTargets` and `checkTeacher` do.
 */
export function outlineOf(options: DistillOptions): Outline {
  const { student, teacher, data, method, outputDir, resultsFile, cacheDir } = options;
  const classes = classesOf(student.model);
  checkTargets(method, classes);
  if (method.needs.length > 0) checkTeacher(method, teacher, classes, data.train);
  const { controls, leftOut } = definedControls(options.controls ?? DEFAULT_CONTROLS, classes, method);
  return {
    classes,
    metrics: judgedMetrics(options.metrics, classes),
    seeds: seedsOf(options.seeds ?? SEEDS),
    controls,
    leftOut,
    arms: [methodArm(method), ...controls.map((name) => controlArm(name, classes))],
    results: resultsFile ?? join(outputDir, RESULTS),
    answers: cacheDir ?? join(outputDir, ANSWERS),
  };
}

function judgedMetrics(
  names: readonly JudgedMetric[] | undefined,
  classes: number,
): readonly [JudgedMetric, ...JudgedMetric[]] {
  const [first = DEFAULT_METRIC, ...others] = checkedMetrics(names, classes).filter(isJudgedMetric);
  return [first, ...others];
}

function seedsOf(seeds: number | readonly number[]): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;
}
