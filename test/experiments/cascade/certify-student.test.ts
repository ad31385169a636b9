import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { certificateMismatches, readCertificate, studentIdentity } from '../../../src/certificates/certificate.js';
import { COMMANDS } from '../../../src/cli/commands/table.js';
import { runCommandLine } from '../../../src/cli/frame.js';
import type { TextTable } from '../../../src/data/text-table.js';
import { type CertifyStudentOptions, certifyStudent } from '../../../src/experiments/cascade/certify-student.js';
import { deferredLabels } from '../../../src/experiments/cascade/chosen-score.js';
import { whyNothing } from '../../../src/experiments/cascade/why-nothing.js';
import { exportModel } from '../../../src/export/export-model.js';
import { chanceOfAtMost } from '../../../src/metrics/statistics.js';
import { fineTune } from '../../../src/training/text/fine-tune.js';
import { memoryStream } from '../../cli/memory-stream.js';
import { wordTable } from '../../data/words.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
const path = (name: string): string => join(root, name);
const student = path('student');
const LABELS = ['negative', 'positive'];
const train = wordTable('train', 400);
/** Longer texts than those of training, with some errors of the student. */
const sample = wordTable('sample', 1200, { longest: 12, seed: 2 });

function labelled(name: string, { texts, labels }: TextTable, rows = texts.length): string {
  const lines = texts.slice(0, rows).map((text, i) => `${text},${LABELS[labels?.[i] ?? 0]}`);
  writeFileSync(path(name), ['text,label', ...lines].join('\n'));
  return path(name);
}

function recorded(name: string, rows: readonly object[]): string {
  writeFileSync(path(name), rows.map((row) => JSON.stringify(row)).join('\n'));
  return path(name);
}

const said = (row: number, more: object = {}, why: object = { by: 'all', probability: 1 }) => ({
  text: sample.texts[row],
  label: LABELS[sample.labels?.[row] ?? 0],
  from: { source: 'http://teacher', model: 'jev-1.13.0', cost: 0.002, why },
  ...more,
});

beforeAll(async () => {
  const task = { name: 'words', train, labelNames: LABELS, metrics: ['accuracy' as const] };
  await fineTune({
    ...{ model: 'ngram', threads: 1, outputDir: path('run') },
    task: { ...task, isPair: false, isRegression: false },
  });
  await exportModel({ model: path('run'), outputDir: student });
  labelled('calibration.csv', sample);
  labelled('test.csv', wordTable('test', 600, { longest: 12, seed: 3 }));
  writeFileSync(path('scale.txt'), wordTable('scale', 500, { longest: 12, seed: 4 }).texts.join('\n'));
});

const certify = (more: Partial<CertifyStudentOptions> = {}) =>
  certifyStudent({
    ...{ student, calibration: path('calibration.csv'), scale: path('scale.txt'), trained: 'none', risk: 0.1 },
    ...{ threads: 1, overwrite: true },
    ...more,
  });

