/** @file Rows of like length together, so that little is padded. */
import { RandomStream } from '../tensor/random.js';
import { TOKENS_PER_RUN } from '../tokenizers/token-limits.js';

/** Batches whose rows are sorted together, so that they are alike: as `transformers`' `LengthGroupedSampler` has it. */
const BATCHES_TOGETHER = 50;

/**
 * The order of the rows in an epoch, so that the batches that are cut from it hold rows of like length: shuffled, sorted
 * by length in stretches of 50 batches, and the batches shuffled again. A last, short batch stays last. A function of
 * seed and epoch alone.
 */
export function groupedOrder(lengths: Uint32Array, batchSize: number, seed: number, epoch: number): Uint32Array {
  const size = lengths.length;
  const shuffled = new RandomStream(seed, 'shuffle', epoch).permutation(size);
  const whole = Math.floor(size / batchSize);
  const stretch = BATCHES_TOGETHER * batchSize;
  for (let start = 0; start < whole * batchSize; start += stretch) {
    // Ties keep the shuffled order: sorting typed arrays is stable.
    shuffled
      .subarray(start, Math.min(start + stretch, whole * batchSize))
      .sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  }
  const order = new Uint32Array(size);
  const batches = new RandomStream(seed, 'shuffle batches', epoch).permutation(whole);
  for (const [i, batch] of batches.entries()) {
    order.set(shuffled.subarray(batch * batchSize, (batch + 1) * batchSize), i * batchSize);
  }
  order.set(shuffled.subarray(whole * batchSize), whole * batchSize);
  return order;
}

/**
 * All rows once, shortest first, in batches of at most `maxRows` rows and, where a row is not longer than that by
 * itself, `maxTokens` tokens with padding: for work whose order does not matter.
 */
export function* batchesByLength(
  lengths: Uint32Array,
  { maxRows = 256, maxTokens = TOKENS_PER_RUN }: { readonly maxRows?: number; readonly maxTokens?: number } = {},
): Generator<Uint32Array, void> {
  const order = Uint32Array.from(lengths, (_, row) => row).sort(
    (a, b) => (lengths[a] as number) - (lengths[b] as number),
  );
  let start = 0;
  for (let end = 1; end <= order.length; end++) {
    const next = lengths[order[end] ?? 0] as number;
    if (end < order.length && end - start < maxRows && (end + 1 - start) * next <= maxTokens) continue;
    yield order.subarray(start, end);
    start = end;
  }
}
