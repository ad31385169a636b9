import { describe, expect, test } from 'vitest';
import { plainStatic } from '../../src/inference/plain-static.js';
import { openForward } from '../../src/models/forward.js';
import { type StaticConfig, staticDefaults, staticModel } from '../../src/models/static-model.js';
import { uniform } from '../../src/nn/initialisers.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';
import { readWitnesses, tensorsOf, type Witness } from '../models/witness.js';

type Rows = readonly (readonly number[])[];
// Witness: PyTorch, through test/python/make_models.py.
const witnesses = Object.entries(readWitnesses('static'));

function plainOf({ config, parameters }: Witness) {
  const whole: StaticConfig = { ...staticDefaults, ...config };
  return plainStatic({ config: whole, weights: tensorsOf('float32', parameters) as Record<string, Tensor<'float32'>> });
}

/** The ids that the mask of a row leaves. */
function idsOf({ inputs }: Witness, row: number, suffix: string): number[] | undefined {
  const ids = inputs[`input_ids${suffix}`] as Rows | undefined;
  const mask = inputs[`attention_mask${suffix}`] as Rows | undefined;
  return ids?.[row]?.filter((_, s) => mask?.[row]?.[s] === 1);
}

/** Whether padding stands before a token. */
function hasGap({ inputs }: Witness, row: number): boolean {
  return (inputs.attention_mask as Rows)[row]?.join('').includes('01') === true;
}

describe('plainStatic', () => {
  test.each(witnesses)('%s: the logits are PyTorch’s', (_, witness) => {
    const plain = plainOf(witness);
    for (const [row, wanted] of (witness.outputs.logits as Rows).entries()) {
      // Without its gap it has other n-grams.
      if (witness.config.ngram_buckets !== undefined && hasGap(witness, row)) continue;
      const logits = plain(idsOf(witness, row, '') ?? [], idsOf(witness, row, '_b'));
      for (const [c, value] of wanted.entries()) expect(logits[c]).toBeCloseTo(value, 5);
    }
  });

  test('at the usual size they are those of an inference session to 1e-5', async () => {
    const model = staticModel({ vocab_size: 50, num_labels: 5, ngram_sizes: [2, 3], ngram_buckets: 40 });
    const ngrams = { name: 'ngrams.weight', shape: [41, 256], initialise: uniform(-0.25, 0.25) };
    const weights = initialiseParameters([...model.parameters, ngrams], 1);
    // That of no n-gram.
    weights['ngrams.weight']?.data.fill(0, 0, 256);
    const ids = Array.from({ length: 20 }, (_, i) => (i * 7) % 50);
    const forward = await openForward(model, ['logits'], { threads: 1 });
    const { logits } = await forward.run(weights, {
      input_ids: fromNumbers('int64', [1, 20], ids),
      attention_mask: fromNumbers(
        'int64',
        [1, 20],
        ids.map(() => 1),
      ),
    });
    await forward.release();
    const plain = plainStatic({ config: model.config as StaticConfig, weights })(ids);
    for (const [c, value] of toNumbers(logits as Tensor).entries())
      expect(Math.abs((plain[c] as number) - value)).toBeLessThan(1e-5);
  });

  test('ids of another vocabulary, a text too many or too few, and weights of another model are refused', () => {
    const [single, , pair] = witnesses.map(([, witness]) => witness) as [Witness, Witness, Witness];
    expect(() => plainOf(single)([1, 10])).toThrow('id 2: wanted an integer from 0 to 9, got 10');
    expect(() => plainOf(single)([1], [2])).toThrow('plainStatic: wanted the ids of one text, got of two');
    expect(() => plainOf(pair)([1])).toThrow('plainStatic: wanted the ids of two texts, got of one');
    const config = { ...staticDefaults, ...single.config };
    expect(() => plainStatic({ config, weights: {} })).toThrow(
      "tensor 'embed.weight': wanted float32[10, 4], got none of that name",
    );
  });
});
