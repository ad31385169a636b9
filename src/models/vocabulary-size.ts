import type { Model } from './model.js';

/** How many ids a model has word embeddings for; undefined where it reads none. */
export function vocabularyOf({ config }: Pick<Model, 'config'>): number | undefined {
  const { vocab_size: size } = config;
  return typeof size === 'number' ? size : undefined;
}
