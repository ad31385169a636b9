import { check } from './check.js';

export const teacherLogits = check('answers', {
  says: "the teacher's logits are not finite, or implausibly large",
  isProblem: true,
  find: ({ teacher, data, unusable }) => {
    if (unusable === undefined) return undefined;
    const { ids } = data.batch([unusable.row]);
    return {
      text: `teacher ${teacher.name} gives row ${ids[0]} of ${data.name} the logit ${unusable.logit}, but logits are finite and rarely beyond ±30`,
      fix: 'check its weights (retort doctor) and, if its outputs are recorded, the file',
    };
  },
});
