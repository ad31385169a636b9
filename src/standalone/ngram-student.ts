/** @file A model over n-grams (src/models/ngram.ts) as one file: its features are those of `NgramFeatures`. */
import { readNgrams } from './ngram-parts.js';
import { type Packed, type Student, studentOf } from './student.js';

/** Parts of the lists of n-grams that are read with each answer but the first, besides those that it needs. */
const BLOCKS_PER_ANSWER = 8;

export function open(packed: Packed): Student {
  const { facts, blocks, features, table, scales, layer, layerScales, biases } = readNgrams(packed);
  const { hidden, maxLength } = facts;
  const C = facts.labels.length;
  const width = hidden || C;
  const rows = table.values;
  const sums = new Float64Array(width);
  const logits = new Float64Array(C);
  let isFirst = true;

  return studentOf(facts, (text, pair) => {
    if (!isFirst) for (const { table: lists } of blocks) lists?.readMore(BLOCKS_PER_ANSWER);
    isFirst = false;
    const { ids, values } = features.row(text, pair, { maxLength });
    sums.fill(0);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const value = hidden > 0 ? (values[i] as number) * (scales[id] as number) : (values[i] as number);
      const row = table.row(id);
      for (let h = 0; h < width; h++) sums[h] = (sums[h] as number) + value * (rows[row + h] as number);
    }
    for (let c = 0; c < C; c++) {
      let sum = layer === undefined ? (sums[c] as number) : 0;
      if (layer !== undefined) {
        for (let h = 0; h < hidden; h++) sum += (layer[c * hidden + h] as number) * (sums[h] as number);
      }
      logits[c] = sum * (layerScales[c] as number) + (biases[c] as number);
    }
    return logits;
  });
}
