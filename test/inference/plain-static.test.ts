import { describe, expect, test } from 'vitest';
import { plainStatic } from '../../src/inference/plain-static.js';
import { openForward } from '../../src/models/forward.js';
import { type StaticConfig, staticDefaults, staticModel } from '../../src/models/static-model.js';
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

describe('plainStatic', () => {
  test.each(witnesses)('%s: the logits are PyTorch’s', (_, witness) => {
    const plain = plainOf(witness);
    for (const [row, wanted] of (witness.outputs.logits as Rows).entries()) {
      const logits = plain(idsOf(witness, row, '') ?? [], idsOf(witness, row, '_b'));
      for (const [c, value] of wanted.entries()) expect(logits[c]).toBeCloseTo(value, 5);
    }
  });

  test('at the usual size they are those of an inference session to 1e-5', async () => {
    const model = staticModel({ vocab_size: 50, num_labels: 5 });
    const weights = initialiseParameters(model.parameters, 1);
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
