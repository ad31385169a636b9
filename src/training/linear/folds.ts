/** @file Rows in parts, such that what belongs together is in one: for a linear model's strength, and a teacher's folds. */
import { RandomStream } from '../../tensor/random.js';
import type { SparseRows } from '../../tensor/sparse-rows.js';

/** Row numbers, ascending. */
export type Fold = { readonly rest: Uint32Array; readonly part: Uint32Array };

/** One row in five is in a part. */
const PARTS = 5;
/** Of fewer rows one part would say too little, so that each part has its turn. */
const ENOUGH_ROWS = 2000;
/** What more rows have than these says little about where a row is from. */
const RARE = 10;

/**
 * A fifth of the rows and all others, in the shares of the classes; of fewer than 2,000 rows each fifth in turn. Rows of
 * the same features are never on both sides, nor are, as far as a rare feature shows them, a row and one that has all of its
 * features and more: a phrase and the sentence that it was cut from, as in SST-2.
 * @param classes [N]: the class of each row.
 * @returns None where all rows are the same.
 */
export function foldsOf(rows: SparseRows, classes: ArrayLike<number>, seed: number): readonly Fold[] {
  const { partOf, groups } = dealtParts(rows, classes, { parts: PARTS, seed });
  const parts = partOf.length < ENOUGH_ROWS ? Math.min(PARTS, groups) : 1;
  if (groups < 2) return [];
  return Array.from({ length: parts }, (_, part) => foldOf(partOf, part));
}

/** The rows of a part, and all others. @param partOf [N], as `dealtParts` gives it */
export function foldOf(partOf: Uint8Array, part: number): Fold {
  const all = Uint32Array.from(partOf.keys());
  return { rest: all.filter((row) => partOf[row] !== part), part: all.filter((row) => partOf[row] === part) };
}

/**
 * Deals rows to parts, numbered from 0, in the shares of the classes; rows that belong together go to one part, as for
 * `foldsOf`.
 * @param classes [N]: the class of each row.
 * @returns partOf [N], and how many groups there were to deal: of fewer than `parts`, some parts are empty.
 */
export function dealtParts(
  rows: SparseRows,
  classes: ArrayLike<number>,
  { parts, seed }: { readonly parts: number; readonly seed: number },
): { readonly partOf: Uint8Array; readonly groups: number } {
  const groups = groupsOf(rows, parts);
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
      for (const row of own[place] as number[]) partOf[row] = turn % parts;
      turn++;
    }
  }
  return { partOf, groups: groups.length };
}

/** Rows that belong together, ascending. Where a part of the rows or more would be one group, only equal rows are. */
function groupsOf(rows: SparseRows, parts: number): readonly number[][] {
  const size = rows.starts.length - 1;
  const parent = Uint32Array.from({ length: size }, (_, row) => row);
  for (const [row, first] of equalRows(rows).entries()) parent[row] = first;
  const equal = parent.slice();
  linkParts(rows, parent);
  const groups = groupedBy(parent);
  return groups.some(({ length }) => length * parts >= size) ? groupedBy(equal) : groups;
}

/** The first row of the same features, which equal texts have. Rows whose hashes collide are taken for equal, which does no harm. */
function equalRows({ starts, ids, values }: SparseRows): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const firsts = new Map<number, number>();
  return Uint32Array.from({ length: starts.length - 1 }, (_, row) => {
    let hash = 0x811c9dc5; // FNV-1a over 32-bit words
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      hash = Math.imul(hash ^ (ids[i] as number), 0x01000193);
      hash = Math.imul(hash ^ (bits[i] as number), 0x01000193);
    }
    const first = firsts.get(hash) ?? row;
    firsts.set(hash, first);
    return first;
  });
}

/** Joins each row to those that have all of its features, where its rarest one is rare. */
function linkParts({ width, starts, ids }: SparseRows, parent: Uint32Array): void {
  const counts = new Uint32Array(width);
  for (const id of ids) counts[id] = (counts[id] as number) + 1;
  const having = new Map<number, number[]>();
  const rarest = Int32Array.from({ length: parent.length }, (_, row) => {
    let found = -1;
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      const id = ids[i] as number;
      const count = counts[id] as number;
      if (count > RARE || count < 2) continue;
      const known = having.get(id);
      if (known === undefined) having.set(id, [row]);
      else known.push(row);
      if (found < 0 || count < (counts[found] as number)) found = id;
    }
    return found;
  });
  const isPart = (row: number, whole: number): boolean => {
    let at = starts[whole] as number;
    const end = starts[whole + 1] as number;
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      while (at < end && (ids[at] as number) < (ids[i] as number)) at++;
      if (at === end || ids[at] !== ids[i]) return false;
    }
    return true;
  };
  for (const [row, id] of rarest.entries()) {
    for (const whole of id < 0 ? [] : (having.get(id) as number[])) {
      if (whole !== row && isPart(row, whole)) parent[rootOf(parent, row)] = rootOf(parent, whole);
    }
  }
}

function rootOf(parent: Uint32Array, row: number): number {
  let root = row;
  while (parent[root] !== root) root = parent[root] as number;
  // Shortens the way for the next.
  for (let at = row; at !== root; ) {
    const next = parent[at] as number;
    parent[at] = root;
    at = next;
  }
  return root;
}

function groupedBy(parent: Uint32Array): readonly number[][] {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < parent.length; row++) {
    const root = rootOf(parent, row);
    const known = groups.get(root);
    if (known === undefined) groups.set(root, [row]);
    else known.push(row);
  }
  return [...groups.values()];
}
