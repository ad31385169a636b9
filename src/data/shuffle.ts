import { CheckpointError, OptionError } from '../errors/failures.js';
import { RandomStream } from '../tensor/random.js';

/** A place in the endless sequence of epochs: `position` rows of `epoch` have been used. */
export type Cursor = { readonly epoch: number; readonly position: number };

export type ShuffledBatch = {
  readonly rows: Uint32Array;
  /** Where to go on after this batch; saved in a checkpoint, it is the whole state of the shuffle. */
  readonly next: Cursor;
};

/** The order of the rows in an epoch: a function of seed and epoch alone. */
export function epochOrder(size: number, seed: number, epoch: number): Uint32Array {
  return new RandomStream(seed, 'shuffle', epoch).permutation(size);
}

/**
 * The batches of one epoch from the cursor on; the last may be short.
 * @throws OptionError for a batch size that is none; CheckpointError for a cursor of other data.
 */
export function* epochBatches(options: {
  readonly size: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly cursor: Cursor;
}): Generator<ShuffledBatch, void> {
  const { size, batchSize, seed, cursor } = options;
  const { epoch, position } = cursor;
  expectBatchSize(batchSize);
  if (!isCount(epoch) || !isCount(position) || position >= size) {
    throw new CheckpointError({
      where: 'shuffle',
      wanted: `a position in an epoch of ${size} rows`,
      got: `epoch ${epoch}, row ${position}`,
      fix: 'resume with the data set the run was started with',
    });
  }
  const order = epochOrder(size, seed, epoch);
  for (let start = position; start < size; start += batchSize) {
    const end = start + batchSize;
    const next = end < size ? { epoch, position: end } : { epoch: epoch + 1, position: 0 };
    yield { rows: order.subarray(start, end), next };
  }
}

/** All rows once, in order, as evaluation wants them; the last batch may be short. */
export function* batchesInOrder(size: number, batchSize: number): Generator<Uint32Array, void> {
  expectBatchSize(batchSize);
  for (let start = 0; start < size; start += batchSize) {
    yield Uint32Array.from({ length: Math.min(batchSize, size - start) }, (_, i) => start + i);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function expectBatchSize(batchSize: number): void {
  if (isCount(batchSize) && batchSize > 0) return;
  throw new OptionError({ where: 'batchSize', wanted: 'an integer ≥ 1', got: String(batchSize) });
}
