import { describe, expect, test } from 'vitest';
import { bert } from '../../src/models/bert.js';
import { distilbert } from '../../src/models/distilbert.js';
import type { Model } from '../../src/models/model.js';
import { adamw } from '../../src/optim/adamw.js';
import { isUsuallyUndecayed, resolveGroups } from '../../src/optim/groups.js';
import { layerwiseGroups } from '../../src/optim/layer-wise.js';
import { readGolden } from '../losses/golden-cases.js';
import { smallEncoders } from '../models/small-encoders.js';

type Witness = { readonly inputs: { readonly n_layers: number; readonly lr: number; readonly decay: number } };
const golden = readGolden<Record<string, Witness & { readonly expected: Record<string, number> }>>('golden.json');

const namesOf = (model: Model) => model.parameters.map(({ name }) => name);
const tiny = {
  vocab_size: 8,
  hidden_size: 2,
  num_attention_heads: 1,
  intermediate_size: 2,
  max_position_embeddings: 4,
};

describe('layerwiseGroups', () => {
  // witness: golden bam/layerwise_lr/bert_base, lr · decay^(N + 2 − depth) of google-research/bam
  test('a BERT of 12 layers has BAM’s rates', () => {
    const { inputs, expected } = golden['bam/layerwise_lr/bert_base'] as (typeof golden)[string];
    const names = namesOf(bert({ ...tiny, num_hidden_layers: inputs.n_layers }));
    const optimizer = adamw({ learningRate: inputs.lr });
    const rates = resolveGroups(names, optimizer, layerwiseGroups(names, { decay: inputs.decay }));
    const rateOf = (name: string) => inputs.lr * (rates.get(name)?.learningRateFactor ?? Number.NaN);
    const places: Record<string, string> = {
      embeddings: 'embeddings.LayerNorm.bias',
      pooler: 'pooler.dense.weight',
      task_head: 'classifier.bias',
    };
    for (const [place, rate] of Object.entries(expected)) {
      const name = places[place] ?? `encoder.layer.${place.slice('layer_'.length)}.output.dense.weight`;
      expect(rateOf(name) / rate, place).toBeCloseTo(1, 12);
    }
  });

  test('weight decay stays apart from depth, and a family without pooler has its own', () => {
    const names = namesOf(distilbert({ vocab_size: 8, dim: 2, n_layers: 2, n_heads: 1, hidden_dim: 2 }));
    const groups = layerwiseGroups(names, { decay: 0.5, isUndecayed: isUsuallyUndecayed });
    const rates = resolveGroups(names, adamw({ weightDecay: 0.1 }), groups);
    // by hand: N = 2, so layer 1 is at depth 2 of 4
    expect(rates.get('transformer.layer.1.ffn.lin1.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: 0.25 });
    expect(rates.get('transformer.layer.1.ffn.lin1.bias')).toEqual({ weightDecay: 0, learningRateFactor: 0.25 });
    expect(rates.get('pre_classifier.weight')).toEqual({ weightDecay: 0.1, learningRateFactor: 1 });
    expect(rates.get('embeddings.word_embeddings.weight')?.learningRateFactor).toBe(0.0625);
  });

  test.each(smallEncoders({ layers: 2 }).map((model) => [model.kind, model] as const))(
    '%s: embeddings, two layers and the head have rates of their own',
    (_kind, model) => {
      const names = namesOf(model);
      const rates = resolveGroups(names, adamw(), layerwiseGroups(names, { decay: 0.5 }));
      // by hand: 0.5 to the powers 4, 3, 2, and 0; a pooler is at 1
      const found = new Set([...rates.values()].map((rate) => rate.learningRateFactor));
      expect(found).toEqual(
        new Set(names.includes('pooler.dense.bias') ? [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1] : [1 / 16, 1 / 8, 1 / 4, 1]),
      );
    },
  );

  test('a decay out of range and a model without layers are refused', () => {
    expect(() => layerwiseGroups(['encoder.layer.0.a'], { decay: 0 })).toThrow('wanted a number > 0 and ≤ 1, got 0');
    expect(() => layerwiseGroups(['fc1.weight'], { decay: 0.9 })).toThrow('use one rate for all of this model');
  });
});
