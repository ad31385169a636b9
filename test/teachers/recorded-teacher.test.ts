import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { constant } from '../../src/autograd/value.js';
import type { Dataset } from '../../src/data/dataset.js';
import { meanOf } from '../../src/losses/row-loss.js';
import { topKBucket } from '../../src/losses/top-k-bucket.js';
import { hinton } from '../../src/methods/hinton.js';
import { takd } from '../../src/methods/takd.js';
import { type RecordedTeacherOptions, recordedTeacher } from '../../src/teachers/recorded-teacher.js';
import type { Teacher } from '../../src/teachers/teacher.js';
import { fromNumbers, type Tensor } from '../../src/tensor/tensor.js';
import { servedMethod } from '../../src/training/checks/served-methods.js';
import { checkTeacher } from '../../src/training/checks/teacher-checks.js';
import { temporaryFolder } from '../files/processes.js';
import { readGolden } from '../losses/golden-cases.js';
import { evaluate } from '../nn/evaluate.js';
import { expectNear, textData, tokenizerIn } from './text-models.js';

const root = temporaryFolder();
const tokenizer = await tokenizerIn(join(root, 'tokenizer'));
const labelNames = ['no', 'maybe', 'yes'];
const parquet = new URL('recorded.parquet', import.meta.url).pathname;

let files = 0;
function written(...rows: readonly (object | string)[]): string {
  const path = join(root, `answers-${++files}.jsonl`);
  writeFileSync(path, rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''));
  return path;
}
const opened = (path: string, options: Partial<RecordedTeacherOptions> = {}) =>
  recordedTeacher(path, { labelNames, ...options });
const data = textData(['the film', 'a story', 'no'], tokenizer, { ids: ['x', 'y', 'z'] });
const probabilities = async (teacher: Teacher, rows = [0, 1, 2], from: Dataset = data) => {
  const { logits } = (await teacher.answer(from, ['logits'])).batch(rows, rows.length);
  return Array.from(logits?.data as Float32Array, Math.exp);
};

