/**
 * @file WebAssembly SIMD kernels of a linear model on sparse rows: scores of all its outputs at once, and the update of
 * the weights of the features that a row has. Weights are feature-major [F, C], so that a feature is a few cache lines.
 */
import { OptionError } from '../errors/failures.js';
import type { SparseRows } from '../tensor/sparse-rows.js';
import {
  type Code,
  createMemory,
  f32x4,
  get,
  i32,
  instantiate,
  MAX_MEMORY_BYTES,
  set,
  v128,
  WasmFunction,
} from './wasm-assembler.js';

const LANES = 4;
const FLOAT_BYTES = 4;
const VECTOR_BYTES = LANES * FLOAT_BYTES;
/** An entry of a row: the address of its feature's weights and its value. */
const ENTRY_BYTES = 8;
/** Vectors of a block, whose sums are kept in registers: there are 16 of them. */
const BLOCK = 8;

/** A linear model of C outputs without a bias, in memory beside N rows of F features. */
export type LinearKernel = {
  /** Floats from one feature's weights to the next: C rounded up to whole vectors. */
  readonly stride: number;
  /** [F, stride] */
  readonly weights: Float32Array;
  /** [stride]: what `score` writes. */
  readonly scores: Float32Array;
  /** [stride]: what `update` adds. */
  readonly deltas: Float32Array;
  /** scores = Wᵀ x of a row. */
  readonly score: (row: number) => void;
  /** W = W + x ⊗ deltas of a row. */
  readonly update: (row: number) => void;
};

/**
 * Lays the rows out beside weights of zero.
 * @throws OptionError where both take more than the 4 GiB that 32-bit addresses reach.
 */
export function openLinearKernel(rows: SparseRows, outputs: number): LinearKernel {
  const { width, starts, ids, values } = rows;
  const vectors = Math.ceil(outputs / LANES);
  const stride = vectors * LANES;
  const scoresAt = 0;
  const deltasAt = scoresAt + stride * FLOAT_BYTES;
  const weightsAt = deltasAt + stride * FLOAT_BYTES;
  const entriesAt = weightsAt + width * stride * FLOAT_BYTES;
  const bytes = entriesAt + ids.length * ENTRY_BYTES;
  if (bytes > MAX_MEMORY_BYTES) {
    throw new OptionError({
      where: 'linear model',
      wanted: 'at most 4 GiB of weights and rows',
      got: `${(bytes / 2 ** 30).toFixed(1)} GiB: ${width} features × ${outputs} outputs, ${ids.length} values`,
      fix: 'keep fewer features, or fewer rows',
    });
  }
  const memory = createMemory(bytes);
  const floats = (address: number, count: number) => new Float32Array(memory.buffer, address, count);
  const addresses = new Uint32Array(memory.buffer, entriesAt, 2 * ids.length);
  const numbers = floats(entriesAt, 2 * ids.length);
  for (let i = 0; i < ids.length; i++) {
    addresses[2 * i] = weightsAt + (ids[i] as number) * stride * FLOAT_BYTES;
    numbers[2 * i + 1] = values[i] as number;
  }
  const { score, update } = instantiate(
    { score: scoreFunction(vectors, scoresAt), update: updateFunction(vectors, deltasAt) },
    memory,
  );
  const ofRow = (kernel: typeof score) => (row: number) => {
    kernel?.(entriesAt + (starts[row] as number) * ENTRY_BYTES, entriesAt + (starts[row + 1] as number) * ENTRY_BYTES);
  };
  return {
    stride,
    weights: floats(weightsAt, width * stride),
    scores: floats(scoresAt, stride),
    deltas: floats(deltasAt, stride),
    score: ofRow(score),
    update: ofRow(update),
  };
}

