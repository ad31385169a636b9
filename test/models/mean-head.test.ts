import { describe, expect, test } from 'vitest';
import { input, type Value } from '../../src/autograd/value.js';
import { bert } from '../../src/models/bert.js';
import { hasHubClass } from '../../src/models/families.js';
import { huggingFaceConfig } from '../../src/models/hugging-face.js';
import { evaluationContext } from '../../src/nn/context.js';
import { initialiseParameters, inputParameters } from '../../src/nn/parameters.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

const SIZES = {
  vocab_size: 20,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 16,
} as const;
const model = bert({ ...SIZES, head: 'mean', num_labels: 3 });

async function signalsOf(ids: readonly (readonly number[])[], mask: readonly (readonly number[])[]) {
  const dims = { B: ids.length, S: ids[0]?.length ?? 0 };
  const values = Object.fromEntries(
    model.inputs(dims).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)]),
  );
  const signals = model.forward(evaluationContext(inputParameters(model.parameters)), values);
  const int64 = (rows: readonly (readonly number[])[]) => fromNumbers('int64', [dims.B, dims.S], rows.flat());
  const feeds = {
    input_ids: int64(ids),
    attention_mask: int64(mask),
    token_type_ids: int64(ids.map((row) => row.map(() => 0))),
  };
  const outputs = {
    pooled: signals.pooledOutput as Value,
    logits: signals.logits,
    hidden: signals.hiddenStates?.at(-1) as Value,
  };
  const weights = initialiseParameters(model.parameters, 3);
  const found = await evaluate(outputs, { ...feeds, ...weights });
  return { weights, ...Object.fromEntries(Object.entries(found).map(([name, value]) => [name, toNumbers(value)])) } as {
    readonly weights: typeof weights;
  } & Readonly<Record<keyof typeof outputs, number[]>>;
}

describe('a head on the mean over tokens', () => {
  const ids = [
    [1, 5, 9, 2],
    [1, 7, 2, 0],
  ];
  const mask = [
    [1, 1, 1, 1],
    [1, 1, 1, 0],
  ];

  // Witness: the formula of the file's header, from the hidden states that the same pass gives.
  test('reads the mean of the hidden states of real tokens, brought to length 1', async () => {
    const { pooled, logits, hidden, weights } = await signalsOf(ids, mask);
    const H = SIZES.hidden_size;
    for (const [row, length] of [4, 3].entries()) {
      const mean = Array.from({ length: H }, (_, i) =>
        Array.from({ length }, (_, s) => hidden[(row * 4 + s) * H + i] as number).reduce((sum, x) => sum + x, 0),
      );
      const norm = Math.hypot(...mean);
      for (let i = 0; i < H; i++) expect(pooled[row * H + i]).toBeCloseTo((mean[i] as number) / norm, 5);
      const [weight, bias] = [weights['classifier.weight'], weights['classifier.bias']];
      for (let c = 0; c < 3; c++) {
        const own = mean.reduce(
          (sum, x, i) => sum + (x / norm) * Number(weight?.data[c * H + i]),
          Number(bias?.data[c]),
        );
        expect(logits[row * 3 + c]).toBeCloseTo(own, 5);
      }
    }
  });

  test('does not see padding, and gives numbers for a text without a token', async () => {
    const padded = await signalsOf(ids, mask);
    const other = await signalsOf(
      [
        [1, 5, 9, 2],
        [1, 7, 2, 13],
      ],
      mask,
    );
    expect(other.logits.slice(3)).toEqual(padded.logits.slice(3));
    const empty = await signalsOf([[0, 0]], [[0, 0]]);
    for (const value of [...empty.pooled, ...empty.logits]) expect(Number.isFinite(value)).toBe(true);
  });

  test('has no pooler, and no class in transformers, which is said', () => {
    expect(model.parameters.some(({ name }) => name.startsWith('pooler.'))).toBe(false);
    expect(hasHubClass(model)).toBe(false);
    expect(hasHubClass(bert({ ...SIZES, num_labels: 3 }))).toBe(true);
    expect(() => huggingFaceConfig({ model, labelNames: ['a', 'b', 'c'] })).toThrow(
      /a head that transformers has a class for, got mean.*export to ONNX/s,
    );
  });
});
