import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { bert } from '../../../src/models/bert.js';
import { bilstm } from '../../../src/models/bilstm.js';
import type { Model } from '../../../src/models/model.js';
import { gatherBatch, microBatches, planTexts } from '../../../src/training/step/micro-batches.js';
import { words } from '../../data/words.js';

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });
const table = textTable('three', { texts: ['good', 'good film the', 'good film the plot end'] });
const data = textDataset(table, words, { model });
const lengths = Array.from(data.text?.lengths ?? []);

function planned(seenRow?: (row: number) => number) {
  const text = planTexts(data, { tokensPerRun: 2048, seenRow });
  return { batchSize: 1, accumulation: 1, ...(text && { text }) };
}

describe('microBatches', () => {
  test('pads a batch to its longest row', () => {
    const [part] = microBatches(Uint32Array.of(0), data, planned());
    expect(part?.length).toBe(lengths[0]);
  });

  // Both sides of a step are of one length: a control whose teacher reads other rows once failed on its first batch.
  test('pads it to what a teacher reads in its place, if that is longer', () => {
    const [part] = microBatches(
      Uint32Array.of(0),
      data,
      planned(() => 2),
    );
    expect(part?.length).toBe(lengths[2]);
    expect(part && gatherBatch(data, part).inputs.input_ids?.shape).toEqual([1, lengths[2]]);
    const [longer] = microBatches(
      Uint32Array.of(2),
      data,
      planned(() => 0),
    );
    expect(longer?.length).toBe(lengths[2]);
  });

  test.each([
    [64, 32],
    [128, 16],
    // 2,048 · 128 squares: 4 · 256², 1 · 512², and a row by itself where even that is more.
    [256, 4],
    [512, 1],
    [1000, 1],
  ])('of an encoder %d tokens stand in parts of %d rows: attention holds no more than at 128', (length, rows) => {
    const sizes = partsOf(length, model);
    expect(sizes).toEqual(Array.from({ length: 32 / rows }, () => rows));
  });

  test('a BiLSTM has no attention: tokens alone decide, as they do of short texts', () => {
    const lstm = bilstm({ vocab_size: words.vocabularySize, hidden_size: 2, embedding_size: 2 });
    expect(partsOf(512, lstm)).toEqual(Array.from({ length: 8 }, () => 4));
    // Options are compared when a run is resumed: of short texts they are those of earlier versions.
    expect(planTexts(data, { model })).toEqual({ tokensPerRun: 2048, longest: lengths[2], seenRow: undefined });
  });
});

/** Rows of each part of 32 texts of one length. */
function partsOf(length: number, reader: Model): number[] {
  const texts = Array.from({ length: 32 }, () => Array.from({ length }, () => 'film').join(' '));
  const long = textDataset(textTable('long', { texts }), words, { model: reader, maxLength: length });
  const text = planTexts(long, { model: reader });
  expect(text?.longest).toBe(length);
  const parts = microBatches(Uint32Array.from(texts.keys()), long, {
    ...{ batchSize: 32, accumulation: 1 },
    ...(text && { text }),
  });
  return parts.map(({ rows }) => rows.length);
}
