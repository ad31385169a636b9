/** @file The teachers of several tasks: each answers the rows of its own. Regressions are scaled, gold and teacher alike. */
import type { Dataset } from '../../data/dataset.js';
import type { TaskMixture } from '../../data/task-mixture.js';
import type { Method } from '../../methods/method.js';
import type { Model } from '../../models/model.js';
import type { TaskHead } from '../../models/multi-task.js';
import type { Teacher, TeacherAnswers } from '../../teachers/teacher.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { teacherWarnings } from '../checks/run-warnings.js';
import type { Warning } from '../checks/table.js';
import type { TaskStep } from '../step/multi-task-step.js';

/** A data set whose scores are those that the head of its task says: (score − zero) / (one − zero). */
export function scaledScores(data: Dataset, { scores: scale }: Pick<TaskHead, 'scores'>): Dataset {
  if (scale === undefined) return data;
  return {
    ...data,
    batch: (...rows) => {
      const batch = data.batch(...rows);
      return batch.scores === undefined ? batch : { ...batch, scores: scaled(batch.scores, scale) };
    },
  };
}

function scaled(values: Tensor, { zero, one }: NonNullable<TaskHead['scores']>): Tensor<'float32'> {
  return tensor(
    'float32',
    values.shape,
    Float32Array.from(values.data as Float32Array, (value) => (value - zero) / (one - zero)),
  );
}

/** A task as its step sees it. */
export type TaughtTask = {
  readonly name: string;
  readonly data: { readonly train: Dataset };
  readonly head: TaskHead;
  readonly view: Model;
  readonly method: Method;
  readonly teacher?: Teacher;
};

/** Asks each task's teacher once; after that `steps` are what the tasks' steps are made from. */
export function taskTeachers(tasks: readonly TaughtTask[], mixture: TaskMixture) {
  const known = new Map<string, TeacherAnswers>();
  return {
    ask: async () => {
      const warnings: Warning[] = [];
      for (const { name, data, head, method, teacher } of tasks) {
        if (teacher === undefined) continue;
        const answers = await teacher.answer(data.train, method.needs);
        warnings.push(...teacherWarnings(teacher, answers, data.train));
        known.set(name, scaledAnswers(answers, head));
      }
      const answers: TeacherAnswers = {
        signals: {},
        batch: (rows, paddedTo) => {
          const own = mixture.own(Uint32Array.from(rows));
          return known.get(own.task)?.batch(own.rows, paddedTo) ?? {};
        },
      };
      return { answers, warnings };
    },
    steps: (): TaskStep[] =>
      tasks.map(({ name, view, method }) => {
        const signals = known.get(name)?.signals;
        return { name, model: view, method, ...(signals && { teacher: { kind: 'fed', signals } }) };
      }),
  };
}

function scaledAnswers(answers: TeacherAnswers, { scores: scale }: TaskHead): TeacherAnswers {
  if (scale === undefined) return answers;
  return {
    ...answers,
    batch: (rows, paddedTo) => {
      const { logits, ...rest } = answers.batch(rows, paddedTo);
      return { ...rest, ...(logits && { logits: scaled(logits, scale) }) };
    },
  };
}
