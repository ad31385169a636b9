/** @file A BiLSTM (src/models/bilstm.ts) as one file: its weights int8 in it, WebAssembly where it may be compiled. */
import type { BilstmConfig } from '../models/bilstm.js';
import { applyDense, comparePair, type Dense, type Rows, readDense, readRows, readTable } from './dense.js';
import { INPUTS, type LstmKernels, ROWS, scalarKernels, unitFor, wasmKernels, writeHalves } from './lstm-kernels.js';
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

/** A matrix in the memory of the kernels: where its parts begin, and its sizes there. */
type Placed = Readonly<Record<'weights' | 'scales' | 'biases' | 'blocks' | 'inputs', number>>;

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
  const width = Math.ceil(H / 4) * 4;
  const states = isPair ? 8 * H : 2 * H;
  const parts: (Float32Array | Int16Array)[] = [];
  let size = 0;
  const place: Place = (part) => {
    parts.push(part);
    const at = size;
    size += roundedTo(part.byteLength);
    return at;
  };
  // Of what is compared |u − v| is 2 at most, the rest 1.
  const [unit, unitOfStates] = [unitFor(width, 1), unitFor(roundedUp(states), isPair ? 2 : 1)];
  const input = place(new Int16Array(Math.max(roundedUp(E), 2 * roundedUp(states))));
  const [gates, c, h] = [4, 1, 1].map((times) => place(new Float32Array(times * width))) as [number, number, number];
  const halves = place(new Int16Array(2 * width));
  const rowOf = (row: number) => Math.floor(row / H) * width + (row % H);
  const directions = [0, 1].map(() => {
    const [ofWord, ofState] = [E, H].map((inputs) => readRows(next, 4 * H, inputs)) as [Rows, Rows];
    const bias = textToFloats(next.bytes(), 4 * H);
    return {
      word: placed(place, { ...ofWord, bias, unit: 1, rowOf, outputs: 4 * width, inputs: roundedUp(E) }),
      // What a word gives has the bias.
      state: placed(place, { ...ofState, bias, unit, rowOf, outputs: 4 * width, inputs: width }),
      kept: place(new Float32Array(KEPT_WORDS * 4 * width)),
    };
  });
  const first = readDense(next, F, states);
  const second = readDense(next, labels.length, F);
  const outputsOfFirst = Math.ceil(F / ROWS) * ROWS;
  const layer = placed(place, {
    ...{ ...first, unit: unitOfStates, rowOf: (row: number) => row },
    ...{ outputs: outputsOfFirst, inputs: roundedUp(states) },
  });
  const hidden = place(new Float32Array(outputsOfFirst));
  /** Where a word's part of the gates is kept, or −1; the words that are, and the place of the next. */
  const slots = new Int16Array(V).fill(-1);
  const words = new Int32Array(KEPT_WORDS).fill(-1);
  let oldest = 0;
  let memory = joined(parts, size);
  let kernels: LstmKernels = scalarKernels(memory);
  let floats = new Float32Array(memory);
  let shorts = new Int16Array(memory);
  let kind: 'simd' | 'scalar' = 'scalar';
  const useKernels = (module: WebAssembly.Module): void => {
    ({ kernels, memory } = wasmKernels(module, memory));
    [floats, shorts] = [new Float32Array(memory), new Int16Array(memory)];
    kind = 'simd';
    slots.fill(-1);
  };
  const compiled = compile(textToBytes(next.bytes(), moduleBytes));
  if (compiled !== undefined) useKernels(compiled);

  const features = new Float64Array(states);
  const outputs: [Float64Array, Float64Array] = [new Float64Array(F), new Float64Array(labels.length)];
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
    shorts.fill(0, input / 2, input / 2 + roundedUp(E));
    shorts.set(vectors.table.values.subarray(row, row + E), input / 2);
    for (const { word, kept } of directions) {
      const { weights, scales, biases, blocks, inputs } = word;
      kernels.whole(kept + 16 * width * slot, weights, input, scales, biases, blocks, inputs, scale);
    }
    return slot;
  };
  /** The last states of both directions, [2H] from a place of the features on. */
  const encode = (tokens: readonly number[], to: number): void => {
    const steps = Math.max(1, tokens.length);
    for (const [d, { state, kept }] of directions.entries()) {
      const { weights, scales, blocks, inputs } = state;
      shorts.fill(0, halves / 2, halves / 2 + 2 * width);
      floats.fill(0, c / 4, c / 4 + width);
      for (let s = 0; s < steps; s++) {
        // An empty text is one token of padding, since a network has to start somewhere.
        const slot = slotOf(tokens[d === 0 ? s : steps - 1 - s] ?? config.pad_token_id);
        kernels.halves(gates, weights, halves, scales, kept + 16 * width * slot, blocks, inputs, 1 / unit);
        kernels.cell(gates, c, h, halves, width, unit);
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
    const { weights, scales, biases, blocks, inputs } = layer;
    writeHalves(shorts, input / 2, features, inputs, unitOfStates);
    kernels.halves(hidden, weights, input, scales, biases, blocks, inputs, 1 / unitOfStates);
    for (let i = 0; i < F; i++) outputs[0][i] = Math.max(0, floats[hidden / 4 + i] as number);
    applyDense(second, ...outputs, false);
    return outputs[1];
  });
  return { ...student, useKernels, kernels: () => kind };
}

/** So many numbers, and zeros up to whole rounds of the kernel's loop. */
function roundedUp(inputs: number): number {
  return Math.ceil(inputs / INPUTS) * INPUTS;
}

/** Takes a part of the memory; returns where it begins. */
type Place = (part: Float32Array | Int16Array) => number;

function joined(parts: readonly (Float32Array | Int16Array)[], size: number): ArrayBuffer {
  const memory = new ArrayBuffer(size);
  let at = 0;
  for (const part of parts) {
    const Kind = part instanceof Float32Array ? Float32Array : Int16Array;
    new Kind(memory, at, part.length).set(part);
    at += roundedTo(part.byteLength);
  }
  return memory;
}

/** Parts begin where vectors may. */
function roundedTo(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

type Matrix = Dense & {
  /** Of the inputs, which the scales are divided by. */
  readonly unit: number;
  /** Where a row stands among those in memory, of which there are `outputs`. */
  readonly rowOf: (row: number) => number;
  readonly outputs: number;
  readonly inputs: number;
};

/** In blocks of rows, by two columns; what the matrix has not is 0. */
function placed(place: Place, { rows, scales, bias, unit, rowOf, outputs, inputs }: Matrix): Placed {
  const weights = new Int16Array(outputs * inputs);
  const [scalesInPlace, biases] = [new Float32Array(outputs), new Float32Array(outputs)];
  const width = rows.length / scales.length;
  for (let row = 0; row < scales.length; row++) {
    const to = rowOf(row);
    const start = Math.floor(to / ROWS) * ROWS * inputs + 2 * (to % ROWS);
    for (let i = 0; i < width; i++) weights[start + (i >> 1) * 2 * ROWS + (i & 1)] = rows[row * width + i] as number;
    scalesInPlace[to] = (scales[row] as number) / unit;
    biases[to] = bias[row] as number;
  }
  return {
    weights: place(weights),
    scales: place(scalesInPlace),
    biases: place(biases),
    blocks: outputs / ROWS,
    inputs,
  };
}

/** undefined where the runtime has no WebAssembly or no SIMD, or compiles nothing at run time (workerd). */
function compile(bytes: Int8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(new Uint8Array(bytes.buffer));
  } catch {
    return undefined;
  }
}
