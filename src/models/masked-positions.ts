/**
 * @file Answers at some tokens alone. The logits of a whole vocabulary are by far the largest tensor of a masked language
 * model, and seven in eight of them are of tokens that nobody asks about.
 */
import { cast, equal } from '../autograd/ops/compare.js';
import { positions as upTo } from '../autograd/ops/indexing.js';
import { matmul } from '../autograd/ops/matmul.js';
import { unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import type { Model } from './model.js';

/** The input, int64 [B, P]: places in the row from 0, −1 where a row has fewer of them than others. */
export const MASKED_POSITIONS = 'masked_positions';

/** Rows [B, S, H] at positions [B, P] -> [B, P, H]; zeros at position −1. */
export function atPositions(rows: Value, positions: Value): Value {
  // A product with one-hot rows: its gradient is a product too, where a gather's would be a slow scatter.
  const isChosen = equal(unsqueeze(positions, 2), upTo(rows, { axis: 1 })); // [B, P, 1] = [S] -> [B, P, S]
  return matmul(cast(isChosen, { to: rows.dtype }), rows); // [B, P, S] x [B, S, H] -> [B, P, H]
}

/**
 * An encoder whose head is asked at `masked_positions` alone: its logits are [B, P, V]. The same weights and config, so
 * what is saved of it is the encoder itself.
 */
export function answersAtPositions(model: Model): Model {
  return {
    ...model,
    // P is a name of its own: it has no fixed relation to S.
    inputs: (dims) => [...model.inputs(dims), { name: MASKED_POSITIONS, dtype: 'int64', shape: [dims.B, 'P'] }],
  };
}
