/**
 * @file Just enough of a WebAssembly assembler for the kernels of optimisers, of linear models, of dropout, of exported
 * LSTMs and of the checksum of exported files: straight-line arithmetic in loops.
 * The format is that of the WebAssembly core specification 2.0, sections 5.4 (instructions) and 5.5 (modules).
 */

/** Bytes of instructions. An expression leaves one value on the stack, a statement none. */
export type Code = readonly number[];

export type WasmType = 'i32' | 'f32' | 'f64' | 'v128';
const TYPE_CODES: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** LEB128 for a constant operand, which the format wants signed. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}

function float32Bytes(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

type Unary = (a: Code) => Code;
type Binary = (a: Code, b: Code) => Code;

const unary =
  (...opcode: number[]): Unary =>
  (a) => [...a, ...opcode];
const binary =
  (...opcode: number[]): Binary =>
  (a, b) => [...a, ...b, ...opcode];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** Loads take an address and a constant offset; alignment is a hint that we leave at 1. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...opcode, 0, ...unsigned(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...opcode, 0, ...unsigned(offset)];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  xor: binary(0x73),
  rotateLeft: binary(0x77),
  shiftRightUnsigned: binary(0x76),
  lessUnsigned: binary(0x49),
  greaterOrEqualUnsigned: binary(0x4f),
};

/** Four 32-bit integers. */
export const i32x4 = {
  constant: (values: readonly [number, number, number, number]): Code => [
    ...simd(12),
    ...new Uint8Array(Int32Array.from(values).buffer),
  ],
  splat: unary(...simd(17)),
  add: binary(...simd(174)),
  mul: binary(...simd(181)),
  /** By so many bits, an i32. */
  shiftLeft: binary(...simd(171)),
  shiftRightUnsigned: binary(...simd(173)),
  /** All bits of a lane, or none. */
  greaterUnsigned: binary(...simd(60)),
  xor: binary(...simd(81)),
  and: binary(...simd(78)),
};

/** Eight 16-bit integers. */
export const i16x8 = {
  /** Of four 32-bit integers, twice; what does not fit is the nearest that does. */
  narrow: (a: Code): Code => binary(...simd(133))(a, a),
  /** Four sums of two products each, in 32 bits. */
  dot: binary(...simd(186)),
};

/** 128 bits, whatever is in them. */
export const v128 = {
  load: load(...simd(0)),
  /** The first 64 bits to memory. */
  storeHalf: (address: Code, value: Code): Code => [...store(...simd(91))(address, value), 0],
  or: binary(...simd(80)),
  /** An i32: 1 if any bit is set. */
  anyTrue: unary(...simd(83)),
};

/** What the update rules need of one number type. */
export type FloatOps = {
  readonly type: WasmType;
  /** Floats in one value. */
  readonly lanes: number;
  constant(value: number): Code;
  load(address: Code, offset?: number): Code;
  /** One float from memory, in all lanes. */
  loadSplat(address: Code, offset?: number): Code;
  store(address: Code, value: Code, offset?: number): Code;
  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  sqrt: Unary;
};

export const f32: FloatOps = {
  type: 'f32',
  lanes: 1,
  constant: (value) => [0x43, ...float32Bytes(value)],
  load: load(0x2a),
  loadSplat: load(0x2a),
  store: store(0x38),
  add: binary(0x92),
  sub: binary(0x93),
  mul: binary(0x94),
  div: binary(0x95),
  sqrt: unary(0x91),
};

export const f32x4: FloatOps &
  Readonly<Record<'splat' | 'fromIntegers', Unary> & Record<'smaller' | 'larger', Binary>> = {
  type: 'v128',
  lanes: 4,
  constant: (value) => [...simd(12), ...Array.from({ length: 4 }, () => float32Bytes(value)).flat()],
  load: load(...simd(0)),
  loadSplat: load(...simd(9)),
  /** One float in all lanes. */
  splat: unary(...simd(19)),
  /** Of 32-bit integers. */
  fromIntegers: unary(...simd(250)),
  /** b where it is smaller, or larger, than a: one instruction, which `min` and `max` are not. */
  smaller: binary(...simd(234)),
  larger: binary(...simd(235)),
  store: store(...simd(11)),
  add: binary(...simd(228)),
  sub: binary(...simd(229)),
  mul: binary(...simd(230)),
  div: binary(...simd(231)),
  sqrt: unary(...simd(227)),
};