describe('certifyStudent', () => {
  test('proves a bound on labels, writes it beside the student, and test rows keep to it', async () => {
    const result = await certify({ test: path('test.csv') });
    const { found, deltaOfChain } = result.certified;
    if (found === undefined) throw new Error('nothing found');
    expect([result.truth, result.sample.rows, result.scale]).toEqual([
      'labels',
      1200,
      { texts: 500, isSetAside: false },
    ]);
    // Witness: the exact test once more, by the counts alone, at a fifth of 5 %.
    expect(deltaOfChain).toBeCloseTo(0.01, 12);
    expect(chanceOfAtMost(found.wrong, found.kept, 0.1)).toBeLessThanOrEqual(0.01);
    const certificate = await readCertificate(student);
    expect(certificate).toMatchObject({
      ...{ threshold: found.threshold, risk: { kept: 0.1 }, spent: result.spent, round: null },
      truth: { kind: 'labels' },
      sample: { rows: 1200, kept: found.kept, wrong: found.wrong, asked: { labels: 1200 } },
    });
    expect(certificateMismatches(certificate, await studentIdentity(student, LABELS))).toEqual([]);
    expect(result.realised?.rows).toBe(600);
    expect(result.realised?.riskOfKept.low).toBeLessThan(0.1);
    // The loosest point of the curve keeps all.
    expect(result.curve.at(-1)).toMatchObject({ asked: expect.closeTo(0, 1) });
    expect(result.statement).toContain(
      'with 95 % confidence at most 10 % of the requests that it keeps have another label than the student says',
    );
  });

  test('a student of one JavaScript file is certified as it stands, and not once it was changed', async () => {
    const folder = path('student-js');
    const question = path('question.json');
    writeFileSync(question, JSON.stringify({ instructions: 'Is it praise?' }));
    await exportModel({ model: path('run'), to: 'js', outputDir: folder, question });
    const { certified, path: written } = await certify({ student: folder });
    expect([certified.found?.wrong, written]).toEqual([expect.any(Number), join(folder, 'certificate.json')]);
    const certificate = await readCertificate(folder);
    const file = join(folder, 'student.js');
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(certificate).toMatchObject({ artefact: { file: 'student.js', sha256 }, precision: 'int8', tokenizer: null });
    expect(certificate.question.instructions).toBe('Is it praise?');
    // Witness: the file itself, run as an application runs it.
    const { predict } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly predict: (text: string) => { readonly label: string; readonly score: number };
    };
    const kept = sample.texts.map((text, row) => ({ ...predict(text), wanted: LABELS[sample.labels?.[row] ?? 0] }));
    const sure = kept.filter(({ score }) => score >= certificate.threshold);
    expect(sure.length).toBe(certificate.sample.kept);
    expect(sure.filter(({ label, wanted }) => label !== wanted).length).toBe(certificate.sample.wrong);

    const changed = readFileSync(file, 'utf8');
    for (const [name, text] of [
      ['version.js', changed.replace(/written by retort [^ ]+/, 'written by retort 0.0.1')],
      ['code.js', changed.replace(/\nconst student = /, '\n;globalThis.run = 1;\nconst student = ')],
    ] as const) {
      writeFileSync(path(name), text);
      await expect(certify({ student: path(name) })).rejects.toThrow(
        'got one of another version, or one that was changed',
      );
    }
    writeFileSync(path('other.js'), 'export const predict = () => 1;');
    await expect(certify({ student: path('other.js') })).rejects.toThrow(
      'wanted a student that retort export --to js wrote, got another file',
    );
  });

  test('without other texts a tenth of the rows is set aside for thresholds', async () => {
    const { sample: used, scale } = await certify({ scale: undefined });
    expect([used.rows, scale]).toEqual([1080, { texts: 120, isSetAside: true }]);
  });

  test('texts that were learnt from are left out by what they say; rows that come twice count twice', async () => {
    const calibration = labelled('twice.csv', {
      ...sample,
      texts: [...sample.texts.slice(0, 300), ...sample.texts.slice(0, 300)],
    });
    const trained = path('trained.csv');
    writeFileSync(trained, `text\n  ${sample.texts[0]?.toUpperCase()}  \n`);
    const { sample: used } = await certify({ calibration, trained });
    const same = sample.texts.slice(0, 300).filter((text) => text === sample.texts[0]).length;
    expect(used.leftOut).toEqual({ 'texts that were learnt or chosen from': 2 * same });
    expect(used.rows).toBe(600 - 2 * same);
    expect(used.repeated).toBeGreaterThanOrEqual(300 - same);
  });

  test('against a teacher: refusals are reported, rows asked for a score are left out, prices are its own', async () => {
    const rows = Array.from({ length: 600 }, (_, row) => said(row));
    const calibration = recorded('asked.jsonl', [
      ...rows,
      said(600, { refused: true }),
      said(601, {}, { by: 'cascade', probability: 1 }),
      said(602, {}, { by: 'rule', probability: 1 }),
    ]);
    const result = await certify({ calibration });
    expect(result).toMatchObject({ truth: 'teacher', model: 'jev-1.13.0' });
    expect(result.sample).toMatchObject({ rows: 600, refusals: 1, asked: { all: 601 } });
    expect(result.sample.leftOut).toEqual({ 'asked because of a score': 2 });
    const [point] = result.curve;
    expect(point?.cost).toBeCloseTo(2 * (point?.asked ?? 0), 9);
    expect((await readCertificate(student)).truth).toEqual({ kind: 'teacher', model: 'jev-1.13.0' });
    expect(result.statement).toContain('get another label than jev-1.13.0 chooses');
  });

  test('a score is fitted to validation rows, which are then no calibration rows', async () => {
    const own = wordTable('validation', 500, { longest: 12, seed: 5 });
    const validation = labelled('validation.csv', {
      ...own,
      texts: [...own.texts.slice(0, 499), sample.texts[0] as string],
    });
    const { score, sample: used, deferred } = await certify({ validation });
    expect(score.fit?.rows).toBe(500);
    expect(score.fit?.wrong).toBeGreaterThan(0);
    const known = new Set([...own.texts.slice(0, 499), sample.texts[0]]);
    const { 'texts that were learnt or chosen from': leftOut } = used.leftOut;
    expect(leftOut).toBe(sample.texts.filter((text) => known.has(text)).length);
    expect([used.isChecked, deferred]).toEqual([false, []]);
    expect((await readCertificate(student)).score.kind).toBe(score.score.kind);
  });

  test('labels that the scale hardly has are left to the teacher; of a small one nothing is said', () => {
    const scale = Array.from({ length: 100 }, (_, i) => ({
      label: i < 2 ? 'rare' : 'often',
      score: 1,
      probabilities: [],
    }));
    const labels = ['rare', 'often'];
    // 2 % of 200 rows are 4.
    expect(deferredLabels(scale, labels, { rows: 200, fewest: 5 })).toEqual(['rare']);
    expect(deferredLabels(scale, labels, { rows: 250, fewest: 5 })).toEqual([]);
    expect(deferredLabels(scale, labels, { rows: 200, fewest: 0 })).toEqual([]);
    expect(deferredLabels(scale.slice(0, 19), labels, { rows: 20, fewest: 5 })).toEqual([]);
  });

  test('another model is another teacher, and rows of different chances are no random sample', async () => {
    const other = { from: { model: 'jev-1.14.0', why: { by: 'all', probability: 1 } } };
    const two = recorded('two.jsonl', [said(0), said(1, other)]);
    await expect(certify({ calibration: two })).rejects.toThrow('wanted replies of one model');
    const drawn = (row: number, probability: number) => said(row, {}, { by: 'random', probability });
    const uneven = recorded('uneven.jsonl', [drawn(0, 0.1), drawn(1, 0.5)]);
    await expect(certify({ calibration: uneven })).rejects.toThrow('drawn with one probability');
  });

  test('too few rows certify nothing, and no file is written', async () => {
    const outputFile = path('none.json');
    const calibration = labelled('few.csv', sample, 60);
    const few = await certify({ calibration, risk: 0.02, outputFile });
    expect([few.certified.found, few.path, existsSync(outputFile)]).toEqual([undefined, undefined, false]);
    // Witness: 0.98^n ≤ 0.01 from 228 on (docs/certificates.md).
    expect(few.fewestRows).toBe(228);
    expect(whyNothing(few)).toMatch(/^nothing can be certified from these 60 rows: without an error it takes 228 rows/);
  });

  test('several students and later rounds may spend a part', async () => {
    expect((await certify({ students: 4 })).spent).toBeCloseTo(0.0125, 12);
    // Witness: 0.05 · 6 / (π² · 4).
    expect((await certify({ round: 2 })).spent).toBeCloseTo(0.0075991, 6);
    expect((await readCertificate(student)).round).toBe(2);
  });

  test.each([
    [{ risk: undefined }, 'risk: wanted a bound on wrong labels'],
    [{ overwrite: false }, 'got a certificate that is there'],
    [{ scale: path('calibration.csv') }, 'wanted texts outside the calibration rows'],
    [{ truth: 'teacher' as const }, 'wanted recorded outputs of a teacher'],
    [{ calibration: 'trec:all' }, "wanted trec:train, trec:dev or trec:test, got 'all'"],
  ])('%j is refused', async (more, message) => {
    await certify();
    await expect(certify(more)).rejects.toThrow(message);
  });
});

