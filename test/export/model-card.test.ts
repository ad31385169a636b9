import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exportModel } from '../../src/export/export-model.js';
import { type CardContent, modelCard } from '../../src/export/model-card.js';
import { bilstm } from '../../src/models/bilstm.js';
import { saveModel } from '../../src/models/saved-model.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
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
