/** @file A temperature in the weights of a model: whatever reads them has it. */
import { familyOf } from './families.js';
import type { HeadName } from './heads.js';
import type { Model, Weights } from './model.js';

/** The same model with its temperature in its weights, as exports have it. */
export function tempered<T extends { readonly model: Model; readonly weights: Weights; readonly temperature?: number }>(
  trained: T,
): T {
  const { model, weights, temperature = 1 } = trained;
  return { ...trained, weights: temperedWeights(model, weights, temperature) };
}

/**
 * Weights whose logits are those of the model divided by a temperature: the last layer is linear, so it is in there, and
 * whatever reads the weights has it.
 */
export function temperedWeights(model: Model, weights: Weights, temperature: number): Weights {
  if (temperature === 1) return weights;
  const names = lastLayer(model);
  const scaled = names.map((name) => {
    const tensor = weights[name];
    if (tensor === undefined) throw new Error(`${model.kind} has no ${name}`);
    return [name, { ...tensor, data: tensor.data.map((value) => value / temperature) }] as const;
  });
  return { ...weights, ...Object.fromEntries(scaled) };
}

type Config = Readonly<Record<string, unknown>>;

/** What the logits are linear in, by kind. */
const LAST: Readonly<Record<string, (config: Config) => string>> = {
  ngram: ({ hidden_size }) => (hidden_size === 0 ? 'embed' : 'fc'),
  bilstm: () => 'fc2',
  static: ({ hidden_sizes }) => `fc${(hidden_sizes as readonly number[]).length + 1}`,
  mlp: ({ hidden }) => `fc${(hidden as readonly number[]).length + 1}`,
};

/** Names of the parameters that the logits are linear in. @throws Error for a model without such a layer. */
export function lastLayer({ kind, config }: Pick<Model, 'kind' | 'config'>): readonly string[] {
  const layer = familyOf(kind)?.classifierOf(config.head as HeadName) ?? LAST[kind]?.(config);
  if (layer === undefined) throw new Error(`${kind} has no last layer of its own`);
  return layer === 'embed' ? ['embed.weight', 'fc.bias'] : [`${layer}.weight`, `${layer}.bias`];
}
