import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { transferSet } from '../../src/experiments/distillation/transfer.js';
import { bilstm } from '../../src/models/bilstm.js';
import { words } from '../data/words.js';

const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });

const rows = (name: string, texts: readonly string[], pairs?: readonly string[]) =>
  textDataset(textTable(name, { texts, ...(pairs && { pairs }) }), words, { model });
const train = rows('train', ['a good film', 'a bad film']);

describe('transferSet', () => {
  test('leaves out rows of the pool that are evaluated on, whatever their case and blanks', async () => {
    const evaluation = rows('dev', ['the plot , the end', 'Very good']);
    const transfer = rows('pool', ['The  Plot , the\tend ', 'very good plot', ' very GOOD', 'a good film']);
    const set = await transferSet({ train, evaluation, transfer });
    expect(set).toMatchObject({ rows: 2, leftOut: 2 });
    expect(set?.data.text?.table.texts.slice(2)).toEqual(['very good plot', 'a good film']);
  });

  test('leaves out rows of the test split, too', async () => {
    const evaluation = rows('dev', ['the plot']);
    const tested = rows('test', ['Very good']);
    const transfer = rows('pool', ['The  Plot', 'very good', 'a good film']);
    const set = await transferSet({ train, evaluation, test: tested, transfer });
    expect([set?.rows, set?.leftOut]).toEqual([1, 2]);
    // Without it they are rows to learn from.
    expect(await transferSet({ train, evaluation, transfer })).toMatchObject({ rows: 2, leftOut: 1 });
    await expect(
      transferSet({ train, evaluation, test: tested, transfer: rows('pool', ['very good']) }),
    ).rejects.toThrow('pool: wanted rows that are not in dev or test, got none');
  });

  test('of pairs both texts count', async () => {
    const evaluation = rows('dev', ['good'], ['bad film']);
    const transfer = rows('pool', ['Good', 'bad film', 'good'], ['BAD film', 'good', 'bad']);
    const set = await transferSet({ train: rows('train', ['a'], ['b']), evaluation, transfer });
    expect(set?.data.text?.table.pairs?.slice(1)).toEqual(['good', 'bad']);
  });

  test('a pool of which nothing is left is refused', async () => {
    const evaluation = rows('dev', ['good', 'bad']);
    await expect(transferSet({ train, evaluation, transfer: rows('pool', ['BAD', ' good']) })).rejects.toThrow(
      'pool: wanted rows that are not in dev, got none; use another file: never train on the split that is reported',
    );
  });
});