describe('retort cascade', () => {
  const run = async (line: string) => {
    const [stdout, stderr] = [memoryStream(), memoryStream()];
    const code = await runCommandLine(['cascade', ...line.split(' '), '--threads', '1'], COMMANDS, {
      ...{ stdin: new PassThrough(), stdout, stderr, environment: {} },
      interruption: () => new AbortController().signal,
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  };
  const line = `${student} --calibration ${path('calibration.csv')} --scale ${path('scale.txt')} --trained none --overwrite`;

  test('prints statement, coverage, curve, and what test rows show, and that nobody looked for rows that were learnt', async () => {
    const { code, stdout, stderr } = await run(`${line} --risk 0.1 --held_out ${path('test.csv')}`);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^proved +if these rows are a random sample/m);
    expect(stdout).toMatch(/^coverage +\d+\.\d % \(/m);
    expect(stdout).toMatch(/^0\.\d{4} \* +\d/m);
    expect(stdout).toMatch(/promised at most 10\.0 %, found/);
    expect(stdout).toMatch(/^file +.*certificate\.json$/m);
    expect(stderr).toContain('--trained none: the statement holds if');
  });

  test('files are read as their flags say: no header, semicolons, names of labels', async () => {
    const { texts, labels = [] } = sample;
    const quoted = texts.map((text, row) => `${labels[row]};"${text.replaceAll('"', '""')}"\n`);
    writeFileSync(path('bare.csv'), quoted.join(''));
    writeFileSync(path('names.tsv'), LABELS.map((name, label) => `${label}\t${name}\n`).join(''));
    const layout = `--header no --delimiter ; --label 1 --text 2 --label_names ${path('names.tsv')}`;
    const bare = `${line.replace(path('calibration.csv'), path('bare.csv'))} ${layout} --risk 0.1 --json`;
    const { code, stdout, stderr } = await run(bare);
    expect(code, stderr).toBe(0);
    const plain = JSON.parse((await run(`${line} --risk 0.1 --json`)).stdout);
    expect(JSON.parse(stdout)).toMatchObject({ certified: true, threshold: plain.threshold, curve: plain.curve });
  });

  test('what was learnt from is not forgotten', async () => {
    const { code, stderr } = await run(`${line.replace(' --trained none', '')} --risk 0.1`);
    expect(code).toBe(2);
    expect(stderr).toContain('--trained');
    expect(stderr).toContain('give --trained none where no calibration row can be one of them');
  });

  test('that nothing can be certified is an answer, in JSON as well', async () => {
    const few = labelled('fewer.csv', sample, 50);
    const none = `${line.replace(path('calibration.csv'), few)} --risk 0.02 --output_file ${path('nowhere.json')}`;
    const { code, stdout } = await run(none);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^nothing +nothing can be certified from these 50 rows/m),
    ]);
    expect(stdout).toMatch(/^file +none is written$/m);
    const json = JSON.parse((await run(`${none} --json`)).stdout);
    expect(json).toMatchObject({ certified: false, certificate: null, threshold: null, fewestRows: 228 });
  });
});
