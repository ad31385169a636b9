import { describe, expect, test } from 'vitest';
import { distilArms } from '../../playground/distil/arms.js';
import { exampleFiles } from '../../playground/distil/example.js';
import { faultText } from '../../playground/distil/fault-text.js';
import { heaviest, seerOf } from '../../playground/student/seen.js';
import { readTexts } from '../../src/browser/text-file.js';
import { FileError } from '../../src/errors/failures.js';
import { open } from '../../src/standalone/ngram-student.js';
import { packedIn } from '../../src/standalone/packed-text.js';
import { softmax } from '../../src/tensor/logits.js';

const { rows: file, outputs } = exampleFiles();
const rows = await readTexts(file, { text: 'text', label: 'label' });

describe('distilArms', () => {
  test('trains with the teacher and without, and scores both by rows that neither has seen', async () => {
    const { outcome, students } = await distilArms({ rows, kind: 'ngram', recorded: outputs }, () => {});
    const [taught, alone] = outcome.arms;
    expect([taught?.name, alone?.name, [...students.keys()]]).toEqual(['taught', 'alone', ['taught', 'alone']]);
    expect(outcome.trainRows + (taught?.score?.rows ?? 0)).toBe(rows.texts.length);
    expect(taught?.score?.rows).toBe(180);
    // 12 of 100 labels are drawn anew, a quarter of these right: nobody can be right in more than 91 %, but by luck.
    expect((taught?.score?.right ?? 0) / 180).toBeGreaterThan(0.75);
    const difference = ((taught?.score?.right ?? 0) - (alone?.score?.right ?? 0)) / 180;
    expect(outcome.gain?.mean).toBeCloseTo(difference, 12);
    expect(outcome.gain?.low).toBeLessThan(difference);
    // Of the made-up teacher all mistakes are wrong labels.
    expect((outcome.teacher?.right ?? 0) / 180).toBeGreaterThan(0.82);
  });

  test('without labels learns from the teacher alone, and scores nothing', async () => {
    const { texts } = rows;
    const { outcome } = await distilArms({ rows: { texts }, kind: 'ngram', recorded: outputs }, () => {});
    expect(outcome.arms.map(({ name, score }) => [name, score])).toEqual([['taught', undefined]]);
    expect([outcome.gain, outcome.teacher, outcome.trainRows]).toEqual([undefined, undefined, texts.length]);
  });

  test('a teacher that leaves out a row of the training rows is refused', async () => {
    const bytes = outputs.bytes.subarray(0, outputs.bytes.indexOf(0x0a) + 1);
    const job = { rows, kind: 'ngram', recorded: { name: 'one.jsonl', bytes } } as const;
    await expect(distilArms(job, () => {})).rejects.toThrow(/^teacher one\.jsonl: wanted outputs for all 720 rows/);
  });
});

describe('seerOf', () => {
  test('n-grams add up to the logits, and are named by what stands in the text', async () => {
    const { outcome } = await distilArms({ rows, kind: 'ngram' }, () => {});
    const packed = packedIn(outcome.arms[0]?.code ?? '', 'student.js');
    const text = 'my parcel has not arrived';
    const seen = seerOf('ngram', packed)(text);
    if (!('features' in seen)) throw new Error('no features');
    const { labelNames } = outcome;
    // The biases are what a text without a known n-gram has.
    const none = [open(packed).predict('')].flat()[0]?.probabilities ?? [];
    const logits = labelNames.map(
      (_, c) => Math.log(none[c] ?? 1) + seen.features.reduce((sum, { adds }) => sum + (adds[c] ?? 0), 0),
    );
    const wanted = [open(packed).predict(text)].flat()[0]?.probabilities ?? [];
    for (const [c, p] of softmax(logits).entries()) expect(p).toBeCloseTo(wanted[c] ?? Number.NaN, 10);
    for (const { name, kind } of seen.features) expect(kind === 'chars' ? ` ${text} ` : text).toContain(name);
    const [first] = heaviest(seen.features, labelNames.indexOf('delivery'), 3);
    expect(first?.name).toMatch(/parcel|arrived/);
  });
});

describe('faultText', () => {
  test('keeps the place and leaves out what a command line would do', () => {
    const details = { where: 'a.csv:3', wanted: '2 columns', got: '3' };
    expect(faultText(new FileError({ ...details, fix: 'correct that row, or leave it out (--bad_rows skip)' }))).toBe(
      'a.csv:3: wanted 2 columns, got 3.',
    );
    expect(faultText(new FileError({ ...details, fix: 'correct that row; give --quote no' }))).toBe(
      'a.csv:3: wanted 2 columns, got 3. Correct that row.',
    );
    expect(faultText(new TypeError('x is not a function'))).toBe('x is not a function');
  });
});
