import { describe, expect, test } from 'vitest';
import { maskTokens } from '../../src/data/masked-texts.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { bert } from '../../src/models/bert.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { readPieces } from '../../src/tokenizers/pieces.js';
import { WORDS, words, wordTable } from './words.js';

const pieces = await readPieces(words);
const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_attention_heads: 1 });
const data = textDataset(wordTable('train', 400), words, { model });
const rows = [...Array(400).keys()];
const plain = data.batch(rows);
const AT = { seed: 1, step: 3, part: 0 };

/** int64 [B, N] as rows. */
function table(
  of: { readonly shape: readonly number[]; readonly data: ArrayLike<number> | BigInt64Array } | undefined,
) {
  const numbers = toNumbers(of ?? { data: [] });
  const width = of?.shape[1] ?? 0;
  return Array.from({ length: of?.shape[0] ?? 0 }, (_, row) => numbers.slice(row * width, (row + 1) * width));
}

describe('maskTokens', () => {
  test('asks for 15 % of each text, at least one; of these 80 % are hidden, 10 % others, 10 % as they were', () => {
    const before = table(plain.inputs.input_ids);
    const masked = maskTokens({ pieces, rate: 0.4 }).perturb(plain, AT);
    const after = table(masked.inputs.input_ids);
    const positions = table(masked.inputs.masked_positions);
    const labels = table(masked.labels);
    let [asked, hidden, kept] = [0, 0, 0];
    for (const row of rows) {
      const places = (positions[row] as number[]).filter((place) => place >= 0);
      const length = data.text?.lengths[row] ?? 0;
      expect(places).toHaveLength(Math.max(1, Math.round(0.4 * length)));
      expect(new Set(places).size).toBe(places.length);
      for (const [i, place] of places.entries()) {
        const [own, shown] = [before[row]?.[place], after[row]?.[place]];
        expect(place).toBeLessThan(length);
        expect(labels[row]?.[i]).toBe(own);
        asked += 1;
        if (shown === pieces.mask.id) hidden += 1;
        else if (shown === own) kept += 1;
        else expect(shown).toBeGreaterThanOrEqual(3);
      }
      // Nothing else is touched, and what is not asked for has no label.
      for (let s = 0; s < (before[row]?.length ?? 0); s++) {
        if (!places.includes(s)) expect(after[row]?.[s]).toBe(before[row]?.[s]);
      }
      expect(labels[row]?.slice(places.length).every((label) => label === -100)).toBe(true);
    }
    // Binomial: standard deviations of 0.014; by chance one in nine of the others is the word itself.
    expect(Math.abs(hidden / asked - 0.8)).toBeLessThan(0.06);
    expect(Math.abs(kept / asked - (0.1 + 0.1 / WORDS.length))).toBeLessThan(0.06);
    expect(plain.labels?.shape).toEqual([400]);
    expect(table(plain.inputs.input_ids)).toEqual(before);
  });

  test('what is hidden depends on seed, step and row, not on the batch; asked everywhere it is the same words', () => {
    const masking = maskTokens({ pieces });
    const whole = masking.perturb(plain, AT);
    const part = masking.perturb(data.batch([7, 300], 3), { ...AT, part: 5 });
    const length = part.inputs.input_ids?.shape[1] ?? 0;
    const some = (of: typeof whole.inputs.input_ids) => [7, 300].map((row) => table(of)[row]?.slice(0, length));
    expect(table(part.inputs.input_ids).slice(0, 2)).toEqual(some(whole.inputs.input_ids));
    expect(masking.perturb(plain, { ...AT, step: 4 }).inputs.input_ids).not.toEqual(whole.inputs.input_ids);
    expect(masking.perturb(plain, { ...AT, seed: 2 }).inputs.input_ids).not.toEqual(whole.inputs.input_ids);

    const everywhere = maskTokens({ pieces, answersAt: 'all' }).perturb(plain, AT);
    expect(everywhere.inputs.input_ids).toEqual(whole.inputs.input_ids);
    expect(everywhere.inputs.masked_positions).toBeUndefined();
    const counted = (labels: typeof whole.labels) => toNumbers(labels ?? { data: [] }).filter((label) => label >= 0);
    expect(counted(everywhere.labels)).toEqual(counted(whole.labels));
  });

  test('special tokens are neither hidden nor put in', () => {
    expect([...pieces.special].sort()).toEqual([0, 1, 2]);
    expect(pieces.mask).toEqual({ token: '[MASK]', id: 2 });
    const unknown = {
      ...plain,
      inputs: {
        ...plain.inputs,
        input_ids: {
          ...plain.inputs.input_ids,
          data: new BigInt64Array(plain.inputs.input_ids?.data.length ?? 0).fill(1n),
        },
      },
    };
    const masked = maskTokens({ pieces }).perturb(unknown as typeof plain, AT);
    expect(toNumbers(masked.labels ?? { data: [] }).every((label) => label === -100)).toBe(true);
  });

  test('a rate that is none is refused', () => {
    expect(() => maskTokens({ pieces, rate: 0 })).toThrow('mask rate: wanted a number > 0 and < 1, got 0');
  });
});
