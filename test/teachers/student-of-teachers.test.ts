/** @file Students of each kind of teacher, through the trainer. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hinton } from '../../src/methods/hinton.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { adamw } from '../../src/optim/adamw.js';
import { cachedTeacher } from '../../src/teachers/cached-teacher.js';
import { recordedTeacher } from '../../src/teachers/recorded-teacher.js';
import { shuffledTeacher } from '../../src/teachers/shuffled-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { textTeacher } from '../../src/teachers/text-teacher.js';
import { runTraining } from '../../src/training/run/run.js';
import { temporaryFolder } from '../files/processes.js';
import { STUDENT, STUDENT_VOCABULARY, savedBert, TEXTS, textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const own = await tokenizerIn(join(root, 'teacher'));
const data = textData(TEXTS, await tokenizerIn(join(root, 'student'), STUDENT_VOCABULARY));
let runs = 0;

/** The student's weights and its losses after some steps. */
async function studentOf(teacher: Teacher, temperature = 1) {
  const result = await runTraining({
    model: STUDENT,
    weights: initialiseParameters(STUDENT.parameters, 4),
    method: hinton({ alpha: 1, temperature }),
    teacher,
    data: { train: data },
    optimizer: adamw({ learningRate: 0.01 }),
    epochs: 2,
    batchSize: 8,
    seed: 1,
    threads: 1,
    outputDir: join(root, `run-${++runs}`),
  });
  return result;
}

describe('runTraining', () => {
  test('a cached teacher makes the very same student, and is asked no more', async () => {
    const plain = textTeacher(savedBert(), own, { threads: 1 });
    let asked = 0;
    const counted: Teacher = {
      ...plain,
      open: async (signals) => {
        asked += 1;
        return (plain.open as NonNullable<Teacher['open']>)(signals);
      },
    };
    const cached = cachedTeacher(counted, { folder: join(root, 'cache') });
    const [a, b, c] = [await studentOf(plain, 3), await studentOf(cached, 3), await studentOf(cached, 3)];
    expect(asked).toBe(1);
    expect(b.weights).toEqual(a.weights);
    expect(c.weights).toEqual(a.weights);
    const control = await studentOf(await shuffledTeacher(cached, data, 1), 3);
    expect(control.weights).not.toEqual(a.weights);
  });

  test('answers that name some labels train a student, as do those of all kinds mixed', async () => {
    const path = join(root, 'answers.jsonl');
    const kinds = [
      { logprobs: { yes: Math.log(0.7) } },
      { logprobs: { no: Math.log(0.5), maybe: Math.log(0.3) } },
      { samples: ['yes', 'no'] },
      { label: 'maybe' },
      { probabilities: [0.2, 0.3, 0.5] },
    ];
    const rows = [...new Set(TEXTS)].map((text, i) => `${JSON.stringify({ text, ...kinds[i % kinds.length] })}\n`);
    writeFileSync(path, rows.join(''));
    const teacher = await recordedTeacher(path, { labelNames: ['no', 'maybe', 'yes'] });
    const { weights } = await studentOf(teacher);
    for (const { data: values } of Object.values(weights ?? {})) expect(values.every(Number.isFinite)).toBe(true);
    await expect(studentOf(teacher, 2)).rejects.toThrow('wanted temperature 1');
  });
});