describe('recordedTeacher', () => {
  test('answers are found by id or text, never by their place; lists go by the labels, objects by name', async () => {
    const byId = written(
      { id: 'z', probabilities: [0.1, 0.2, 0.7] },
      '',
      { id: 'x', probabilities: { yes: 0.5, no: 0.25, maybe: 0.25 } },
      { id: 'y', text: 'a story', probabilities: [1, 0, 0] },
    );
    const wanted = [0.25, 0.25, 0.5, 1, 0, 0, 0.1, 0.2, 0.7];
    expectNear(await probabilities(await opened(byId)), wanted, 6);
    const byText = written(
      { text: 'a story', label: 'no', probabilities: [1, 0, 0] },
      { text: 'no', probabilities: [0.1, 0.2, 0.7] },
      { text: 'the film', probabilities: [0.25, 0.25, 0.5] },
    );
    expectNear(await probabilities(await opened(byText)), wanted, 6);
    // The data's rows in another order, under other ids.
    const turned = textData(['no', 'the film', 'a story'], tokenizer);
    expectNear(await probabilities(await opened(byText), [1, 2, 0], turned), wanted, 6);
  });

  test('logits stay what they are; a label does not say what its teacher gives at another temperature', async () => {
    const logits = await opened(written(...'xyz'.split('').map((id) => ({ id, logits: [1, -2, 300] }))));
    const { batch } = await logits.answer(data, ['logits']);
    expect(Array.from(batch([1], 1).logits?.data as Float32Array)).toEqual([1, -2, 300]);
    const soft = hinton({ temperature: 2 });
    expect(() => checkTeacher(soft, logits, 3, data)).not.toThrow();
    const mixed = await opened(written({ id: 'x', logits: [1, 2, 3] }, { id: 'y', label: 'no' }));
    expect(() => checkTeacher(soft, mixed, 3, data)).toThrow(
      /method 'hinton' with teacher .*: wanted temperature 1: .*, got temperature 2; leave temperature out/u,
    );
    expect(() => checkTeacher(hinton({ temperature: 1 }), mixed, 3, data)).not.toThrow();
    expect(servedMethod(hinton(), mixed).options.temperature).toBe(1);
    expect(servedMethod(soft, mixed).options.temperature).toBe(2);
    expect(servedMethod(hinton(), logits).options.temperature).toBe(2);
    expect(servedMethod(takd(), mixed).options.hopOptions).toMatchObject({ temperature: 1 });
  });

  const all = { no: Math.log(0.2), maybe: Math.log(0.3), yes: Math.log(0.5) };
  test.each<[string, object, 'any' | 'one']>([
    ['probabilities of all labels', { probabilities: [0.2, 0.3, 0.5] }, 'any'],
    ['a probability that is small', { probabilities: [1e-12, 0.4, 0.6] }, 'any'],
    ['a rounded 0', { probabilities: [0, 0.4, 0.6] }, 'one'],
    ['log-probabilities of all labels', { logprobs: all }, 'any'],
    ['log-probabilities of some', { logprobs: { no: -0.1 } }, 'one'],
    ['a log-probability that says never', { logprobs: { ...all, no: -9999 } }, 'one'],
    ['samples', { samples: ['no', 'yes'] }, 'one'],
    ['a label', { label: 'no' }, 'one'],
  ])('%s: the temperatures at which the teacher is known', async (_, row, temperatures) => {
    expect((await opened(written({ id: 'x', ...row }))).temperatures).toBe(temperatures);
  });

  test('probabilities of all labels say what the teacher gives at any temperature', async () => {
    const logits = [1, -2, 0.5];
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const row = { probabilities: logits.map((value) => Math.exp(value) / total) };
    const teacher = await opened(written(...'xyz'.split('').map((id) => ({ id, ...row }))));
    const given = (await teacher.answer(data, ['logits'])).batch([0], 1).logits?.data as Float32Array;
    const softened = (values: readonly number[]) => {
      const powers = values.map((value) => Math.exp(value / 4));
      return powers.map((power) => power / powers.reduce((sum, value) => sum + value, 0));
    };
    // softmax(log p / T) = softmax(z / T): the logarithms differ from the logits by a constant.
    expectNear(softened(Array.from(given)), softened(logits), 6);
  });

  test('probabilities that were rounded, up to half a unit of the last decimal each', async () => {
    const third = { id: 'x', probabilities: [0.33, 0.33, 0.33] };
    // By hand: 0.98 of 1.00, and 0 gets at most half of 0.01.
    const rounded = { id: 'y', probabilities: [0.49, 0.5, 0] };
    const sure = { id: 'z', probabilities: [1, 0, 0] };
    const found = await probabilities(await opened(written(third, rounded, sure)));
    expectNear(found, [1 / 3, 1 / 3, 1 / 3, 0.49 / 0.995, 0.5 / 0.995, 0.005 / 0.995, 1, 0, 0], 6);
    expect(found[7]).toBeGreaterThan(0);
    // What a computer wrote in full: half precision, whose sums are a little off.
    const half = { id: 'x', probabilities: [0.333251953125, 0.333251953125, 0.333251953125] };
    await expect(opened(written(half))).resolves.toBeDefined();
  });

  test('rounding that the file states holds in the place of what its digits show; a refused row is a hole', async () => {
    const rows = [
      { id: 'x', probabilities: [0.5, 0.5, 0], decimals: 2 },
      { id: 'y', refused: true, label: null },
      { id: 'z', probabilities: [0.4, 0.4, 0.19], decimals: 2 },
    ];
    const teacher = await opened(written(...rows));
    expect(teacher.refused).toBe(1);
    const { logits, remainder } = (await teacher.answer(data, ['logits'])).batch([0, 1, 2], 3);
    // By hand: 0.99 of 1.00.
    expectNear(Array.from(logits?.data as Float32Array, Math.exp).slice(6), [0.4 / 0.99, 0.4 / 0.99, 0.19 / 0.99], 6);
    expect(Array.from(remainder?.data as Float32Array)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
    // Its one decimal would allow a sum of 0.9 for three labels, two decimals do not.
    const short = { id: 'x', probabilities: [0.3, 0.3, 0.3], decimals: 2 };
    await expect(opened(written(short))).rejects.toThrow('a sum of 1, up to 0.015 for rounding');
    await expect(opened(written({ ...short, decimals: -1 }))).rejects.toThrow(
      'wanted decimals, an integer ≥ 0, got -1',
    );
  });

  test('samples count half more for each class, a label leaves a tenth to all', async () => {
    const teacher = await opened(
      written(
        { id: 'x', samples: ['yes', 'yes', 'no', 'yes', 'yes', 'yes', 'yes', 'maybe'] },
        { id: 'y', samples: { yes: 6, no: 1, maybe: 1 } },
        { id: 'z', label: 'maybe' },
      ),
    );
    // (count + 0.5) / (8 + 1.5), by hand; 0.9 + 0.1 / 3.
    const sampled = [1.5 / 9.5, 1.5 / 9.5, 6.5 / 9.5];
    expectNear(await probabilities(teacher), [...sampled, ...sampled, 1 / 30, 28 / 30, 1 / 30], 6);
  });

  test('log-probabilities of some labels: the others share what is left, as the student spreads it', async () => {
    type Case = {
      readonly inputs: Readonly<Record<'student_logits' | 'teacher_logits' | 'topk_ids', readonly number[][]>>;
      readonly expected: { readonly loss: number };
    };
    const { inputs, expected } = readGolden<Record<string, Case>>('golden.json')['ladder/topk_bucket'] as Case;
    const names = ['a', 'b', 'c', 'd', 'e'];
    const rows = inputs.teacher_logits.map((logits, row) => {
      const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
      const known = inputs.topk_ids[row] ?? [];
      return {
        text: `row ${row}`,
        logprobs: Object.fromEntries(known.map((c) => [names[c], (logits[c] as number) - total])),
      };
    });
    const two = textData(['row 0', 'row 1'], tokenizer, { labelNames: names });
    const answers = await (await opened(written(...rows), { labelNames: names })).answer(two, ['logits']);
    const { logits, remainder } = answers.batch([0, 1], 2);
    expect(Array.from(remainder?.data as Float32Array)).toEqual([1, 0, 1, 1, 0, 0, 1, 1, 0, 1]);
    const student = constant(fromNumbers('float32', [2, 5], inputs.student_logits.flat()));
    const loss = meanOf(topKBucket(student, constant(logits as Tensor), constant(remainder as Tensor)));
    // Witness: the method specification's golden vector.
    expect((await evaluate({ loss }, {})).loss?.data[0]).toBeCloseTo(expected.loss, 6);
  });

  test('all labels named: no bucket, and what went to no label is taken off', async () => {
    const logs = Object.fromEntries(labelNames.map((name, c) => [name, Math.log([0.1, 0.3, 0.4][c] as number)]));
    const teacher = await opened(written(...'xyz'.split('').map((id) => ({ id, logprobs: logs, outside: 0.2 }))));
    const answers = await teacher.answer(data, ['logits']);
    expect(Object.keys(answers.signals)).toEqual(['logits']);
    expectNear(await probabilities(teacher, [0]), [0.125, 0.375, 0.5], 6);
  });

  test('Parquet holds the same: lists, structs, numbers as ids', async () => {
    const numbered = textData(['the film', 'a story', 'no'], tokenizer);
    // Written by pyarrow, see make_recorded_fixture.py.
    expectNear(
      await probabilities(await opened(parquet), [0, 1, 2], numbered),
      [0.2, 0.3, 0.5, 0.6, 0.3, 0.1, 0.1, 0.1, 0.8],
      6,
    );
  });

  const good = { probabilities: [0.2, 0.3, 0.5] };
  test.each<[string, readonly (object | string)[], string]>([
    ['a torn line', [{ id: 1, ...good }, '{"id": 2, "prob'], ':2: wanted one whole JSON object'],
    ['no answer', [{ id: 1, answer: 'yes' }], ':1: wanted one of the keys logits, probabilities'],
    ['no id', [{ id: 1, ...good }, good], ':2: wanted the key id of the row'],
    [
      'twice',
      [
        { id: 'x', ...good },
        { id: 'x', ...good },
      ],
      'jsonl:1; delete one of them',
    ],
    ['an unknown label', [{ id: 1, label: 'perhaps' }], ":1: wanted one of the labels no, maybe, yes, got 'perhaps'"],
    ['a label too many', [{ id: 1, logits: [1, 2, 3, 4] }], ':1: wanted 3 logits, one for each label, got 4'],
    [
      'a label too few',
      [{ id: 1, logits: { no: 1, yes: 2 } }],
      ':1: wanted logits of all 3 labels, got none for maybe',
    ],
    ['no number', [{ id: 1, logits: [1, 'NaN', 2] }], ':1: wanted logits that are finite numbers, got "NaN"'],
    ['null', [{ id: 1, logits: [1, null, 2] }], ':1: wanted logits that are finite numbers, got null'],
    ['another sum', [{ id: 1, probabilities: [0.2, 0.2, 0.2] }], 'whose sum is 0.6; correct or delete that row'],
    [
      'a sum that rounding does not explain',
      [
        { id: 1, probabilities: [0.333, 0.333, 0.333] },
        { id: 2, probabilities: [0.333, 0.333, 0.33] },
      ],
      ':2: wanted probabilities ≥ 0 with a sum of 1, up to 0.0015 for rounding, got [0.333,0.333,0.33], whose sum is 0.996',
    ],
    ['two labels at once', [{ id: 1, probabilities: [1, 1, 0] }], 'whose sum is 2; correct or delete that row'],
    [
      'log-probabilities that say never of all',
      [{ id: 1, logprobs: { no: -9999, maybe: -9999, yes: -9999 } }],
      ':1: wanted log-probabilities of some labels, of a sum above 0',
    ],
    [
      'beyond float32',
      [{ id: 1, logits: [1e39, 0, 0] }],
      ':1: wanted logits that are finite numbers of float32, got 1e+39',
    ],
    [
      'percent',
      [{ id: 1, logprobs: { no: 0.5 } }],
      ':1: wanted log-probabilities of some labels, of a sum above 0 and of at most 1',
    ],
    ['half a count', [{ id: 1, samples: { no: 0.5 } }], ':1: wanted counts of samples, got 0.5'],
    ['nothing', [], ': wanted recorded outputs, got none'],
  ])('%s is one message with its line', async (_, rows, message) => {
    await expect(opened(written(...rows))).rejects.toThrow(message);
  });

  test('rows without answer, answers without row, and rows that have changed are named', async () => {
    const two = await opened(written({ id: 'x', ...good }, { id: 'z', ...good }));
    await expect(two.answer(data, ['logits'])).rejects.toThrow(
      'wanted outputs for all 3 rows of train, by id, got none for 1 of them (y)',
    );
    const rows = ['x', 'y', 'w', 'z'].map((id) => ({ id, ...good }));
    await expect((await opened(written(...rows))).answer(data, ['logits'])).rejects.toThrow(
      /jsonl:3: wanted the output for a row of train, got one for an unknown id; check/u,
    );
    await expect(probabilities(await opened(written(...rows), { unknownRows: 'ignore' }))).resolves.toHaveLength(9);
    const edited = ['the film', 'a story', 'yes'].map((text, i) => ({ id: 'xyz'[i], text, ...good }));
    await expect((await opened(written(...edited))).answer(data, ['logits'])).rejects.toThrow(
      /jsonl:3: wanted the output for row z of train, \["no"\], got one for \["yes"\]; the rows have changed/u,
    );
  });

  test('other answers, and other options, are another teacher', async () => {
    const path = written({ id: 'x', label: 'no' });
    const { contentHash } = await opened(path);
    expect((await opened(written({ id: 'x', label: 'no' }))).contentHash).toBe(contentHash);
    expect((await opened(written({ id: 'x', label: 'yes' }))).contentHash).not.toBe(contentHash);
    expect((await opened(path, { labelNames: ['yes', 'no'] })).contentHash).not.toBe(contentHash);
  });
});
