import { describe, expect, test } from 'vitest';
import { heldOut } from '../../src/data/held-out.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { bert } from '../../src/models/bert.js';
import { words, wordTable } from '../data/words.js';

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });
const rows = (count: number) => textDataset(wordTable('rows', count), words, { model });
const idsOf = ({ size, batch }: ReturnType<typeof rows>) => Array.from(batch([...Array(size).keys()]).ids).map(String);

describe('heldOut', () => {
  test('takes a tenth of the training rows out of the transfer set that begins with them', () => {
    const [train, transfer] = [rows(40), rows(60)];
    const { rest, part } = heldOut(train, transfer);
    expect([rest.size, part.size]).toEqual([56, 4]);
    expect([...idsOf(rest), ...idsOf(part)].sort()).toEqual(idsOf(transfer).sort());
    expect(idsOf(part).every((id) => idsOf(train).includes(id))).toBe(true);
    // The same again, so that what is compared by these rows is compared by the same.
    expect(idsOf(heldOut(train, train).part)).toEqual(idsOf(part));
  });
});
