import { describe, expect, test } from 'vitest';
import { textDataset } from '../../../src/data/text-dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { bert } from '../../../src/models/bert.js';
import { gatherBatch, microBatches, planTexts } from '../../../src/training/step/micro-batches.js';
import { words } from '../../data/words.js';

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });
const table = textTable('three', { texts: ['good', 'good film the', 'good film the plot end'] });
const data = textDataset(table, words, { model });
const lengths = Array.from(data.text?.lengths ?? []);

function planned(seenRow?: (row: number) => number) {
  const text = planTexts(data, 2048, seenRow);
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
});
