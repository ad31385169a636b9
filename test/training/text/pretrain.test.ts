import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { withoutLabels } from '../../../src/data/text-table.js';
import { distilBert } from '../../../src/methods/distilbert.js';
import { openAnyModel } from '../../../src/models/any-model.js';
import { loadModelTokenizer } from '../../../src/models/model-tokenizer.js';
import { withMaskedLmHead } from '../../../src/models/with-masked-lm-head.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import { type PretrainEvent, pretrain } from '../../../src/training/text/pretrain.js';
import { writePieceEncoder } from '../../cli/piece-encoder.js';
import { wordTable } from '../../data/words.js';
import { temporaryFolder } from '../../files/processes.js';

const root = temporaryFolder();
const texts = withoutLabels(wordTable('words', 60, { seed: 1 }));
const few = { epochs: 1, maxSteps: 2, threads: 1 } as const;

beforeAll(async () => {
  await writePieceEncoder(root);
});

describe('pretrain', () => {
  test('takes texts, model, method and teacher of a program as it takes names', async () => {
    const outputDir = join(root, 'first');
    const first = await pretrain({ ...few, texts, model: join(root, 'encoder'), outputDir, overwrite: true });
    // A twentieth of 60 texts is set aside.
    expect([first.data.train.size, first.data.evaluation?.size]).toEqual([57, 3]);
    const opened = await openAnyModel(outputDir, { head: 'masked-lm' });
    const start = { ...withMaskedLmHead(opened, 1), tokenizer: await loadModelTokenizer(opened) };
    const events: PretrainEvent[] = [];
    const taught = await pretrain({
      ...{ ...few, texts, model: start, teacher: modelTeacher(opened), method: distilBert() },
      ...{ outputDir: join(root, 'second'), onEvent: (event) => void events.push(event) },
    });
    expect(taught.record.data.evaluation?.rows).toBe(3);
    expect(Object.keys(taught.record.epochs[0]?.losses ?? {})).toEqual(['soft', 'hard', 'cosine']);
    // It starts from where the first ended.
    expect(taught.before).toEqual(first.record.metrics);
    expect(events.find(({ type }) => type === 'before')).toEqual({ type: 'before', metrics: taught.before, texts: 3 });
  });
});
