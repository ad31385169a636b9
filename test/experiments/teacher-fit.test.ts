import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drawnExamples } from '../../src/experiments/distillation/few-shot.js';
import { teacherFit } from '../../src/experiments/distillation/teacher-fit.js';
import type { Teacher, TeacherAnswers } from '../../src/teachers/teacher.js';
import { temporaryFolder } from '../files/processes.js';
import { textData, tokenizerIn } from '../teachers/text-models.js';

const labelNames = ['bad', 'good'];
const tokenizer = await tokenizerIn(join(temporaryFolder(), 'tokenizer'));

describe('teacherFit', () => {
  test('rows that the teacher was shown with their labels are not scored', async () => {
    const data = textData(['a', 'b', 'c', 'd'], tokenizer, { labelNames, labels: [0, 1, 0, 1] });
    const table = data.text?.table;
    if (table === undefined) throw new Error('no texts');
    const { isShown } = drawnExamples(table, labelNames, { count: 2, seed: 1, scored: [] });
    // It always says good.
    const answers: TeacherAnswers = {
      signals: { logits: { dtype: 'float32', shape: [2] } },
      batch: (rows) => {
        const values = Float32Array.from({ length: 2 * rows.length }, (_, i) => i % 2);
        return { logits: { dtype: 'float32', shape: [rows.length, 2], data: values } };
      },
    };
    const teacher: Teacher = {
      ...{ name: 't', classes: 2, labelNames, contentHash: 'x', provides: ['logits'] },
      answer: async () => answers,
    };
    const all = await teacherFit(teacher, data, answers, 'accuracy');
    const others = await teacherFit({ ...teacher, isShown }, data, answers, 'accuracy');
    // By hand: one row of each label was shown.
    expect([all?.rows, all?.score, others?.rows, others?.score]).toEqual([4, 50, 2, 50]);
  });
});
