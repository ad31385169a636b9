import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LabelWords } from '../../../src/outside/chat/label-words.js';
import {
  optionCodes,
  optionLines,
  optionSchema,
  structuredNames,
  structuredValue,
} from '../../../src/outside/chat/option-codes.js';
import { walkOptions } from '../../../src/outside/chat/option-trie.js';
import { dataTest } from '../../setup/data-test.js';
import type { Split } from './simulated-model.js';
import { walkedReplies } from './walked-replies.js';

/** Numbers of up to three digits are one token, as in OpenAI's; or each digit is one, as in Llama 2; or words are cut short. */
const SPLITS: Readonly<Record<string, Split>> = {
  'three digits': (text) => text.match(/ ?\p{L}{1,5}|\p{N}{1,3}|_?\p{L}{1,4}|\s+|./gsu) ?? [],
  'one digit': (text) => text.match(/ ?\p{L}{1,3}|\p{N}|\s+|./gsu) ?? [],
  'two characters': (text) => text.match(/.{1,2}/gsu) ?? [],
};

const coded = (count: number) => {
  const codes = optionCodes(count);
  const labels = codes.map((_, i) => `label ${i}`);
  return {
    codes,
    words: new LabelWords(labels, Object.fromEntries(labels.map((label, i) => [label, codes[i] as string]))),
  };
};

describe('optionCodes', () => {
  test('letters, then numbers of one width; none begins another one', () => {
    expect(optionCodes(3)).toEqual(['A', 'B', 'C']);
    expect(optionCodes(24).at(-1)).toBe('Z');
    expect([optionCodes(25)[0], optionCodes(77).at(-1), optionCodes(151)[0], optionCodes(1000)[0]]).toEqual([
      ...['01', '77', '001', '0001'],
    ]);
    for (const count of [2, 24, 25, 99, 100, 151, 1000]) {
      const codes = optionCodes(count);
      expect(new Set(codes).size).toBe(count);
      expect(codes.some((code) => codes.some((other) => other !== code && other.startsWith(code)))).toBe(false);
    }
  });

  test('lines have code, label and description on one line each', () => {
    expect(optionLines(['A', 'B'], ['billing', 'tech'], { billing: ' money\n matters ' })).toBe(
      'A  billing: money matters\nB  tech',
    );
  });
});

describe('walkOptions', () => {
  test.each(Object.entries(SPLITS))(
    'codes in tokens of %s: the truth is within bounds as narrow as can be',
    (_, split) => {
      for (const count of [5, 24, 77, 151]) {
        const { codes, words } = coded(count);
        const { named, close } = walkedReplies(words, codes, split, 100);
        expect(named).toBeGreaterThan(30);
        expect(close).toBeGreaterThan(0);
      }
    },
  );

  test('where few tokens carry all, every option is exact', () => {
    const { codes, words } = coded(5);
    const tokens = [
      [
        'B',
        [
          ['B', Math.log(0.5)],
          ['A', Math.log(0.2)],
          ['C', Math.log(0.1)],
          ['D', Math.log(0.2)],
        ],
      ],
    ] as const;
    const { low, high, unseen } = walkOptions(words, tokens, codes.indexOf('B')) ?? {};
    for (const bound of [low, high]) {
      for (const [c, p] of [0.2, 0.5, 0.1, 0.2, 0].entries()) expect(bound?.[c]).toBeCloseTo(p, 12);
    }
    expect(unseen).toBe(0);
  });

  test('a digit that begins several codes gives their sum alone', () => {
    const { words } = coded(30);
    const tokens = [
      [
        '1',
        [
          ['1', Math.log(0.6)],
          ['2', Math.log(0.3)],
          ['no', Math.log(0.1)],
        ],
      ],
      [
        '7',
        [
          ['7', Math.log(0.5)],
          ['0', Math.log(0.5)],
        ],
      ],
    ] as const;
    const walk = walkOptions(words, tokens, 16);
    const bounds = (code: number) =>
      [walk?.low[code - 1], walk?.high[code - 1]].map((value) => Number(value?.toFixed(9)));
    expect([bounds(17), bounds(10), bounds(18), bounds(20), bounds(29), bounds(1), bounds(30)]).toEqual([
      ...[
        [0.3, 0.3],
        [0.3, 0.3],
        [0, 0],
        [0, 0.3],
        [0, 0.3],
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(walk?.outside).toBeCloseTo(0.1, 12);
  });

  test('the same digit after a space is another beginning: what comes after it is not known', () => {
    const { words } = coded(30);
    const likely = (p: Readonly<Record<string, number>>) =>
      Object.entries(p).map(([token, share]) => [token, Math.log(share)] as const);
    const tokens = [
      ['1', likely({ '1': 0.6, ' 1': 0.3, '\n': 0.1 })],
      ['7', likely({ '7': 0.5, '0': 0.5 })],
    ] as const;
    const { low = [], high = [] } = walkOptions(words, tokens, 16) ?? {};
    expect([low[16], high[16], low[17], high[17]].map((value) => Number(value?.toFixed(9)))).toEqual([
      0.3, 0.7, 0, 0.4,
    ]);
    // A line end may come before any.
    expect(high[29]).toBeCloseTo(0.1, 9);
  });

  dataTest('banking77', '77 labels by their own words', (folder) => {
    const labels: string[] = JSON.parse(readFileSync(join(folder, 'categories.json'), 'utf8'));
    const whole = labels.filter((label) => !labels.some((other) => other !== label && label.startsWith(other)));
    for (const split of Object.values(SPLITS)) walkedReplies(new LabelWords(whole), whole, split, 40);
  });
});

describe('structured replies', () => {
  test.each([
    ['', ''],
    [' {"la', ''],
    ['{ "label" : "', ''],
    ['{"label":"07"}', '07"}'],
    ['07', '07'],
    ['{"answer":"07"}', '\uFFFF'],
  ])('the value of %j begins with %j', (text, value) => {
    expect(structuredValue(text)).toBe(value);
  });

  test('tokens that cross the quotes count for what is in them', () => {
    const { words } = coded(30);
    const tokens = [
      ['{"', [['{"', 0]]],
      ['label', [['label', 0]]],
      [
        '":"',
        [
          ['":"', Math.log(0.75)],
          ['":"2', Math.log(0.25)],
        ],
      ],
      [
        '07',
        [
          ['07', Math.log(0.8)],
          ['12', Math.log(0.2)],
        ],
      ],
      ['"}', [['"}', 0]]],
    ] as const;
    const { low, high } = walkOptions(structuredNames(words), tokens, 6) ?? {};
    const at = (code: number) => [low?.[code - 1], high?.[code - 1]].map((value) => Number(value?.toFixed(9)));
    expect([at(7), at(12), at(20), at(30)]).toEqual([
      [0.6, 0.6],
      [0.15, 0.15],
      [0, 0.25],
      [0, 0],
    ]);
    expect(JSON.stringify(optionSchema(['07', '12']))).toContain('"enum":["07","12"]');
  });
});
