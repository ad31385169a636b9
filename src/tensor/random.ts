import { OptionError } from '../errors/failures.js';

/**
 * Counter-based random numbers: element i of the stream (seed, name, step) is a pure function of those
 * four, so it is the same on any thread count, after any resume, in a graph and on the host.
 *
 * The hash is lowbias32 (C. Wellons, "Prospecting for hash functions", 2018): a 32-bit integer permutation
 * with low avalanche bias, made of operations every ONNX Runtime build has for uint32.
 */
export function lowbias32(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The steps of `lowbias32` where they are written instead of done: x ^ (x >>> bits), and x times a factor. */
export type HashSteps<T> = { xorShift(x: T, bits: number): T; times(x: T, factor: number): T };

/** `lowbias32` in another language: nodes of a graph, instructions of a kernel. */
export function writeLowbias32<T>({ xorShift, times }: HashSteps<T>, x: T): T {
  return xorShift(times(xorShift(times(xorShift(x, 16), 0x7feb352d), 15), 0x846ca68b), 16);
}

/** FNV-1a over UTF-16 code units: turns a stream's name into a number. */
function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The 32-bit key of a stream at a step. Element i of it is `lowbias32(i ^ key)`. */
export function streamKey(seed: number, stream: string, step = 0): number {
  const fromSeed = lowbias32(seed ^ 0x9e3779b9);
  const fromStream = lowbias32(fromSeed ^ hashName(stream));
  return lowbias32((fromStream + Math.imul(step, 0x9e3779b9)) >>> 0);
}

/** A cursor over one stream; `draw` is the whole of its state. */
export class RandomStream {
  readonly #key: number;
  draw: number;

  constructor(seed: number, stream: string, step = 0, draw = 0) {
    this.#key = streamKey(seed, stream, step);
    this.draw = draw;
  }

  /** 32 random bits. */
  bits(): number {
    return lowbias32(this.draw++ ^ this.#key);
  }

  /** Uniform in [low, high), with 24 random bits, as float32 has. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.bits() >>> 8) * 2 ** -24);
  }

  /** Two independent standard normals, by Box and Muller's transform of two uniforms. */
  normalPair(): [number, number] {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }

  /** Standard normal. */
  normal(): number {
    return this.normalPair()[0];
  }

  /** A whole number in [0, below). The bias is under below / 2^32. */
  below(below: number): number {
    return Math.floor((this.bits() / 2 ** 32) * below);
  }

  /** A permutation of 0 … count − 1 (Fisher and Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
    }
    return order;
  }
}

/**
 * 32 random bits for each cell of a grid: cell (r, c) is `lowbias32(c ^ lowbias32(r ^ key))`. Graphs draw
 * dropout masks by the same rule, so this is their reference.
 */
export function hashedBits(key: number, rows: number, columns: number): Uint32Array {
  const bits = new Uint32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const rowKey = lowbias32(row ^ key);
    for (let column = 0; column < columns; column++) bits[row * columns + column] = lowbias32(column ^ rowKey);
  }
  return bits;
}

/**
 * The largest 32 random bits at which dropout drops an element; larger ones keep it. Undefined where it drops none.
 * @throws OptionError if the rate is not in [0, 1).
 */
export function lastDropped(rate: number): number | undefined {
  if (!(rate >= 0 && rate < 1)) {
    throw new OptionError({ where: 'dropout', wanted: 'a rate ≥ 0 and < 1', got: String(rate) });
  }
  const dropped = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  return dropped === 0 ? undefined : dropped - 1;
}
