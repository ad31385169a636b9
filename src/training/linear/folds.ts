/** @file Which rows choose the strength of a linear model, and which ones it is fitted to meanwhile. */
import { RandomStream } from '../../tensor/random.js';
import type { SparseRows } from '../../tensor/sparse-rows.js';

/** Row numbers, ascending. */
export type Fold = { readonly rest: Uint32Array; readonly part: Uint32Array };

/** One row in five is in a part. */
const PARTS = 5;
/** Of fewer rows one part would say too little, so that each part has its turn. */
const ENOUGH_ROWS = 2000;

/**
 * A fifth of the rows and all others, in the shares of the classes; of fewer than 2,000 rows each fifth in turn. Rows of
 * the same features are never on both sides.
 * @param classes [N]: the class of each row.
 * @returns None where all rows are the same.
 */
export function foldsOf(rows: SparseRows, classes: ArrayLike<number>, seed: number): readonly Fold[] {
  const groups = groupsOf(rows);
  const byClass = new Map<number, number[][]>();
  for (const group of groups) {
    const label = classes[group[0] as number] as number;
    const known = byClass.get(label);
    if (known === undefined) byClass.set(label, [group]);
    else known.push(group);
  }
  const partOf = new Uint8Array(rows.starts.length - 1);
  // Goes round from class to class, so that classes of few rows fill all parts alike.
  let turn = 0;
  for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
    const own = byClass.get(label) as number[][];
    for (const place of new RandomStream(seed, 'linear-folds', label).permutation(own.length)) {
      for (const row of own[place] as number[]) partOf[row] = turn % PARTS;
      turn++;
    }
  }
  const parts = partOf.length < ENOUGH_ROWS ? Math.min(PARTS, groups.length) : 1;
  if (groups.length < 2) return [];
  return Array.from({ length: parts }, (_, part) => {
    const all = Uint32Array.from(partOf.keys());
    return { rest: all.filter((row) => partOf[row] !== part), part: all.filter((row) => partOf[row] === part) };
  });
}

/** Rows of equal features, which equal texts have; those whose hashes collide are taken for equal, which does no harm. */
function groupsOf({ starts, ids, values }: SparseRows): readonly number[][] {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const groups = new Map<number, number[]>();
  for (let row = 0; row + 1 < starts.length; row++) {
    let hash = 0x811c9dc5; // FNV-1a over 32-bit words
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      hash = Math.imul(hash ^ (ids[i] as number), 0x01000193);
      hash = Math.imul(hash ^ (bits[i] as number), 0x01000193);
    }
    const known = groups.get(hash);
    if (known === undefined) groups.set(hash, [row]);
    else known.push(row);
  }
  return [...groups.values()];
}
