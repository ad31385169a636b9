import type { Model } from './model.js';

/** The most tokens that a model of text has positions for; undefined where any number will do. */
export function textPositions({ kind, config }: Pick<Model, 'kind' | 'config'>): number | undefined {
  const { max_position_embeddings: positions, pad_token_id: padding } = config;
  if (typeof positions !== 'number') return undefined;
  // RoBERTa counts positions from behind the padding's id.
  return kind === 'roberta' ? positions - Number(padding) - 1 : positions;
}
