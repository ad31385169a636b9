import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { posLexicon, readPosLexicon } from '../../src/augment/pos-lexicon.js';
import { dataTest } from '../setup/data-test.js';

const scratch = mkdtempSync(join(tmpdir(), 'retort-lexicon-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(scratch, name), content);
  return join(scratch, name);
};

describe('posLexicon', () => {
  const lexicon = posLexicon([
    { word: 'film', tags: [['NOUN', 5], ['VERB', 2]] },
    { word: 'plot', tags: [['NOUN', 3], ['VERB', 4]] },
    { word: 'May', tags: [['PROPN', 1]] },
  ]); // biome-ignore format: one word a line

  test('a word has its commonest part of speech, in small letters if not as written', () => {
    expect(['film', 'plot', 'Film', 'May', 'may', 'nothing'].map(lexicon.tagOf)).toEqual(
      ['NOUN', 'VERB', 'NOUN', 'PROPN', undefined, undefined],
    ); // biome-ignore format: two rows to compare
  });

  test('words of a part of speech are drawn as often as they were met as that', () => {
    // By hand: of the 8 nouns the first 5 are film, of the 6 verbs the first 2.
    const drawn = (tag: string, total: number) =>
      Array.from({ length: total }, (_, i) => lexicon.wordOf(tag, (i + 0.5) / total));
    expect(drawn('NOUN', 8)).toEqual([...Array(5).fill('film'), ...Array(3).fill('plot')]);
    expect(drawn('VERB', 6)).toEqual([...Array(2).fill('film'), ...Array(4).fill('plot')]);
    expect(lexicon.wordOf('ADJ', 0.5)).toBeUndefined();
  });
});

describe('readPosLexicon', () => {
  test('reads counts by tag, a tag without one, a header and Windows’ line ends', async () => {
    const path = file('good.tsv', '\uFEFFword\tcount\ttags\r\nfilm\t7\tNOUN:5 VERB:2\r\n:\t3\tPUNCT\r\n');
    const lexicon = await readPosLexicon(path);
    expect([lexicon.tagOf('film'), lexicon.tagOf(':'), lexicon.wordOf('PUNCT', 0.99)]).toEqual(['NOUN', 'PUNCT', ':']);
    const same = posLexicon([
      { word: 'film', tags: [['NOUN', 5], ['VERB', 2]] },
      { word: ':', tags: [['PUNCT', 3]] },
    ]); // biome-ignore format: one word a line
    expect(lexicon.hash).toBe(same.hash);
  });

  test('names file and line of what is no such row', async () => {
    const fix = 'correct or delete that line';
    for (const line of ['film', 'film\t0\tNOUN', 'film\tmany\tNOUN', 'film\t3\t', 'film\t3\tNOUN:0', '\t3\tNOUN']) {
      await expect(readPosLexicon(file('bad.tsv', `a\t1\tDET\n${line}\n`))).rejects.toThrow(
        `bad.tsv:2: wanted a word, its count and its parts of speech, separated by tabs, got ${line}; ${fix}`,
      );
    }
    await expect(readPosLexicon(file('empty.tsv', ''))).rejects.toThrow('wanted one word per line, got an empty file');
    await expect(readPosLexicon(join(scratch, 'none.tsv'))).rejects.toThrow('none.tsv');
  });

  dataTest('ud-ewt-pos', 'the lexicon of the English Web Treebank', async (folder) => {
    const lexicon = await readPosLexicon(join(folder, 'lexicon.tsv'));
    // Witness: its lines, the 9064 of 9075, VERB:11 and VERB:6.
    expect(['the', 'loved', 'plays'].map(lexicon.tagOf)).toEqual(['DET', 'VERB', 'VERB']);
  });
});