export const f64 = {
  add: binary(0xa0),
  mul: binary(0xa2),
  promote: unary(0xbb),
  zero: [0x44, 0, 0, 0, 0, 0, 0, 0, 0] as Code,
};

export const f64x2 = {
  zero: [...simd(12), ...new Array<number>(16).fill(0)] as Code,
  /** Two float32 from memory, widened. */
  loadPromote: (address: Code, offset: number): Code => [...load(...simd(93))(address, offset), ...simd(95)],
  add: binary(...simd(240)),
  mul: binary(...simd(242)),
  lane: (value: Code, lane: number): Code => [...value, ...simd(33), lane],
};

/** A function under construction: code is appended by `emit`. */
export class WasmFunction {
  readonly parameters: readonly WasmType[];
  readonly result: WasmType | undefined;
  readonly #locals: WasmType[] = [];
  readonly #body: number[] = [];

  constructor(parameters: readonly WasmType[], result?: WasmType) {
    this.parameters = parameters;
    this.result = result;
  }

  /** A new variable, set to 0 on entry. */
  local(type: WasmType): number {
    return this.parameters.length + this.#locals.push(type) - 1;
  }

  emit(...codes: readonly Code[]): void {
    for (const code of codes) this.#body.push(...code);
  }

  /** Puts a value into a new variable and returns the code that reads it. */
  keep(type: WasmType, value: Code): Code {
    const variable = this.local(type);
    this.emit(set(variable, value));
    return get(variable);
  }

  /** Runs the body for as long as the condition, an i32, is not 0. */
  while(condition: Code, body: () => void): void {
    this.emit([0x02, 0x40, 0x03, 0x40], condition, [0x45, 0x0d, 1]); // block, loop, leave the block if zero
    body();
    this.emit([0x0c, 0, 0x0b, 0x0b]); // again; end, end
  }

  /** Runs the body if the condition, an i32, is not 0. */
  if(condition: Code, body: () => void): void {
    this.emit(condition, [0x04, 0x40]);
    body();
    this.emit([0x0b]);
  }

  bytes(): number[] {
    const locals = this.#locals.flatMap((type) => [1, TYPE_CODES[type]]);
    const content = [...unsigned(this.#locals.length), ...locals, ...this.#body, 0x0b];
    return [...unsigned(content.length), ...content];
  }

  typeBytes(): number[] {
    const parameters = this.parameters.map((type) => TYPE_CODES[type]);
    const results = this.result === undefined ? [] : [TYPE_CODES[this.result]];
    return [0x60, ...unsigned(parameters.length), ...parameters, results.length, ...results];
  }
}

export const get = (variable: number): Code => [0x20, ...unsigned(variable)];
export const set = (variable: number, value: Code): Code => [...value, 0x21, ...unsigned(variable)];

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function nameBytes(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** A module that exports the functions and works on the memory it imports as `host.memory`. */
export function assemble(functions: Readonly<Record<string, WasmFunction>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      entries.map(([, built]) => built.typeBytes()),
    ),
    ...section(2, [[...nameBytes('host'), ...nameBytes('memory'), 0x02, 0x00, 0x00]]),
    ...section(
      3,
      entries.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      entries.map(([name], index) => [...nameBytes(name), 0x00, ...unsigned(index)]),
    ),
    ...section(
      10,
      entries.map(([, built]) => built.bytes()),
    ),
  ]);
}

/** The part of the global that is used here. lib.dom, which declares it, would let browser globals into Node code. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { host: { memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, WasmExport>> };
};

export type WasmMemory = { readonly buffer: ArrayBuffer };
export type WasmExport = (...addresses: number[]) => number;

const PAGE_BYTES = 65_536;
/** What 32-bit addresses reach. */
export const MAX_MEMORY_BYTES = 2 ** 32;

/** Zeros; it never grows, since that would detach all views of it. */
export function createMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** Compiles the functions and binds them to a memory. */
export function instantiate(
  functions: Readonly<Record<string, WasmFunction>>,
  memory: WasmMemory,
): Readonly<Record<string, WasmExport>> {
  const module = new WebAssembly.Module(assemble(functions));
  return new WebAssembly.Instance(module, { host: { memory } }).exports;
}
