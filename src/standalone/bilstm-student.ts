/** @file A BiLSTM (src/models/bilstm.ts) as one file: int8 in it, float32 in memory, WebAssembly where it may be compiled. */
import type { BilstmConfig } from '../models/bilstm.js';
import { applyDense, comparePair, type Dense, readDense, readTable } from './dense.js';
import { BLOCK, COLUMNS, type LstmKernels, scalarKernels, wasmKernels } from './lstm-kernels.js';
import { type Packed, type Student, type StudentFacts, studentOf, tokenIds, unpacked } from './student.js';
import { textToBytes, textToFloats } from './text-coding.js';
import type { PieceFacts } from './word-pieces.js';

export type BilstmFacts = StudentFacts & {
  readonly pieces: PieceFacts;
  readonly config: Pick<
    BilstmConfig,
    'vocab_size' | 'embedding_size' | 'hidden_size' | 'dense_size' | 'pad_token_id' | 'is_pair'
  >;
  /** Bytes of the WebAssembly module. */
  readonly moduleBytes: number;
};

export type BilstmStudent = Student & {
  /**
   * Answers by a compiled `student.wasm` from now on: for runtimes that compile none at run time but import such modules.
   */
  readonly useKernels: (module: WebAssembly.Module) => void;
  /** What answers. */
  readonly kernels: () => 'simd' | 'scalar';
};

/** Words whose part of the gates is kept: a few hundred are most of any text, and a third of the work. */
const KEPT_WORDS = 512;

/** A matrix in the memory of the kernels. */
type Placed = { readonly weights: number; readonly bias: number; readonly blocks: number; readonly inputs: number };

/**
 * Sections: the vocabulary; the vectors [V, E] and a scale a row; of each direction W_ih [4H, E], W_hh [4H, H] and their
 * scales, b_ih + b_hh [4H]; rows, scales and biases of both layers; the WebAssembly module.
 */
export function open(packed: Packed): BilstmStudent {
  const [facts, next] = unpacked<BilstmFacts>(packed);
  const { labels, pieces, maxLength, config, moduleBytes } = facts;
  const { vocab_size: V, embedding_size: E, hidden_size: H, dense_size: F, is_pair: isPair } = config;
  const ids = tokenIds(pieces, next.text(), { maxLength });
  const vectors = readTable(next, V, E);
  // Gates are of so many numbers each, so that four of them are whole blocks.
  const width = Math.ceil(H / 8) * 8;
  const states = isPair ? 8 * H : 2 * H;
  const parts: Float32Array[] = [];
  let size = 0;
  const place = (floats: Float32Array): number => {
    parts.push(floats);
    size += floats.length;
    return 4 * (size - floats.length);
  };
  const input = place(new Float32Array(columnsOf(Math.max(E, states))));
  const [gates, c] = [place(new Float32Array(4 * width)), place(new Float32Array(width))];
  const h = place(new Float32Array(width));
  const rowOf = (row: number) => Math.floor(row / H) * width + (row % H);
  const directions = [0, 1].map(() => {
    const fromInput = dequantised(textToBytes(next.bytes(), 4 * H * E), textToFloats(next.bytes(), 4 * H));
    const fromState = dequantised(textToBytes(next.bytes(), 4 * H * H), textToFloats(next.bytes(), 4 * H));
    const bias = textToFloats(next.bytes(), 4 * H);
    return {
      word: placed(place, { floats: fromInput, rows: 4 * H, rowOf, outputs: 4 * width, inputs: columnsOf(E), bias }),
      state: placed(place, { floats: fromState, rows: 4 * H, rowOf, outputs: 4 * width, inputs: width }),
      kept: place(new Float32Array(KEPT_WORDS * 4 * width)),
    };
  });
  const first = readDense(next, F, states);
  const second = readDense(next, labels.length, F);
  const { rows, scales: ofRows, bias } = first;
  const layer = placed(place, {
    ...{ floats: dequantised(rows, ofRows), rows: F, rowOf: (row) => row, bias },
    ...{ outputs: Math.ceil(F / BLOCK) * BLOCK, inputs: columnsOf(states) },
  });
  const hidden = place(new Float32Array(layer.blocks * BLOCK));
  let floats = new Float32Array(size);
  let at = 0;
  for (const part of parts) {
    floats.set(part, at);
    at += part.length;
  }
  /** Where a word's part of the gates is kept, or −1; the words that are, and the place of the next. */
  const slots = new Int16Array(V).fill(-1);
  const words = new Int32Array(KEPT_WORDS).fill(-1);
  let oldest = 0;
  let kernels: LstmKernels = scalarKernels(floats);
  let kind: 'simd' | 'scalar' = 'scalar';
  const useKernels = (module: WebAssembly.Module): void => {
    ({ kernels, floats } = wasmKernels(module, floats));
    kind = 'simd';
    slots.fill(-1);
  };
  const compiled = compile(textToBytes(next.bytes(), moduleBytes));
  if (compiled !== undefined) useKernels(compiled);

  const features = new Float64Array(states);
  const outputs: [Float64Array, Float64Array] = [new Float64Array(F), new Float64Array(labels.length)];
  const run = ({ weights, bias: biases, blocks, inputs }: Placed, from: number, out: number, bias = biases) =>
    kernels.affine(out, weights, from, bias, blocks, inputs);
  /** W_ih x + b of a word for both directions, which depends on nothing else. */
  const slotOf = (id: number): number => {
    const known = slots[id] as number;
    if (known >= 0) return known;
    const slot = oldest;
    oldest = (oldest + 1) % KEPT_WORDS;
    const before = words[slot] as number;
    if (before >= 0 && slots[before] === slot) slots[before] = -1;
    words[slot] = id;
    slots[id] = slot;
    const scale = vectors.scales[id] as number;
    const row = vectors.table.row(id);
    floats.fill(0, input / 4, input / 4 + columnsOf(E));
    for (let i = 0; i < E; i++) floats[input / 4 + i] = (vectors.table.values[row + i] as number) * scale;
    for (const { word, kept } of directions) run(word, input, kept + 16 * width * slot);
    return slot;
  };
  /** The last states of both directions, [2H] from a place of the features on. */
  const encode = (tokens: readonly number[], to: number): void => {
    const steps = Math.max(1, tokens.length);
    for (const [d, { state, kept }] of directions.entries()) {
      floats.fill(0, h / 4, h / 4 + width);
      floats.fill(0, c / 4, c / 4 + width);
      for (let s = 0; s < steps; s++) {
        // An empty text is one token of padding, since a network has to start somewhere.
        const slot = slotOf(tokens[d === 0 ? s : steps - 1 - s] ?? config.pad_token_id);
        run(state, h, gates, kept + 16 * width * slot);
        kernels.cell(gates, c, h, width);
      }
      for (let i = 0; i < H; i++) features[to + d * H + i] = floats[h / 4 + i] as number;
    }
  };
  const student = studentOf(facts, (text, pair) => {
    if (pair !== undefined && isPair) {
      encode(ids(text), 0);
      encode(ids(pair), 2 * H);
      comparePair(features, true);
    } else encode(ids(text, pair), 0);
    floats.set(features, input / 4);
    run(layer, input, hidden);
    for (let i = 0; i < F; i++) outputs[0][i] = Math.max(0, floats[hidden / 4 + i] as number);
    applyDense(second, ...outputs, false);
    return outputs[1];
  });
  return { ...student, useKernels, kernels: () => kind };
}

