/** @file Where the row numbers of a table come from that a step reads by row. */
import { type NgramBucketsAttributes, ngramBuckets } from '../../autograd/ops/indexing.js';
import type { Value } from '../../autograd/value.js';
import { ngramBucket } from '../../tensor/ngram-buckets.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';

/** An input of ids, or the n-grams of one, which the host hashes as the graph would. */
export type RowSource = {
  /** One of a table for each. */
  readonly key: string;
  readonly ids: (feed: (name: string) => Tensor) => Tensor<'int64'>;
};

/** @returns undefined for ids that the graph alone can make. */
export function rowSource({ node }: Value): RowSource | undefined {
  if (node.kind === 'input') return { key: node.name, ids: (feed) => feed(node.name) as Tensor<'int64'> };
  if (node.kind !== 'op' || node.op !== ngramBuckets.op) return undefined;
  const [ids, mask] = node.inputs.map(({ node: from }) => (from.kind === 'input' ? from.name : undefined));
  if (ids === undefined || mask === undefined) return undefined;
  const { n, buckets } = node.attributes as NgramBucketsAttributes; // as the op takes them
  return {
    key: `${ids}/${n}-grams`,
    ids: (feed) => bucketsOf(feed(ids) as Tensor<'int64'>, feed(mask) as Tensor<'int64'>, { n, buckets }),
  };
}

/** As `ngramBuckets`: [B, S] -> [B, S] */
function bucketsOf(
  ids: Tensor<'int64'>,
  mask: Tensor<'int64'>,
  { n, buckets }: NgramBucketsAttributes,
): Tensor<'int64'> {
  const [B, S] = ids.shape as readonly [number, number];
  const numbers = Float64Array.from(ids.data, Number);
  const found = new BigInt64Array(B * S);
  for (let row = 0; row < B; row++) {
    let run = 0;
    for (let s = 0; s < S; s++) {
      run = mask.data[row * S + s] === 0n ? 0 : run + 1;
      const at = row * S + s - (n - 1);
      if (run >= n) found[at] = BigInt(ngramBucket(numbers, at, n, buckets));
    }
  }
  return tensor('int64', ids.shape as readonly number[], found);
}
