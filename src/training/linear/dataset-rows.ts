/** @file The rows of a data set of features as sparse rows, and what is right for each. */
import type { Dataset } from '../../data/dataset.js';
import { batchesInOrder } from '../../data/shuffle.js';
import type { Targets } from '../../data/targets.js';
import { ShapeError } from '../../errors/failures.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import type { SparseRows } from '../../tensor/sparse-rows.js';

export type FeatureRows = Targets & { readonly rows: SparseRows };

const ROWS_PER_BATCH = 256;

/** Arms and seeds of an experiment learn from the same rows. */
const READ = new WeakMap<Dataset, FeatureRows>();

/**
 * All rows of a data set whose inputs are `input_ids` and `feature_values`; read once, however many fits ask.
 * @param width F: how many features the model has.
 * @throws ShapeError for rows of something else.
 */
export function featureRows(data: Dataset, width: number): FeatureRows {
  const known = READ.get(data);
  if (known?.rows.width === width) return known;
  const read = readRows(data, width);
  READ.set(data, read);
  return read;
}

function readRows(data: Dataset, width: number): FeatureRows {
  const labels = new Int32Array(data.size).fill(NO_LABEL);
  const scores = new Float32Array(data.size).fill(Number.NaN);
  const starts = new Uint32Array(data.size + 1);
  let ids = new Uint32Array(64 * data.size);
  let values = new Float32Array(64 * data.size);
  let end = 0;
  let hasScores = false;
  for (const batch of batchesInOrder(data.size, ROWS_PER_BATCH)) {
    const { inputs, labels: given, scores: measured } = data.batch(batch);
    const { input_ids: features, feature_values: weights } = inputs;
    if (features === undefined || weights === undefined) {
      const wanted = "inputs 'input_ids' and 'feature_values'";
      throw new ShapeError({ where: data.name, wanted, got: Object.keys(inputs).join(', ') });
    }
    hasScores ||= measured !== undefined;
    const { data: big } = features;
    // The low words of int64 numbers, which come first on every platform that ONNX Runtime has.
    const words = new Int32Array(big.buffer, big.byteOffset, 2 * big.length);
    const of = weights.data as Float32Array; // as the model's inputs have it
    const length = of.length / batch.length;
    if (end + of.length > ids.length) {
      const [oldIds, oldValues, room] = [ids, values, 2 * (end + of.length)];
      ids = new Uint32Array(room);
      values = new Float32Array(room);
      ids.set(oldIds);
      values.set(oldValues);
    }
    for (const [i, row] of batch.entries()) {
      labels[row] = Number(given?.data[i] ?? NO_LABEL);
      scores[row] = measured?.data[i] ?? Number.NaN;
      for (let at = i * length; at < (i + 1) * length; at++) {
        const value = of[at] as number;
        // Padding.
        if (value === 0) continue;
        ids[end] = words[2 * at] as number;
        values[end++] = value;
      }
      starts[row + 1] = end;
    }
  }
  const rows = { width, starts, ids: ids.slice(0, end), values: values.slice(0, end) };
  return { rows, labels, ...(hasScores && { scores }) };
}
