import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { hinton } from '../../../src/methods/hinton.js';
import { supervised } from '../../../src/methods/supervised.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { weightsHash } from '../../../src/models/saved-model.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { adam } from '../../../src/optim/adam.js';
import { modelTeacher } from '../../../src/teachers/model-teacher.js';
import type { TrainingEvent } from '../../../src/training/run/events.js';
import { type MemoryRunOptions, trainInMemory } from '../../../src/training/run/memory-run.js';
import { runTraining } from '../../../src/training/run/run.js';
import { words, wordTable } from '../../data/words.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-memory-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const model = bilstm({
  vocab_size: words.vocabularySize,
  embedding_size: 6,
  hidden_size: 5,
  dense_size: 7,
  num_labels: 2,
});
const data = {
  train: textDataset(wordTable('train', 60), words, { model }),
  evaluation: textDataset(wordTable('dev', 30, { seed: 2 }), words, { model }),
};
const teacher = modelTeacher({
  ...{ path: 'teacher', model, labelNames: data.train.labelNames, contentHash: 'teacher' },
  weights: initialiseParameters(model.parameters, 9),
});
const OPTIONS: MemoryRunOptions = {
  ...{ model, data, seed: 3, epochs: 4, batchSize: 8, threads: 1 },
  method: supervised(),
  optimizer: adam({ learningRate: 0.05 }),
  schedule: 'linear',
  warmupSteps: 4,
};

describe('trainInMemory', () => {
  test.each([
    ['labels', OPTIONS],
    ['a teacher', { ...OPTIONS, method: hinton({ alpha: 0.7, temperature: 2 }), teacher }],
    ['the best epoch', { ...OPTIONS, restoreBest: true, monitor: { metric: 'loss', mode: 'min' } }],
    ['early stopping', { ...OPTIONS, epochs: 9, earlyStopping: { metric: 'accuracy', mode: 'max', patience: 1 } }],
  ] as const)('from %s ends in the bytes of runTraining', async (name, options) => {
    const ours = await trainInMemory(options);
    const { record, weights } = await runTraining({ ...options, outputDir: join(scratch, name) });
    expect(weightsHash(ours.weights)).toBe(weightsHash(weights ?? {}));
    expect(weightsHash(ours.weights)).not.toBe(weightsHash(initialiseParameters(model.parameters, 3)));
    const withoutTime = ({ epochs }: { readonly epochs: readonly object[] }) =>
      epochs.map((epoch) => ({ ...epoch, seconds: 0 }));
    expect(withoutTime(ours)).toEqual(withoutTime(record));
    const { metrics, steps, stoppedEarly } = record;
    expect(ours).toMatchObject({ metrics, steps, stoppedEarly });
  });

  test('tells what runTraining tells, but for what it writes', async () => {
    const told: TrainingEvent[] = [];
    await trainInMemory({ ...OPTIONS, epochs: 2, onEvent: (event) => told.push(event) });
    const types = told.map(({ type }) => type).filter((type) => type !== 'step');
    expect(types).toEqual(['start', 'notice', 'evaluation', 'evaluation', 'end']);
    // Two epochs of eight steps: the last of each is always told.
    const steps = told.flatMap((event) => (event.type === 'step' ? [event.step] : []));
    expect(steps).toEqual(expect.arrayContaining([8, 16]));
  });

  test('stops between two steps when it is asked to', async () => {
    const asked = new AbortController();
    const onEvent = ({ type }: TrainingEvent) => type === 'evaluation' && asked.abort();
    await expect(trainInMemory({ ...OPTIONS, signal: asked.signal, onEvent })).rejects.toThrow(
      'training: wanted all 32 steps, got an interruption after step 8; no state was saved: start again',
    );
  });

  test('refuses ids that the model has no embeddings for, before any work', async () => {
    const small = bilstm({ vocab_size: 3, embedding_size: 6, hidden_size: 5, dense_size: 7, num_labels: 2 });
    await expect(trainInMemory({ ...OPTIONS, model: small })).rejects.toThrow(/^the tokenizer of train: wanted /);
  });
});
