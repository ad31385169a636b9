/** @file A static model (src/models/static-model.ts) as one file. */
import type { StaticConfig } from '../models/static-model.js';
import { ngramBucket } from '../tensor/ngram-buckets.js';
import { applyDense, comparePair, readDense, readTable, type ScaledTable } from './dense.js';
import { type Packed, type Student, type StudentFacts, studentOf, tokenIds, unpacked } from './student.js';
import type { PieceFacts } from './word-pieces.js';

export type StaticFacts = StudentFacts & {
  readonly pieces: PieceFacts;
  readonly config: Pick<
    StaticConfig,
    'vocab_size' | 'embedding_size' | 'hidden_sizes' | 'ngram_sizes' | 'ngram_buckets' | 'is_pair'
  >;
};

/**
 * Sections: the vocabulary; the vectors [V, d] and a scale a row, the token's weight σ(θ) in it; with n-grams the same of
 * [N + 1, d]; of each layer rows, scales and biases.
 */
export function open(packed: Packed): Student {
  const [facts, next] = unpacked<StaticFacts>(packed);
  const { labels, pieces, maxLength, config } = facts;
  const { vocab_size: V, embedding_size: d, hidden_sizes: hidden, ngram_sizes: grams, ngram_buckets: buckets } = config;
  const ids = tokenIds(pieces, next.text(), { maxLength });
  const vectors = readTable(next, V, d);
  const ofGrams = buckets > 0 ? readTable(next, buckets + 1, d) : undefined;
  const widths = [config.is_pair ? 4 * d : d, ...hidden, labels.length];
  const layers = widths.slice(1).map((width, i) => readDense(next, width, widths[i] as number));
  const values = widths.map((width) => new Float64Array(width));
  const features = values[0] as Float64Array;

  const addRow = ({ table, scales }: ScaledTable, row: number, at: number): void => {
    const from = table.row(row);
    const scale = scales[row] as number;
    const rows = table.values;
    for (let i = 0; i < d; i++) features[at + i] = (features[at + i] as number) + scale * (rows[from + i] as number);
  };
  const mean = (tokens: readonly number[], at: number): void => {
    features.fill(0, at, at + d);
    for (const id of tokens) addRow(vectors, id, at);
    for (const n of ofGrams === undefined ? [] : grams) {
      for (let s = 0; s + n <= tokens.length; s++) {
        addRow(ofGrams as ScaledTable, ngramBucket(tokens, s, n, buckets), at);
      }
    }
    if (tokens.length === 0) return;
    for (let i = at; i < at + d; i++) features[i] = (features[i] as number) / tokens.length;
  };

  return studentOf(facts, (text, pair) => {
    if (pair !== undefined && config.is_pair) {
      mean(ids(text), 0);
      mean(ids(pair), d);
      comparePair(features, false);
    } else mean(ids(text, pair), 0);
    for (const [i, layer] of layers.entries()) {
      applyDense(layer, values[i] as Float64Array, values[i + 1] as Float64Array, i + 1 < layers.length);
    }
    return values.at(-1) as Float64Array;
  });
}
