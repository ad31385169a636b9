import type { Dataset } from '../../data/dataset.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';

/** The same teacher, which answers each data set once, however many runs ask. */
export function answeredOnce(teacher: Teacher): Teacher {
  const known = new Map<Dataset, Map<string, Promise<TeacherAnswers>>>();
  return {
    ...teacher,
    answer: (data, signals) => {
      const answers = known.get(data) ?? new Map<string, Promise<TeacherAnswers>>();
      known.set(data, answers);
      const key = [...signals].sort().join();
      const answer = answers.get(key) ?? teacher.answer(data, signals);
      answers.set(key, answer);
      // A teacher that failed is asked again.
      answer.catch(() => answers.delete(key));
      return answer;
    },
  };
}
