import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTaggedTexts, type TaggedSentence, taggedDataset } from '../../src/data/tagged-texts.js';
import { bert } from '../../src/models/bert.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'play', '##ing', '##ed', 'the', 'dog', ',', 'is'];
writeFileSync(join(root, 'vocab.txt'), `${VOCABULARY.join('\n')}\n`);
const tokenizer = await loadTokenizer(root);
const model = bert({ vocab_size: VOCABULARY.length, hidden_size: 2, num_attention_heads: 1, num_hidden_layers: 1 });

const tagNames = ['NOUN', 'VERB', 'OTHER'];
const sentences: TaggedSentence[] = [
  { words: ['the', 'dog', 'played', ',', 'playing'], tags: ['OTHER', 'NOUN', 'VERB', 'OTHER', 'VERB'] },
  { words: ['dog'], tags: ['NOUN'] },
];
const made = (more: object = {}) => taggedDataset(sentences, tokenizer, { name: 'pos', tagNames, model, ...more });

describe('taggedDataset', () => {
  test('a tag stands at the first token of its word, -100 at all others', () => {
    const { inputs, labels } = made().batch([0, 1]);
    // By hand: [CLS] the dog play ##ed , play ##ing [SEP]
    expect(toNumbers(inputs.input_ids as never)).toEqual([2, 8, 9, 5, 7, 10, 5, 6, 3, 2, 9, 3, 0, 0, 0, 0, 0, 0]);
    expect(Array.from(labels?.data ?? [], Number)).toEqual([
      ...[-100, 2, 0, 1, -100, 2, 1, -100, -100],
      ...[-100, 0, -100, -100, -100, -100, -100, -100, -100],
    ]);
    // The words are the tokenizer's own for the whole sentence.
    const whole = tokenizer.encodeRow('the dog played , playing').ids;
    expect(toNumbers(inputs.input_ids as never).slice(0, 9)).toEqual(whole);
  });

  test('a sentence that is too long loses its end, not its last special token', () => {
    const short = made({ maxLength: 5 });
    expect(toNumbers(short.batch([0]).inputs.input_ids as never)).toEqual([2, 8, 9, 5, 3]);
    expect([short.text?.isTruncated, short.text?.lengths].map((of) => Array.from(of ?? []))).toEqual([
      [1, 0],
      [5, 3],
    ]);
  });

  test('a tag that has no name, and words without tags, are refused with their sentence', () => {
    expect(() => made({ tagNames: ['NOUN', 'VERB'] })).toThrow(
      'pos, sentence 1: wanted tags among NOUN, VERB, got OTHER',
    );
    const odd = [{ words: ['a', 'b'], tags: ['NOUN'] }];
    expect(() => taggedDataset(odd, tokenizer, { name: 'pos', tagNames, model })).toThrow(
      'wanted 2 tags, one per word, got 1',
    );
  });
});

describe('readTaggedTexts', () => {
  test('reads a line a word, an empty line after each sentence', async () => {
    const path = join(root, 'pos.tsv');
    writeFileSync(path, '# sent_id = 1\nthe\tthe\tOTHER\ndog\tdog\tNOUN\n\n\ndog\tdog\tNOUN\r\n');
    expect(await readTaggedTexts(path, { word: 0, tag: 2 })).toEqual([
      { words: ['the', 'dog'], tags: ['OTHER', 'NOUN'] },
      { words: ['dog'], tags: ['NOUN'] },
    ]);
    await expect(readTaggedTexts(path, { word: 0, tag: 5 })).rejects.toThrow(`${path}:2: wanted a word in column 0`);
  });
});
