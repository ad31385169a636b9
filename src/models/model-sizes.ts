/** @file Sizes of the models that are made for the texts of a task. */

export type ModelSize = {
  /** Pieces, special tokens included. */
  readonly vocabularySize: number;
  /** Width of a word's vector. */
  readonly embeddingSize: number;
};

/** By name. The table of words, which is nearly all of such a model, takes 2.0, 4.1 and 16.4 MB in float32. */
export const MODEL_SIZES = {
  nano: { vocabularySize: 8000, embeddingSize: 64 },
  tiny: { vocabularySize: 8000, embeddingSize: 128 },
  small: { vocabularySize: 16_000, embeddingSize: 256 },
} as const satisfies Readonly<Record<string, ModelSize>>;

export type ModelSizeName = keyof typeof MODEL_SIZES;