/** value · scale in float32, as every reader of the same int8 weights gets it. */
function dequantised(rows: Dense['rows'], scales: Dense['scales']): Float32Array {
  const floats = new Float32Array(rows.length);
  const width = rows.length / scales.length;
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row] as number;
    for (let i = row * width; i < (row + 1) * width; i++) floats[i] = (rows[i] as number) * scale;
  }
  return floats;
}

/** So many numbers, and zeros up to whole rounds of the kernel's loop. */
function columnsOf(inputs: number): number {
  return Math.ceil(inputs / COLUMNS) * COLUMNS;
}

type Matrix = {
  /** [rows, any] */
  readonly floats: Float32Array;
  readonly rows: number;
  /** Where a row stands among those in memory, of which there are `outputs`. */
  readonly rowOf: (row: number) => number;
  readonly outputs: number;
  readonly inputs: number;
  /** [rows] */
  readonly bias?: Float32Array;
};

/** In blocks of rows; what the matrix has not is 0. */
function placed(
  place: (floats: Float32Array) => number,
  { floats, rows, rowOf, outputs, inputs, bias }: Matrix,
): Placed {
  const weights = new Float32Array(outputs * inputs);
  const biases = new Float32Array(bias === undefined ? 0 : outputs);
  const width = floats.length / rows;
  for (let row = 0; row < rows; row++) {
    const to = rowOf(row);
    const start = Math.floor(to / BLOCK) * BLOCK * inputs + (to % BLOCK);
    for (let i = 0; i < width; i++) weights[start + i * BLOCK] = floats[row * width + i] as number;
    if (bias !== undefined) biases[to] = bias[row] as number;
  }
  return { weights: place(weights), bias: place(biases), blocks: outputs / BLOCK, inputs };
}

/** undefined where the runtime has no WebAssembly or no SIMD, or compiles nothing at run time (workerd). */
function compile(bytes: Int8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(new Uint8Array(bytes.buffer));
  } catch {
    return undefined;
  }
}
