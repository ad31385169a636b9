import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { textsOfFile } from '../../src/data/file-texts.js';
import { textTable } from '../../src/data/text-table.js';
import { evaluate } from '../../src/experiments/evaluate.js';
import { exportModel } from '../../src/export/export-model.js';
import { openTextModel } from '../../src/export/open-text-model.js';
import { saveModel } from '../../src/models/saved-model.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, TEXTS, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const model = join(root, 'model');
const texts = TEXTS.slice(0, 12);
let answers: readonly string[];

beforeAll(async () => {
  await saveModel(model, { ...smallBert(), tokenizerFiles: new Map([['vocab.txt', VOCABULARY]]) });
  const opened = await openTextModel(model, { threads: 1 });
  answers = (await opened.predict(texts, { badRows: 'stop' })).map(({ label }) => label);
  await opened.release();
});

describe('evaluate', () => {
  test('scores a model on texts that a program has, its own answers being all right', async () => {
    const other = LABELS.find((label) => label !== answers[0]) ?? '';
    const data = (first: string) =>
      textTable('own', {
        texts,
        labels: [first, ...answers.slice(1)].map((label) => LABELS.indexOf(label)),
        labelNames: LABELS,
      });
    const right = await evaluate({ model, data: data(answers[0] ?? ''), threads: 1 });
    expect(right).toMatchObject({ path: model, data: 'own', rows: 12 });
    expect(right.figures[0]).toMatchObject({ metric: 'accuracy', value: 1 });
    const { figures } = await evaluate({ model, data: data(other), metric: 'macro_f1', threads: 1 });
    expect(figures.map(({ metric }) => metric).slice(0, 2)).toEqual(['macro_f1', 'accuracy']);
    expect(figures[1]?.value).toBeCloseTo(11 / 12);
  });

  test('a file with a column of splits: only the rows of one, since the others were learnt from', async () => {
    const data = join(root, 'splits.csv');
    const plain = texts.flatMap((text, row) =>
      /^[\w ,.'!?-]+$/u.test(text) ? [[text, answers[row] ?? ''] as const] : [],
    );
    const [last, ...others] = plain.toReversed();
    // Right in the validation row alone.
    const wrong = (label: string) => LABELS.find((other) => other !== label) ?? '';
    const rows = [
      ...others.map(([text, label]) => `"${text}",${wrong(label)},train`),
      `"${last?.[0]}",${last?.[1]},Validation`,
    ];
    writeFileSync(data, `text,label,split\n${rows.join('\n')}\n`);
    const notices: string[] = [];
    const scored = await evaluate({ model, data, threads: 1, onNotice: (text) => notices.push(text) });
    expect([scored.rows, scored.figures[0]?.value]).toEqual([1, 1]);
    const said = `splits.csv: 1 of ${rows.length} rows are of the split dev; the others are left out`;
    expect(notices).toContain(said);
    const whole = await evaluate({ model, data, splitColumn: 'none', threads: 1 });
    expect([whole.rows, whole.figures[0]?.value]).toEqual([rows.length, 1 / rows.length]);
    expect(rows.length).toBeGreaterThan(2);
    await expect(evaluate({ model, data, split: 'test', threads: 1 })).rejects.toThrow(
      'split: wanted rows of the split test in splits.csv, got train and dev alone; choose train or dev',
    );
    const unsplit = join(root, 'unsplit.csv');
    writeFileSync(unsplit, `text,label\n"${last?.[0]}",${last?.[1]}\n`);
    await expect(evaluate({ model, data: unsplit, split: 'test', threads: 1 })).rejects.toThrow(
      /split: wanted the name of a data set, or a file with a column of splits, got 'unsplit\.csv'/,
    );
  });

  test('a file without a header, its labels by the names of another file, bad rows left out', async () => {
    const data = join(root, 'rows.csv');
    const labelNames = join(root, 'names.tsv');
    const kept = texts.flatMap((text, row) =>
      /^[\w ,.'!?-]+$/u.test(text) ? [{ text, label: answers[row] ?? '' }] : [],
    );
    const rows = kept.map(({ text, label }) => `${7 + LABELS.indexOf(label)};"${text}"`);
    writeFileSync(data, `${rows.join('\n')}\n99;a\n`);
    writeFileSync(labelNames, LABELS.map((name, label) => `${7 + label}\t${name}\n`).join(''));
    const columns = { header: false, delimiter: ';', textColumn: '2', labelColumn: '1', labelNames } as const;
    await expect(evaluate({ model, data, ...columns, threads: 1 })).rejects.toThrow(
      /rows\.csv:\d+: wanted one of .*got '99'/,
    );
    const scored = await evaluate({ model, data, ...columns, badRows: 'skip', threads: 1 });
    expect([scored.rows, scored.figures[0]?.value]).toEqual([kept.length, 1]);
    expect(kept.length).toBeGreaterThan(2);
    const found: unknown[] = [];
    for await (const text of textsOfFile(data, { header: false, delimiter: ';', textColumn: '2' })) found.push(text);
    expect(found).toEqual([...kept.map(({ text }) => text), 'a']);
  });

  test('labels by number: from 0 are told, from 1 refused, from 1 with their names taken', async () => {
    const data = join(root, 'numbers.csv');
    const said = answers.map((label) => LABELS.indexOf(label));
    const plain = texts.map((text) => text.replaceAll(/[^\w ]/gu, ' '));
    const numbered = (from: number, rows: readonly number[]) =>
      writeFileSync(data, `text,label\n${rows.map((row) => `${plain[row]},${(said[row] ?? 0) + from}\n`).join('')}`);
    const told: string[] = [];
    const scored = (more = {}) => evaluate({ model, data, threads: 1, onNotice: (text) => told.push(text), ...more });
    const all = [...texts.keys()];
    // The model's last label does not occur: nothing else would tell that these numbers are from 1.
    const few = all.filter((row) => said[row] !== LABELS.length - 1);
    numbered(1, few);
    await expect(scored()).rejects.toThrow(
      /numbers\.csv: wanted labels by name \('no', 'maybe', 'yes'\), or numbers from 0, got the numbers .* without a 0/u,
    );
    const labelNames = join(root, 'from-1.tsv');
    writeFileSync(labelNames, LABELS.map((name, label) => `${label + 1}\t${name}\n`).join(''));
    const right = await scored({ labelNames });
    expect(told).toEqual([]);
    writeFileSync(data, `text,label\n${few.map((row) => `${plain[row]},${answers[row]}\n`).join('')}`);
    expect(right.figures).toEqual((await scored()).figures);
    numbered(0, few);
    writeFileSync(data, `${readFileSync(data, 'utf8')}nothing,0\n`);
    expect((await scored()).rows).toBe(few.length + 1);
    expect(told).toEqual([`${data}: its labels are numbers, taken from 0: 0 is no, 1 is maybe, 2 is yes`]);
  });

  test('settings that contradict the data are named', async () => {
    const data = join(root, 'scored.csv');
    writeFileSync(data, 'text,grade\na,1\n');
    await expect(evaluate({ model, data, scoreColumn: 'grade', threads: 1 })).rejects.toThrow(
      'scoreColumn: wanted a model that predicts values, got a model of labels; leave it out, and name the column of labels: labelColumn',
    );
    await expect(evaluate({ model, data: 'own.csv', dataDir: 'data' })).rejects.toThrow(
      "dataDir: wanted the name of a data set, got 'own.csv'; leave it out",
    );
  });
});

describe('exportModel', () => {
  test('writes what openTextModel opens as it is, with other labels', async () => {
    const outputDir = join(root, 'export');
    const labelNames = ['-', '0', '+'];
    const written = await exportModel({ model, outputDir, labelNames });
    expect(written).toMatchObject({ path: model, kind: 'bert', labelNames });
    expect(written.bytes).toBe(readFileSync(join(outputDir, 'model.onnx')).length);
    const opened = await openTextModel(outputDir);
    expect(opened.labels).toEqual(labelNames);
    expect(
      (await opened.predict(texts, { badRows: 'stop' })).map(({ label }) => LABELS[labelNames.indexOf(label)]),
    ).toEqual(answers);
    await opened.release();
    await expect(exportModel({ model, outputDir })).rejects.toThrow('a new or empty folder');
    const wrong = exportModel({ model, outputDir: join(root, 'none'), labelNames: ['a', 'a', 'b'] });
    await expect(wrong).rejects.toThrow('labelNames: wanted 3 different names, one for each class');
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});

describe('textsOfFile', () => {
  test('the column text, or sentence, or the one that is named; lines of any other file', async () => {
    const read = async (name: string, content: string, settings = {}) => {
      writeFileSync(join(root, name), content);
      const found: unknown[] = [];
      for await (const text of textsOfFile(join(root, name), settings)) found.push(text);
      return found;
    };
    expect(await read('a.csv', 'id,text,b\n1,one,x\n2,two,y\n')).toEqual(['one', 'two']);
    expect(await read('b.tsv', 'id\tsentence\n1\tone\n')).toEqual(['one']);
    expect(await read('a.csv', 'id,text,b\n1,one,x\n', { textColumn: 'b', pairColumn: 'text' })).toEqual([
      ['x', 'one'],
    ]);
    expect(await read('c.txt', 'one\n\ntwo\n')).toEqual(['one', '', 'two']);
  });
});
