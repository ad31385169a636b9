import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { augmentedRows, copiesOfRow } from '../../src/augment/augmentation.js';
import { posLexicon } from '../../src/augment/pos-lexicon.js';
import { keepStretch, replaceWords, tang } from '../../src/augment/tang.js';
import { textOf, textWords } from '../../src/augment/text-words.js';
import { selectRows, textTable } from '../../src/data/text-table.js';
import { RandomStream } from '../../src/tensor/random.js';
import { collected } from './collected.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Golden = {
  readonly inputs: {
    readonly tokens: readonly string[];
    readonly pos_dict: Readonly<Record<string, readonly string[]>>;
    readonly u1: readonly number[];
    readonly u2: readonly number[];
  };
  readonly params: { readonly p_mask: number; readonly p_pos: number; readonly p_ng: number };
  readonly expected: { readonly sample_u1: readonly string[]; readonly sample_u2: readonly string[] };
};
const golden = (
  JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8')) as Record<string, Golden>
)['tang/augment_draws'] as Golden;

const lexicon = posLexicon(
  Object.entries(golden.inputs.pos_dict).flatMap(([tag, words]) =>
    words.map((word) => ({ word, tags: [[tag, 1] as const] })),
  ),
);

/** Numbers that are given, one after the other. */
function drawsOf(numbers: readonly number[]): { draw: () => number; left: () => number } {
  let used = 0;
  return {
    draw: () => {
      const next = numbers[used++];
      if (next === undefined) throw new Error('more draws than the golden case has');
      return next;
    },
    left: () => numbers.length - used,
  };
}

describe('tang', () => {
  // Witness: golden vector tang/augment_draws, whose draw order is the specification's.
  test.each(['u1', 'u2'] as const)('the golden draws %s give the golden text, and none is left', (name) => {
    const { draw, left } = drawsOf(golden.inputs[name]);
    const { p_mask: maskRate, p_pos: posRate, p_ng } = golden.params;
    const words = textWords(golden.inputs.tokens.join(' '));
    const replaced = replaceWords(words, { maskRate, posRate, maskWord: '[MASK]', lexicon }, draw);
    expect(textOf(keepStretch(replaced, p_ng, draw))).toBe(golden.expected[`sample_${name}`].join(' '));
    expect(left()).toBe(0);
  });

  test('a stretch is 1 to 5 words behind each other, wherever it starts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (size, seed) => {
        const words = Array.from({ length: size }, (_, i) => i);
        const random = new RandomStream(seed, 'stretch');
        const kept = keepStretch(words, 1, () => random.uniform());
        expect(kept.length).toBeGreaterThanOrEqual(1);
        expect(kept.length).toBeLessThanOrEqual(Math.min(5, size));
        expect(kept).toEqual(words.slice(kept[0], (kept[0] ?? 0) + kept.length));
      }),
    );
  });

  test('over many words the shares are those of the rates', () => {
    const random = new RandomStream(4, 'shares');
    const words = textWords('comedy '.repeat(20_000));
    const rates = { maskRate: 0.1, posRate: 0.3, maskWord: '[MASK]', lexicon };
    const replaced = replaceWords(words, rates, () => random.uniform()).map(({ word }) => word);
    const share = (word: string) => replaced.filter((other) => other === word).length / words.length;
    // Binomial: 0.1 and 0.3 / 3 with a standard deviation of 0.002; five of them.
    expect(Math.abs(share('[MASK]') - 0.1)).toBeLessThan(0.011);
    expect(Math.abs(share('film') - 0.1)).toBeLessThan(0.011);
    expect(Math.abs(share('plot') - 0.1)).toBeLessThan(0.011);
  });

  test('marks around a word stay, and so does its large letter', () => {
    const words = textWords('The comedy, “film”!');
    const replaced = replaceWords(words, { maskRate: 0, posRate: 1, maskWord: '[MASK]', lexicon }, () => 0.9);
    expect(textOf(replaced)).toBe('A plot, “plot”!');
    expect(textOf(textWords("it 's n't ( well-made ) ."))).toBe("it 's n't ( well-made ) .");
  });

  test('pairs: the first is changed, the second, both, and again', async () => {
    const augmentation = tang({ copies: 6, maskRate: 1, posRate: 0, ngramRate: 0 });
    const random = new RandomStream(1, 'pairs');
    const copies = await augmentation.copies({ text: 'a b', pair: 'c' }, random);
    const three = [
      { text: '[MASK] [MASK]', pair: 'c' },
      { text: 'a b', pair: '[MASK]' },
      { text: '[MASK] [MASK]', pair: '[MASK]' },
    ];
    expect(copies).toEqual([...three, ...three]);
    expect(tang({ posRate: 0 }).copies({ text: 'a', pair: 'b' }, random)).toHaveLength(10);
    expect(tang({ posRate: 0 }).copies({ text: 'a' }, random)).toHaveLength(20);
  });

  test('what cannot be is refused with the reason', () => {
    expect(() => tang()).toThrow('posRate: wanted a lexicon, got none; give a file of words');
    expect(() => tang({ maskRate: 0.6, posRate: 0.5, lexicon })).toThrow(
      'maskRate and posRate: wanted a sum of at most 1',
    );
    expect(() => tang({ maskRate: 0, posRate: 0, ngramRate: 0 })).toThrow('wanted a rule with a rate above 0');
    expect(() => tang({ posRate: 0, copies: 0 })).toThrow('copies: wanted an integer ≥ 1');
    expect(() => tang({ posRate: 0, ngramRate: Number.NaN })).toThrow('ngramRate: wanted a number from 0 to 1');
  });
});

