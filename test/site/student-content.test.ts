import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { studentIdentity, writeCertificate } from '../../src/certificates/certificate.js';
import { exportModel } from '../../src/export/export-model.js';
import { load } from '../../src/inference/load.js';
import { holdsStudent, studentContent } from '../../src/site/student-content.js';
import { open } from '../../src/standalone/ngram-student.js';
import { packedIn } from '../../src/standalone/packed-text.js';
import { fineTune } from '../../src/training/text/fine-tune.js';
import { wordTable } from '../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-student-content-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const at = (...names: readonly string[]) => join(scratch, ...names);
const read = (path: string) => readFile(path).then((bytes) => new Uint8Array(bytes));
const TEXT = 'good film bad good plot';

beforeAll(async () => {
  const train = wordTable('train', 200);
  const dev = wordTable('dev', 40, { seed: 2 });
  const task = {
    ...{ name: 'words', train, dev, labelNames: train.labelNames, isPair: false, isRegression: false },
    metrics: ['accuracy'],
  } as const;
  const shared = { task, seed: 1, threads: 1 } as const;
  await fineTune({ ...shared, model: 'ngram', outputDir: at('run') });
  await fineTune({ ...shared, model: 'ngram', hidden: 4, epochs: 1, outputDir: at('run', 'teacher') });
  await exportModel({ model: at('run'), to: 'js', outputDir: at('js') });
  await exportModel({ model: at('run'), to: 'onnx', outputDir: at('onnx') });
}, 60_000);

/** What a program that reads the files predicts. */
async function probabilitiesOf(files: ReadonlyMap<string, () => Promise<Uint8Array>>, role: string) {
  const own = [...files].filter(([address]) => address.startsWith(`${role}/`));
  const held = Object.fromEntries(
    await Promise.all(own.map(async ([address, get]) => [address.slice(role.length + 1), await get()] as const)),
  );
  const code = held['student.js'];
  if (code !== undefined) {
    const answer = [open(packedIn(new TextDecoder().decode(code), role)).predict(TEXT)].flat()[0];
    return answer?.probabilities ?? [];
  }
  const model = await load(held, { threads: 1, onNotice: () => {} });
  const answer = await model.predict(TEXT, { badRows: 'stop' });
  await model.release();
  return [answer].flat()[0]?.probabilities ?? [];
}

describe('studentContent', () => {
  test.each([
    ['run', 'js', 'int8'],
    ['js', 'js', 'int8'],
    ['onnx', 'onnx', 'float32'],
  ] as const)('of the folder %s gives a student that answers as the run does', async (folder, form, precision) => {
    const { facts, files } = await studentContent(at(folder), read);
    expect(facts.student).toMatchObject({ name: folder, kind: 'ngram', form, precision });
    const model = await load(at('onnx'), { threads: 1 });
    const [wanted] = [await model.predict(TEXT, { badRows: 'stop' })].flat();
    await model.release();
    const got = await probabilitiesOf(files, 'student');
    for (const [c, p] of (wanted?.probabilities ?? []).entries())
      expect(Math.abs((got[c] ?? 0) - p)).toBeLessThan(0.02);
    expect([...files.keys()].every((address) => /^(student|teacher)\/[\w.]+$/.test(address))).toBe(true);
    expect(facts.student.bytes).toBe(
      (await files.get(`student/${form === 'js' ? 'student.js' : 'model.onnx'}`)?.())?.length,
    );
  });

  test('of a run with a teacher beside it has that in ONNX; without one says so', async () => {
    const { facts, files } = await studentContent(at('run'), read);
    expect(facts.teacher).toMatchObject({ name: 'teacher', kind: 'ngram', form: 'onnx', precision: 'float32' });
    expect(await probabilitiesOf(files, 'teacher')).toHaveLength(2);
    const alone = await studentContent(at('js'), read);
    expect(alone.facts.teacher).toBeUndefined();
    expect(alone.facts.noTeacher).toMatch(/^js\/teacher is not there/);
  });

  test('of a teacher that cannot be read says why, and has the student all the same', async () => {
    cpSync(at('js'), at('broken'), { recursive: true });
    mkdirSync(at('broken', 'teacher'));
    const { facts } = await studentContent(at('broken'), read);
    expect(facts.student.kind).toBe('ngram');
    expect(facts.noTeacher).toMatch(/broken\/teacher: wanted/);
  });

  test('has the certificate, and says whether it is about the file that is sent', async () => {
    cpSync(at('onnx'), at('certified'), { recursive: true });
    const identity = await studentIdentity(at('certified'), ['negative', 'positive']);
    const write = (sha256: string) =>
      writeCertificate(at('certified', 'certificate.json'), {
        ...{ date: '2026-11-29T07:00:00.000Z', ...identity, artefact: { ...identity.artefact, sha256 } },
        ...{ score: { kind: 'max-probability' }, truth: { kind: 'labels' }, risk: { kept: 0.02 }, delta: 0.05 },
        ...{ spent: 0.05, students: 1, round: null, threshold: 0.9, deferredLabels: [] },
        sample: { rows: 400, kept: 300, wrong: 1, refusals: 0, asked: { labels: 400 }, leftOut: {}, isChecked: true },
        coverage: { share: 0.75, low: 0.7, high: 0.8 },
      });
    await write(identity.artefact.sha256);
    const { facts } = await studentContent(at('certified'), read);
    expect(facts.certificate).toMatchObject({ threshold: 0.9, risk: { kept: 0.02 }, delta: 0.05, isOfThis: true });
    await write('0'.repeat(64));
    expect((await studentContent(at('certified'), read)).facts.certificate?.isOfThis).toBe(false);
  });

  test('refuses a student.js of another tool', async () => {
    mkdirSync(at('other'));
    writeFileSync(at('other', 'student.js'), 'export const predict = () => 1;\n');
    await expect(studentContent(at('other'), read)).rejects.toThrow(
      /student\.js: wanted a student that retort export --to js wrote/,
    );
  });

  test('reads files by the given reader alone', async () => {
    const asked: string[] = [];
    const { files } = await studentContent(at('onnx'), (path) => {
      asked.push(path);
      return read(path);
    });
    for (const get of files.values()) await get();
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.every((path) => path.startsWith(at('onnx')))).toBe(true);
    expect(readFileSync(at('onnx', 'model.onnx')).length).toBeGreaterThan(0);
  });
});

describe('holdsStudent', () => {
  test('is told by what is at the top of a folder', async () => {
    expect(await holdsStudent(at('run'))).toBe(true);
    expect(await holdsStudent(at('js'))).toBe(true);
    mkdirSync(at('nothing'));
    expect(await holdsStudent(at('nothing'))).toBe(false);
  });
});
