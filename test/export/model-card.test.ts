import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exportModel } from '../../src/export/export-model.js';
import type { ScoredForm } from '../../src/export/form.js';
import { type CardContent, modelCard } from '../../src/export/model-card.js';
import { bilstm } from '../../src/models/bilstm.js';
import { saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import type { TeacherTerms } from '../../src/teachers/terms.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';
import { LABELS, VOCABULARY } from '../inference/text-student.js';
import { fixture } from '../tokenizers/tokenizer-files.js';

const root = temporaryFolder();
const model = bilstm({ vocab_size: fixture.vocab.length, num_labels: 3, embedding_size: 4, hidden_size: 4 });
const content: CardContent = {
  ...{ model, labelNames: LABELS, precisions: ['float32', 'int8'], layout: 'onnx', retort: '0.3.0', maxLength: 512 },
  hasWeights: false,
};

describe('modelCard', () => {
  test('says what a record says, and gives the hub metadata that it reads', () => {
    const data = { name: 'sst2 dev', rows: 872 };
    const card = modelCard({
      ...content,
      facts: {
        train: { name: 'sst2 train', rows: 67_349 },
        teacher: { name: 'minilm', score: 'accuracy 89.00' },
        method: { name: 'hinton', options: { alpha: 0.5 } },
        results: [{ metric: 'accuracy', data, value: '87.62', interval: '86.52 to 88.72 (over seeds and rows)' }],
        verdict: 'BETTER: +5.6 points over no-teacher',
      },
    });
    const [, front = ''] = card.split('---\n');
    expect(parse(front)).toEqual({
      library_name: 'transformers.js',
      pipeline_tag: 'text-classification',
      tags: ['retort', 'onnx', 'bilstm', 'knowledge-distillation'],
    });
    for (const said of [
      'Trained on sst2 train, 67,349 rows.',
      'Teacher: minilm, accuracy 89.00',
      'Method: hinton (alpha 0.5).',
      'BETTER: +5.6 points',
      '| accuracy | sst2 dev | 872 | 87.62 | 86.52 to 88.72 (over seeds and rows) |',
    ]) {
      expect(card).toContain(said);
    }
  });

  test('has a row for each version that was scored when it was written, and no word of scores otherwise', () => {
    const speed = { one: { p50: 0.5, p95: 0.75 }, many: { p50: 8, p95: 9 }, throughput: 4000 };
    const float: ScoredForm = {
      ...{ name: 'float32', precision: 'float32', bytes: 39_300_000, gzippedBytes: 36_000_000, speed },
      ...{ metric: 'accuracy', value: 0.8, interval: [0.71, 0.87], drop: 0, dropError: 0 },
      ...{ flips: 0, agreement: 1, largestChange: 0 },
    };
    const int8: ScoredForm = { ...float, name: 'int8', precision: 'int8', value: 0.79, agreement: 0.99, flips: 1 };
    const data = { name: 'sst2 dev', rows: 1872 };
    const card = modelCard({ ...content, facts: { scores: { forms: [float, int8], data, threads: 1 } } });
    expect(card).toContain('Each version on the same 1,872 rows of sst2 dev:');
    expect(card).toContain('| Version | accuracy | 95 % interval |');
    expect(card).toContain(
      '| float32 | 80.00 | 71.00 to 87.00 | 100.00 % | 0.0000 | 39.3 / 36.0 | 0.50 / 0.75 | 8.00 / 9.00 |',
    );
    expect(card).toContain('| int8 | 79.00 | 71.00 to 87.00 | 99.00 % |');
    expect(card).toContain('on one thread (');
    expect(card.split('## Results')[1]).not.toContain('Unknown');
    expect(modelCard(content)).not.toContain('Each version');
  });

  test('says what the terms of an outside teacher were read as, and that a private student stays so', () => {
    const withTerms = (terms: TeacherTerms) =>
      modelCard({ ...content, facts: { teacher: { name: 'model-x', terms } } });
    const read = { source: 'Terms of 1 January, 3.3', date: '2026-11-28' };
    const card = withTerms({ status: 'private-only', ...read });
    expect(card).toContain(
      'Terms of the teacher: training on its outputs is allowed for a student that is not given away ' +
        '(Terms of 1 January, 3.3, read 2026-11-28).',
    );
    expect(card).toContain('- Not to be given away:');
    expect(withTerms({ status: 'allowed', ...read })).not.toContain('Not to be given away');
    // What is for whoever trains is not for whoever reads the card.
    expect(withTerms({ status: 'unknown' })).toContain('training on its outputs is not known to be allowed.');
    expect(modelCard(content)).not.toContain('Terms of the teacher');
  });

  test('of what is not known it says so, and invents no figure', () => {
    const card = modelCard(content);
    const [, results = ''] = card.split('## Results\n\n');
    expect(results.split('\n')[0]).toBe('Unknown: the export was not made from a run that says so.');
    expect(card).toContain('Teacher: unknown, or none.');
    expect(card).not.toMatch(/knowledge-distillation|licen[sc]e:|language:|\| accuracy/);
  });

  test('a card that somebody has made their own is not replaced', async () => {
    writeFileSync(join(root, 'vocab.txt'), VOCABULARY);
    const { files } = await loadTokenizer(root);
    const weights = initialiseParameters(model.parameters, 1);
    const checkpoint = join(root, 'student');
    await saveModel(checkpoint, { model, weights, labelNames: LABELS, tokenizerFiles: files });
    const outputDir = join(root, 'hf');
    const again = () => exportModel({ model: checkpoint, to: 'hf', outputDir, overwrite: true });
    mkdirSync(outputDir);
    await again();
    await again();
    const card = readFileSync(join(outputDir, 'README.md'), 'utf8');
    writeFileSync(join(outputDir, 'README.md'), card.replace(/<!-- written by retort.*\n/, 'My own words.\n'));
    await expect(again()).rejects.toThrow('wanted an earlier export, or a new folder, got one with README.md');
  });
});
