/** @file The words nearest to a word, by the cosine of their vectors. */
import { createHash } from 'node:crypto';
import type { Weights } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Pieces } from '../tokenizers/pieces.js';
import type { WordVectors } from '../tokenizers/word-vectors.js';

export type Neighbours = {
  /** What they depend on. */
  readonly hash: string;
  /** The nearest words, nearest first, without the word itself; none for one that has no vector. */
  of(word: string): readonly string[];
};

/** Words whose neighbours are remembered: a search looks at every vector. */
const REMEMBERED = 4096;

type Rows = {
  readonly words: readonly string[];
  /** [N, D] */
  readonly vectors: Float32Array;
  readonly size: number;
};

/** Among words of a file of vectors. @param count how many neighbours. */
export function vectorNeighbours({ words, vectors }: WordVectors, count: number): Neighbours {
  const size = vectors.shape[1] ?? 0;
  const unit = unitRows(vectors.data, size);
  const rowOf = new Map(words.map((word, row) => [word, row]));
  const bytes = new Uint8Array(vectors.data.buffer, vectors.data.byteOffset, vectors.data.byteLength);
  return {
    hash: createHash('sha256').update(JSON.stringify(words)).update(bytes).digest('hex'),
    of: remembering((word) => {
      const row = rowOf.get(word) ?? rowOf.get(word.toLowerCase());
      if (row === undefined) return [];
      return nearest({ words, vectors: unit, size }, unit.subarray(row * size, (row + 1) * size), count, words[row]);
    }),
  };
}

/**
 * Among the whole words of an encoder's vocabulary, by the rows of its word table. A word of several pieces is where the
 * mean of their rows points.
 * @param pieceIds the ids of a word's pieces.
 */
export function pieceNeighbours(
  weights: Weights,
  pieces: Pieces,
  pieceIds: (word: string) => readonly number[],
  count: number,
): Neighbours {
  const table = weights['embeddings.word_embeddings.weight'] as Tensor<'float32'>;
  const size = table.shape[1] ?? 0;
  const { names, special } = pieces;
  // Pieces that go on with a word begin with marks.
  const ids = [...names.keys()].filter((id) => !special.has(id) && /^\p{L}+$/u.test(names[id] as string));
  const unit = unitRows(table.data, size);
  const vectors = new Float32Array(ids.length * size);
  for (const [row, id] of ids.entries()) vectors.set(unit.subarray(id * size, (id + 1) * size), row * size);
  const words = ids.map((id) => names[id] as string);
  return {
    hash: 'own word table',
    of: remembering((word) => {
      const own = pieceIds(word);
      if (own.length === 0) return [];
      const mean = new Float32Array(size);
      for (const id of own)
        for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) + (unit[id * size + i] as number);
      return nearest({ words, vectors, size }, mean, count, word);
    }),
  };
}

/** Rows of length 1; a row of zeros stays. */
function unitRows(data: Float32Array, size: number): Float32Array {
  const unit = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += size) {
    let squares = 0;
    for (let i = start; i < start + size; i++) squares += (data[i] as number) ** 2;
    const factor = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let i = start; i < start + size; i++) unit[i] = (data[i] as number) * factor;
  }
  return unit;
}

/** The words whose rows have the largest products with a vector. Equal ones keep their order. */
function nearest({ words, vectors, size }: Rows, to: Float32Array, count: number, self: string | undefined): string[] {
  const products = new Float32Array(words.length);
  for (let row = 0; row < words.length; row++) {
    let product = 0;
    for (let i = 0; i < size; i++) product += (vectors[row * size + i] as number) * (to[i] as number);
    products[row] = words[row] === self ? Number.NEGATIVE_INFINITY : product;
  }
  const found = largestPlaces(
    products,
    Math.min(count, words.length - (self !== undefined && words.includes(self) ? 1 : 0)),
  );
  return found.map((row) => words[row] as string);
}

/** The places of the `count` largest numbers, the largest first, of equal ones the first. */
export function largestPlaces(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  // By index: an iterator over a vocabulary takes several times as long as the comparison.
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (best.length === count && value <= (values[best[count - 1] as number] as number)) continue;
    let at = best.length;
    while (at > 0 && value > (values[best[at - 1] as number] as number)) at--;
    best.splice(at, 0, place);
    if (best.length > count) best.pop();
  }
  return best;
}

/** The same function with the last answers remembered: as many at most, so that memory stays bounded. */
function remembering(search: (word: string) => readonly string[]): (word: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const found = search(word);
    const [oldest] = known.keys();
    if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest);
    known.set(word, found);
    return found;
  };
}
