import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  certificateMismatches,
  expectCertified,
  type NewCertificate,
  readCertificate,
  studentIdentity,
  writeCertificate,
} from '../../src/certificates/certificate.js';
import type { Certificate } from '../../src/certificates/certificate.schema.js';
import { questionHash } from '../../src/certificates/question-hash.js';
import { FileError } from '../../src/errors/failures.js';
import { saveOnnx } from '../../src/export/onnx-folder.js';
import { load } from '../../src/inference/load.js';
import { questionOf } from '../../src/options/question.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, smallBert, VOCABULARY } from '../inference/text-student.js';

const root = temporaryFolder();
const student = join(root, 'student');
const file = join(student, 'certificate.json');
const question = questionOf({
  labelNames: LABELS,
  instructions: 'Is it so?\r\n',
  criteria: { yes: 'certainly  ', no: null },
});
let certificate: NewCertificate;

beforeAll(async () => {
  writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
  await saveOnnx(student, { ...smallBert(), question, tokenizer: await loadTokenizer(root) });
  certificate = {
    date: '2026-11-29T07:00:00.000Z',
    ...(await studentIdentity(student, LABELS)),
    score: { kind: 'max-probability' },
    truth: { kind: 'teacher', model: 'jev-1.13.0' },
    ...{ risk: { kept: 0.02 }, delta: 0.05, spent: 0.03, students: 1, round: 1 },
    ...{ threshold: 0.9, deferredLabels: ['maybe'] },
    sample: {
      rows: 400,
      kept: 300,
      wrong: 1,
      refusals: 2,
      asked: { all: 402 },
      leftOut: { trained: 5 },
      isChecked: true,
    },
    coverage: { share: 0.75, low: 0.7, high: 0.8 },
  };
});

/** A new certificate, read again. */
async function written(): Promise<Certificate> {
  await writeCertificate(file, certificate);
  return readCertificate(student);
}

function edit(change: (json: { [key: string]: unknown }) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8'));
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

async function failure(): Promise<string> {
  const error = await readCertificate(file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  return String(error);
}

describe('questionOf', () => {
  test('brings line ends, blanks at the ends and composed letters into one form', () => {
    expect(question).toEqual({
      type: 'choice',
      instructions: 'Is it so?',
      criteria: [
        ['no', null],
        ['maybe', null],
        ['yes', 'certainly'],
      ],
    });
    const composed = questionOf({ labelNames: ['a'], instructions: 'cafe\u0301' });
    expect(composed).toEqual(questionOf({ labelNames: ['a'], instructions: ' caf\u00e9\n' }));
  });

  test('another order of labels, type or description is another question', () => {
    const hash = (given: Parameters<typeof questionOf>[0]) => questionHash(questionOf(given));
    const hashes = [
      hash({ labelNames: ['a', 'b'] }),
      hash({ labelNames: ['b', 'a'] }),
      hash({ labelNames: ['a', 'b'], type: 'score' }),
      hash({ labelNames: ['a', 'b'], criteria: { a: 'first' } }),
      hash({ labelNames: ['a', 'b'], isPair: true }),
    ];
    expect(new Set(hashes).size).toBe(5);
  });
});

describe('certificates', () => {
  test('a certificate beside a student comes back as it was written, and is about that student', async () => {
    const read = await written();
    expect(read).toMatchObject(certificate);
    expect(certificateMismatches(read, await studentIdentity(student, LABELS))).toEqual([]);
    // The folder is still an export: its manifest does not know the certificate.
    const model = await load(student);
    expect(model.question).toEqual(question);
    await model.release();
  });

  test('each thing in which a student differs is named', async () => {
    const read = await written();
    const own = await studentIdentity(student, LABELS);
    const others = {
      ...own,
      artefact: { ...own.artefact, sha256: 'a'.repeat(64) },
      ...{ precision: 'int8', tokenizer: null, temperature: 1.5 },
      question: questionOf({ labelNames: LABELS }),
    };
    const mismatches = certificateMismatches(read, others);
    expect(mismatches.map((line) => line.split(':')[0])).toEqual([
      'another artefact (SHA-256)',
      'another precision',
      'another tokenizer (SHA-256)',
      'another temperature',
      'another question (SHA-256)',
    ]);
    expect(() => expectCertified(read, others, student)).toThrow('float32 is certified, this is int8');
    expect(() => expectCertified(read, own, student)).not.toThrow();
  });

  test('a student of another export is another one', async () => {
    const read = await written();
    const other = join(root, 'other');
    await saveOnnx(other, { ...smallBert(), question, precision: 'int8', tokenizer: await loadTokenizer(root) });
    const lines = certificateMismatches(read, await studentIdentity(other, LABELS));
    expect(lines).toHaveLength(2);
  });

  test('without a question of its own a student answers which label fits', async () => {
    const plain = join(root, 'plain');
    await saveOnnx(plain, { ...smallBert(), tokenizer: await loadTokenizer(root) });
    const { question: own } = await studentIdentity(plain, LABELS);
    expect(own.instructions).toBe('Which label fits the text?');
    expect(own.criteria.map(([label]) => label)).toEqual(LABELS);
  });

  test('a file that was changed, is of a newer version or something else is refused', async () => {
    await written();
    edit((json) => Object.assign(json, { threshold: 0.5 }));
    expect(await failure()).toContain('got changed values');
    await written();
    edit((json) => Object.assign(json, { version: 2 }));
    expect(await failure()).toContain('got version 2');
    writeFileSync(file, '{"format": "other"}');
    expect(await failure()).toContain('certificate.json: format: wanted a certificate of retort cascade');
  });
});
