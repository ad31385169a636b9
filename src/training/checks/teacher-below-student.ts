import { scoreText } from '../../metrics/points.js';
import { mean } from '../../metrics/statistics.js';
import { METRICS } from '../../metrics/table.js';
import { check } from './check.js';

/** Less may be chance, whatever the number of rows. */
const LEAST_POINTS = 1;
const ERRORS = 2;

/**
 * Compares the teacher with the students that learnt without it, after all runs. It is below them if a point or more and two
 * standard errors of its own score over these rows lie between.
 */
export const teacherBelowStudent = check('experiment', {
  says: 'the teacher is worse than the student without it',
  find: ({ arms, metric, teacher, noTeacher }) => {
    const alone = arms.find(({ arm }) => arm.name === noTeacher);
    if (alone === undefined || teacher === undefined) return undefined;
    const share = Math.min(1, Math.max(0, teacher.score / 100));
    const error = 100 * Math.sqrt((share * (1 - share)) / teacher.rows);
    const student = mean(alone.scores);
    if (student - teacher.score < Math.max(LEAST_POINTS, ERRORS * error)) return undefined;
    return {
      text:
        `teacher ${teacher.name} has ${scoreText(metric, teacher.score)} on the evaluated rows, below the ` +
        `${scoreText(metric, student)} of ${noTeacher}: the student could only learn its errors`,
      fix: `check that it is the right checkpoint, with these labels and this preprocessing, or use a teacher with a higher ${METRICS[metric].title}`,
    };
  },
});
