/** @file A forward pass on mixtures of two rows of a batch: word vectors are mixed, and all that follows them is run. */
import { cast, equal, greater, or } from '../autograd/ops/compare.js';
import { add, mul, sub } from '../autograd/ops/elementwise.js';
import { gather, positions } from '../autograd/ops/indexing.js';
import { matmul } from '../autograd/ops/matmul.js';
import { transpose, unsqueeze } from '../autograd/ops/shaping.js';
import type { Value } from '../autograd/value.js';
import { SignalError } from '../errors/failures.js';
import type { ForwardContext } from '../nn/module.js';
import { WORD_MODELS } from './families.js';
import type { Model, Signals } from './model.js';

export type Mixing = {
  /** Row that each row is mixed with, int64 [B]; a permutation. */
  readonly partner: Value;
  /** The row's own share, [B]. */
  readonly lambda: Value;
};

/** lambda · row + (1 − lambda) · partner of vectors [B, S, H]. */
function mixed(vectors: Value, { partner, lambda }: Mixing): Value {
  const rows = positions(partner, { axis: 0 }); // [B]
  const isPartner = cast(equal(unsqueeze(partner, 1), rows), { to: vectors.dtype }); // [B, B]
  const isSelf = cast(equal(unsqueeze(rows, 1), rows), { to: vectors.dtype });
  const own = unsqueeze(cast(lambda, { to: vectors.dtype }), 1); // [B, 1]
  const shares = add(mul(isSelf, own), mul(isPartner, sub(1, own))); // [B, B]
  // A product rather than a gather: its gradient is a product too, for lengths that are names.
  const mixture = matmul(shares, transpose(vectors, [1, 0, 2])); // [B, B] x [S, B, H] -> [S, B, H]
  return transpose(mixture, [1, 0, 2]);
}

/** A token is real where it is in either row. mask int64 [B, S] */
function eitherMask(mask: Value, partner: Value): Value {
  return cast(or(greater(mask, 0), greater(gather(mask, partner), 0)), { to: mask.dtype });
}

/**
 * The model's signals of each row mixed with its partner. Word vectors are mixed position by position; where one row is
 * padding and the other is not, the vector of padding takes part. Segments are the row's own, and both texts of a pair are
 * mixed with those of the same other row.
 * @throws SignalError for a model that reads no words.
 */
export function forwardMixed(
  model: Model,
  context: ForwardContext,
  inputs: Readonly<Record<string, Value>>,
  mixing: Mixing,
): Signals {
  const words = model.words?.(context, inputs);
  if (words === undefined) {
    throw new SignalError({
      where: `a mixed forward pass of ${model.kind}`,
      wanted: 'a model with word embeddings',
      got: `inputs ${Object.keys(inputs).join(', ')}`,
      fix: `use a ${WORD_MODELS}`,
    });
  }
  const vectors = Object.entries(words).map(([name, value]) => [name, mixed(value, mixing)] as const);
  const masks = Object.entries(inputs)
    .filter(([name]) => name.startsWith('attention_mask'))
    .map(([name, mask]) => [name, eitherMask(mask, mixing.partner)] as const);
  return model.forward(context, { ...inputs, ...Object.fromEntries(masks) }, Object.fromEntries(vectors));
}
