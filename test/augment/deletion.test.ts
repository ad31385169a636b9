import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiesOfRow } from '../../src/augment/augmentation.js';
import { deletion } from '../../src/augment/deletion.js';
import { RandomStream } from '../../src/tensor/random.js';

test('what is left is words of the text in their order, and never nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd,'), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      async (words, seed) => {
        const random = new RandomStream(seed, 'test');
        const [copy] = await deletion({ copies: 1, deleteRate: 0.9 }).copies({ text: words.join(' ') }, random);
        const left = (copy?.text ?? '').split(' ');
        expect(left.length).toBeGreaterThanOrEqual(1);
        let at = 0;
        for (const word of left) {
          at = words.indexOf(word, at) + 1;
          expect(at).toBeGreaterThan(0);
        }
      },
    ),
  );
});

test('the share that is left out is that of the rate', async () => {
  const text = 'word '.repeat(20_000).trim();
  const [copy] = await deletion({ copies: 1, deleteRate: 0.3 }).copies({ text }, new RandomStream(1, 'test'));
  // Binomial: 0.7 with a standard deviation of 0.0032; five of them.
  expect(Math.abs((copy?.text ?? '').split(' ').length / 20_000 - 0.7)).toBeLessThan(0.017);
});

test('copies of a pair change the first text, the second, and both, in turn', async () => {
  const source = { text: 'a b c d e f g h', pair: 'i j k l m n o p' };
  const made = await deletion({ copies: 3, deleteRate: 0.8 }).copies(source, new RandomStream(2, 'test'));
  expect(made.map(({ text, pair }) => [text === source.text, pair === source.pair])).toEqual([
    [false, true],
    [true, false],
    [false, false],
  ]);
});

test('the same row gives the same copies, and a number out of range is refused', async () => {
  const row = { id: '7', text: 'a long enough text to lose some of its words' };
  expect(await copiesOfRow(row, deletion(), { seed: 3 })).toEqual(await copiesOfRow(row, deletion(), { seed: 3 }));
  expect(() => deletion({ deleteRate: 1 })).toThrow('deleteRate: wanted a number above 0 and below 1, got 1');
  expect(() => deletion({ copies: 0 })).toThrow('copies: wanted an integer ≥ 1');
});