describe('augmentedRows', () => {
  const table = textTable('some', {
    texts: ['the comedy loved the plot', 'a film .', 'he hated the film', '   ', 'we loved it'],
    ids: ['a', 'b', 'c', 'd', 'e'],
  });
  const augmentation = tang({ lexicon, copies: 12 });
  const all = async (of = table, options = {}) => collected(augmentedRows(of, augmentation, options));

  test('a row gives the same texts in another order and beside other rows, and others with another seed', async () => {
    const whole = await all();
    for (const rows of [[4, 2, 0, 1], [2]]) {
      const some = await all(selectRows(table, rows));
      expect(some).toEqual(rows.flatMap((row) => whole.filter(({ from }) => from === table.ids[row])));
    }
    expect(await all(table, { seed: 7 })).not.toEqual(whole);
    expect(whole.some(({ from }) => from === 'd')).toBe(false);
  });

  test('no text of a row is there twice or equal to the row, ids are FROM/N, and originals come first if asked for', async () => {
    for (const row of await all(table, { hasOriginals: true })) {
      const own = table.texts[table.ids.indexOf(row.from)];
      expect(row.id.startsWith(`${row.from}/`)).toBe(true);
      expect(row.text === own).toBe(row.id === `${row.from}/0`);
    }
    const rows = await all();
    for (const id of table.ids) {
      const texts = rows.filter(({ from }) => from === id).map(({ text }) => text);
      expect(new Set(texts).size).toBe(texts.length);
    }
    const masked = await copiesOfRow({ id: 'x', text: 'a b' }, tang({ maskRate: 1, posRate: 0, ngramRate: 0 }));
    expect(masked).toEqual([{ id: 'x/1', from: 'x', text: '[MASK] [MASK]' }]);
  });

  test('100,000 rows with five copies each take no more memory than a thousand', async () => {
    const size = 100_000;
    const texts = Array.from({ length: size }, (_, i) => `${i} the comedy loved the plot`);
    const many = textTable('many', { texts });
    let [rows, least, most] = [0, Number.POSITIVE_INFINITY, 0];
    for await (const { from } of augmentedRows(many, tang({ lexicon, copies: 5 }))) {
      rows += 1;
      if (rows % 50_000 !== 0 || Number(from) < 1000) continue;
      collectGarbage();
      const { heapUsed } = process.memoryUsage();
      least = Math.min(least, heapUsed);
      most = Math.max(most, heapUsed);
    }
    expect(rows).toBeGreaterThan(3 * size);
    // The texts that were made are 30 MB and more.
    expect(most - least).toBeLessThan(4 * 2 ** 20);
  });
});
