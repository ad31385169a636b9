/** @file A teacher that is worse than the student is without it: the wrong model, other labels, another preprocessing. */

import { scoreText } from '../metrics/points.js';
import { METRICS } from '../metrics/table.js';
import type { Warning } from '../training/checks/warning.js';
import type { ExperimentOutcome } from './experiment.js';
import { mean } from './statistics.js';

/** Less may be chance, whatever the number of rows. */
const LEAST_POINTS = 1;
const ERRORS = 2;

/**
 * Compares the teacher with the students that learnt without it, after all runs. It is below them if a point or more and two
 * standard errors of its own score over these rows lie between.
 * @param teacher its score in points, on `rows` evaluation rows
 */
export function teacherBelowStudent(
  { arms, metric }: Pick<ExperimentOutcome, 'arms' | 'metric'>,
  teacher: { readonly name: string; readonly score: number; readonly rows: number },
  noTeacher: string,
): Warning[] {
  const alone = arms.find(({ arm }) => arm.name === noTeacher);
  if (alone === undefined) return [];
  const share = Math.min(1, Math.max(0, teacher.score / 100));
  const error = 100 * Math.sqrt((share * (1 - share)) / teacher.rows);
  const student = mean(alone.scores);
  if (student - teacher.score < Math.max(LEAST_POINTS, ERRORS * error)) return [];
  return [
    {
      name: 'teacher-below-student',
      text:
        `teacher ${teacher.name} has ${scoreText(metric, teacher.score)} on the evaluation rows, below the ` +
        `${scoreText(metric, student)} of ${noTeacher}: there is nothing that the student could learn from it but its errors`,
      fix: `check that it is the right checkpoint, with these labels and this preprocessing, or take a teacher of a higher ${METRICS[metric].title}`,
    },
  ];
}
