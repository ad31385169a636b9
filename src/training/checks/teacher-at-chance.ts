import { check, shownPercent } from './check.js';
import { chanceOf } from './teacher-sample.js';

/** The wrong checkpoint, another preprocessing. */
export const teacherAtChance = check('answers', {
  says: 'the teacher is no better than always predicting the most frequent class',
  isProblem: true,
  find: ({ teacher, data, counts, exchanges }) => {
    const gold = counts.map((_, label) => counts.reduce((sum, row) => sum + (row[label] ?? 0), 0));
    const rows = gold.reduce((sum, count) => sum + count, 0);
    const right = counts.reduce((sum, row, given) => sum + (row[given] ?? 0), 0);
    const most = Math.max(...gold);
    if (exchanges.length > 0 || rows === 0 || most === rows || right > chanceOf(gold)) return undefined;
    return {
      text:
        `teacher ${teacher.name} is right on ${shownPercent(right / rows)} of ${rows} rows of ${data.name}, no better than always ` +
        `predicting the most frequent class (${shownPercent(most / rows)})`,
      fix: 'check that it is the right checkpoint for this data, trained to its end',
    };
  },
});