/** The vectors of each block, as equal as can be. */
function blocksOf(vectors: number): readonly (readonly number[])[] {
  const count = Math.ceil(vectors / BLOCK);
  const size = Math.ceil(vectors / count);
  return Array.from({ length: count }, (_, block) =>
    Array.from({ length: Math.min(size, vectors - block * size) }, (_, i) => block * size + i),
  );
}

/** Parameters: the addresses of a row's first entry and behind its last. */
function scoreFunction(vectors: number, scoresAt: number): WasmFunction {
  const built = new WasmFunction(['i32', 'i32']);
  const [from, to] = [0, 1];
  const entry = built.local('i32');
  const address = built.local('i32');
  const value = built.local('v128');
  for (const block of blocksOf(vectors)) {
    // Additions wait for the one before; few vectors therefore have several sums, each of every so many-th entry.
    const ways = block.length === 1 ? 4 : block.length <= 3 ? 2 : 1;
    const sums = Array.from({ length: ways }, () => block.map(() => built.local('v128')));
    for (const sum of sums.flat()) built.emit(set(sum, f32x4.constant(0)));
    const accumulate = (way: number) => {
      const offset = way * ENTRY_BYTES;
      built.emit(set(address, i32.load(get(entry), offset)));
      built.emit(set(value, f32x4.loadSplat(get(entry), offset + FLOAT_BYTES)));
      for (const [i, vector] of block.entries()) {
        const sum = sums[way]?.[i] as number;
        const weights = f32x4.load(get(address), vector * VECTOR_BYTES);
        built.emit(set(sum, f32x4.add(get(sum), f32x4.mul(get(value), weights))));
      }
    };
    built.emit(set(entry, get(from)));
    for (const step of ways === 1 ? [1] : [ways, 1]) {
      // Entries that are left, times their bytes; never negative.
      const enough = i32.greaterOrEqualUnsigned(i32.sub(get(to), get(entry)), i32.constant(step * ENTRY_BYTES));
      built.while(enough, () => {
        for (let way = 0; way < step; way++) accumulate(way);
        built.emit(set(entry, i32.add(get(entry), i32.constant(step * ENTRY_BYTES))));
      });
    }
    for (const [i, vector] of block.entries()) {
      const total = sums.map((way) => get(way[i] as number)).reduce((a, b) => f32x4.add(a, b));
      built.emit(f32x4.store(i32.constant(scoresAt), total, vector * VECTOR_BYTES));
    }
  }
  return built;
}

/** Parameters: the addresses of a row's first entry and behind its last. */
function updateFunction(vectors: number, deltasAt: number): WasmFunction {
  const built = new WasmFunction(['i32', 'i32']);
  const [from, to] = [0, 1];
  const entry = built.local('i32');
  const address = built.local('i32');
  const value = built.local('v128');
  const deltas = Array.from({ length: Math.min(vectors, BLOCK) }, () => built.local('v128'));
  for (const block of blocksOf(vectors)) {
    const own = block.map((vector, i) => {
      const delta = deltas[i] as number;
      built.emit(set(delta, f32x4.load(i32.constant(deltasAt), vector * VECTOR_BYTES)));
      return get(delta);
    });
    const bits: Code = own.reduce((a, b) => v128.or(a, b));
    built.if(v128.anyTrue(bits), () => {
      built.emit(set(entry, get(from)));
      built.while(i32.lessUnsigned(get(entry), get(to)), () => {
        built.emit(set(address, i32.load(get(entry))));
        built.emit(set(value, f32x4.loadSplat(get(entry), FLOAT_BYTES)));
        for (const [i, vector] of block.entries()) {
          const weights = f32x4.load(get(address), vector * VECTOR_BYTES);
          const changed = f32x4.add(weights, f32x4.mul(get(value), own[i] as Code));
          built.emit(f32x4.store(get(address), changed, vector * VECTOR_BYTES));
        }
        built.emit(set(entry, i32.add(get(entry), i32.constant(ENTRY_BYTES))));
      });
    });
  }
  return built;
}
