import { describe, expect, test } from 'vitest';
import type { Certificate } from '../../src/certificates/certificate.schema.js';
import { questionHash } from '../../src/certificates/question-hash.js';
import { calibrationOf } from '../../src/metrics/calibration.js';
import { questionOf } from '../../src/options/question.js';
import { reportHtml } from '../../src/report/html.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { textOf } from './page-checks.js';
import { smallRecord } from './records.js';

// 60 rows: sure of class 0 by logits of 4 and right in two of three.
const logits = Float32Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 4 : 0));
const scored = { logits, classes: 2, labels: Int32Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : 0)) };
const measured = (temperature: number) => {
  const found = calibrationOf(scored, temperature);
  if (found === undefined) throw new Error('rows have labels');
  return { ...found, bins: [...found.bins] };
};
const [before, after] = [measured(1), measured(5.7)];
const calibration = {
  ...{ arm: 'kd', temperature: 5.7, fitted: 5.7, isApplied: true, leftOut: { before: 1.351, after: 0.642 } },
  ...{ data: { name: 'dev <1>', rows: 60 }, before, after },
};
const record = { ...smallRecord([82, 80, 84], [80, 78, 81]), calibration };
const question = questionOf({ labelNames: ['a', 'b'], instructions: 'Which <one>?' });
const certificate: Certificate = {
  ...{ format: 'retort-certificate', version: 1, retort: '0.2.0', date: '2026-11-29T08:00:00.000Z' },
  artefact: { file: 'model.onnx', sha256: 'a'.repeat(64) },
  ...{ precision: 'float32', tokenizer: null, temperature: 5.7, score: { kind: 'max-probability' } },
  ...{ question, questionHash: questionHash(question), truth: { kind: 'teacher', model: 'jev-1.13.0' } },
  ...{ risk: { kept: 0.05 }, delta: 0.1, spent: 0.1, students: 1, round: null, threshold: 0.9, deferredLabels: ['b'] },
  sample: { rows: 400, kept: 300, wrong: 6, refusals: 2, asked: { all: 402 }, leftOut: {}, isChecked: true },
  curve: [
    { threshold: 0.99, kept: 100, wrong: 0 },
    { threshold: 0.9, kept: 300, wrong: 6 },
    { threshold: 0.5, kept: 400, wrong: 40 },
  ],
  coverage: { share: 0.75, low: 0.7, high: 0.79 },
};

describe('the calibration of a report', () => {
  test('says what was chosen, and draws both diagrams with their intervals', () => {
    const page = reportHtml(record);
    expect(textOf(page)).toContain(
      'The logits of kd are divided by 5.700 in its exports, a temperature chosen on 60 rows of dev <1>',
    );
    expect(page.match(/At temperature [\d.]+: /g)).toEqual(['At temperature 1: ', 'At temperature 5.700: ']);
    // Witness: 15 bins each, and a bar for each of their intervals.
    const section = page.slice(
      page.indexOf('id="calibration"'),
      page.indexOf('</section>', page.indexOf('id="calibration"')),
    );
    expect(section.match(/class="bar"/g)).toHaveLength(30);
    // 98 % sure, two thirds right.
    expect(section).toContain('98 % sure');
    const not = { ...calibration, isApplied: false, temperature: 1 };
    expect(textOf(reportHtml({ ...record, calibration: not }))).toContain('No temperature is applied to kd');
    expect(reportHtml({ ...record, calibration: undefined })).not.toContain('id="calibration"');
    expect(reportMarkdown(record)).toContain('The logits of kd are divided by 5.700');
  });
});

describe('the certificate of a report', () => {
  test('is its statement, its counts, and the curve of risk by coverage with the threshold on it', () => {
    const page = reportHtml(record, certificate);
    expect(textOf(page)).toContain(
      'with 90 % confidence at most 5 % of the requests that it keeps get another label than jev-1.13.0 chooses',
    );
    expect(textOf(page)).toContain('400 rows, 6 of 300 kept ones wrong, 2 without an answer');
    expect(textOf(page)).toContain('Which <one>?');
    expect(page).toContain('Wrong of what is kept: 2.0 % where 75 % are kept, 10.0 % where all are');
    expect(page).toContain('cx="75%"');
    expect(reportHtml(record)).not.toContain('id="certificate"');
    expect(reportMarkdown(record, certificate)).toContain(
      'at most 5 % of the requests that it keeps get another label',
    );
  });
});
