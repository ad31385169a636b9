/**
 * @file The WebAssembly SIMD kernels of an optimiser, made from its update rule when a run starts. Addresses are
 * bytes in the memory that holds all of the state; widths and counts are elements.
 */
import type { Arithmetic, Optimizer } from './optimizer.js';
import {
  type Code,
  type FloatOps,
  f32,
  f32x4,
  f64,
  f64x2,
  get,
  i32,
  instantiate,
  set,
  type WasmExport,
  WasmFunction,
  type WasmMemory,
  type WasmType,
} from './wasm-assembler.js';

/** Kernels for parameters that decay, or for those that don't. */
export type RuleKernel = {
  /**
   * One step for `count` elements: gradient · clip factor, then the rule.
   * `coefficients` is the address of a row: clip factor, then the rule's scalars, as float32.
   */
  update(count: number, coefficients: number, parameter: number, slots: readonly number[], gradient: number): void;
  /**
   * The steps whose coefficient rows lie in [from, to), with zero gradients: bit for bit what `update` does then.
   * `isCold` promises that all slots are zero, which is much less work.
   */
  replay(count: number, from: number, to: number, parameter: number, slots: readonly number[], isCold: boolean): void;
};

export type Kernels = {
  readonly decaying: RuleKernel;
  readonly undecaying: RuleKernel;
  /** target = target + source. */
  add(count: number, target: number, source: number): void;
  /**
   * Sum of squares in float64 of `rows` rows of `width`: each row by itself (element i goes to partial sum i mod 8),
   * rows in their order. Rows of zeros therefore do not change the sum, and a sparse table has the norm of a dense one.
   */
  sumOfSquares(rows: number, width: number, source: number): number;
};

/** Floats in a coefficient row. */
export function coefficientWidth(optimizer: Optimizer): number {
  return 1 + optimizer.scalarNames.length;
}

const FLOAT_BYTES = 4;

/** A tensor that is known to be zero while the kernel is written. */
const ZERO: Code = [];

/**
 * Arithmetic that appends instructions to a function; a value is the code that reads its variable. What is zero by
 * multiplication is folded (rules have no negative or infinite factors); x + 0 is not, since −0 + 0 is +0.
 */
function registerArithmetic(built: WasmFunction, float: FloatOps): Arithmetic<Code> {
  const keep = (operation: (a: Code, b: Code) => Code, a: Code | number, b: Code | number): Code =>
    built.keep(float.type, operation(read(float, a), read(float, b)));
  return {
    add: (a, b) => (a === ZERO && b === ZERO ? ZERO : keep(float.add, a, b)),
    sub: (a, b) => (b === ZERO && typeof a !== 'number' ? a : keep(float.sub, a, b)),
    mul: (a, b) => (a === ZERO || b === ZERO ? ZERO : keep(float.mul, a, b)),
    div: (a, b) => (a === ZERO ? ZERO : keep(float.div, a, b)),
    sqrt: (a) => (a === ZERO ? ZERO : built.keep(float.type, float.sqrt(a))),
  };
}

function read(float: FloatOps, x: Code | number): Code {
  if (typeof x === 'number') return float.constant(x);
  return x === ZERO ? float.constant(0) : x;
}

/**
 * Writes loops over `count` elements: blocks of `unroll` vectors, then vectors, then single floats. `prepare` writes
 * what comes before a loop and returns what writes its body. Advances the pointers.
 */
function overElements(
  built: WasmFunction,
  count: number,
  pointers: readonly number[],
  unroll: number,
  prepare: (float: FloatOps) => (offsets: readonly number[]) => void,
): void {
  for (const [float, values] of [
    [f32x4, unroll],
    [f32x4, 1],
    [f32, 1],
  ] as const) {
    const elements = float.lanes * values;
    const offsets = Array.from({ length: values }, (_, i) => i * float.lanes * FLOAT_BYTES);
    const body = prepare(float);
    built.while(i32.greaterOrEqualUnsigned(get(count), i32.constant(elements)), () => {
      body(offsets);
      const advance = i32.constant(elements * FLOAT_BYTES);
      for (const pointer of pointers) built.emit(set(pointer, i32.add(get(pointer), advance)));
      built.emit(set(count, i32.sub(get(count), i32.constant(elements))));
    });
  }
}

/** The code of a rule for one vector or float: what becomes of parameter and slots, in this order. */
function traceRule(
  optimizer: Optimizer,
  decays: boolean,
  arithmetic: Arithmetic<Code>,
  scalars: readonly Code[],
  tensors: readonly Code[],
  gradient: Code,
): readonly Code[] {
  const named = (names: readonly string[], values: readonly Code[]) =>
    Object.fromEntries(names.map((name, i) => [name, values[i] as Code]));
  const [parameter, ...slots] = tensors;
  const result = optimizer.update(
    {
      parameter: parameter as Code,
      gradient,
      slots: named(optimizer.slots, slots),
      scalars: named(optimizer.scalarNames, scalars),
      decays,
    },
    arithmetic,
  );
  return [result.parameter, ...optimizer.slots.map((name) => result.slots[name] as Code)];
}

/** Parameters: count, coefficients, parameter, slots …, gradient. */
function updateFunction(optimizer: Optimizer, decays: boolean): WasmFunction {
  const [count, coefficients, parameter] = [0, 1, 2];
  const tensors = [parameter, ...optimizer.slots.map((_, i) => parameter + 1 + i)];
  const gradient = parameter + tensors.length;
  const built = new WasmFunction(new Array<WasmType>(gradient + 1).fill('i32'));
  overElements(built, count, [...tensors, gradient], 2, (float) => {
    const arithmetic = registerArithmetic(built, float);
    const [clip, ...scalars] = ['clip', ...optimizer.scalarNames].map((_, i) =>
      built.keep(float.type, float.loadSplat(get(coefficients), i * FLOAT_BYTES)),
    );
    return (offsets) => {
      for (const offset of offsets) {
        const loaded = (pointer: number) => built.keep(float.type, float.load(get(pointer), offset));
        const clipped = arithmetic.mul(loaded(gradient), clip as Code);
        const results = traceRule(optimizer, decays, arithmetic, scalars, tensors.map(loaded), clipped);
        for (const [i, pointer] of tensors.entries()) {
          built.emit(float.store(get(pointer), read(float, results[i] as Code), offset));
        }
      }
    };
  });
  return built;
}

/**
 * Parameters: count, from, to, parameter, and unless they are cold slots …. Undefined where the steps change nothing;
 * null where cold slots do not stay zero.
 */
function replayFunction(optimizer: Optimizer, decays: boolean, isCold: boolean): WasmFunction | undefined | null {
  const [count, from, to, parameter] = [0, 1, 2, 3];
  const tensors = [parameter, ...(isCold ? [] : optimizer.slots.map((_, i) => parameter + 1 + i))];
  const built = new WasmFunction(new Array<WasmType>(parameter + tensors.length).fill('i32'));
  const row = built.local('i32');
  let changes = false;
  let staysCold = true;
  overElements(built, count, tensors, 4, (float) => (offsets) => {
    const arithmetic = registerArithmetic(built, float);
    // A variable for each tensor of each vector: they live in registers from the first step to the last.
    const vectors = offsets.map((offset) =>
      tensors.map((pointer) => {
        const variable = built.local(float.type);
        built.emit(set(variable, float.load(get(pointer), offset)));
        return variable;
      }),
    );
    built.emit(set(row, get(from)));
    built.while(i32.lessUnsigned(get(row), get(to)), () => {
      const scalars = optimizer.scalarNames.map((_, i) =>
        built.keep(float.type, float.loadSplat(get(row), (1 + i) * FLOAT_BYTES)),
      );
      for (const variables of vectors) {
        // Copies, since a rule may return a tensor it was given in the place of another.
        const before = variables.map((variable) => built.keep(float.type, get(variable)));
        const cold = isCold ? optimizer.slots.map(() => ZERO) : [];
        const after = traceRule(optimizer, decays, arithmetic, scalars, [...before, ...cold], ZERO);
        for (const [i, variable] of variables.entries()) built.emit(set(variable, read(float, after[i] as Code)));
        changes ||= before.some((value, i) => value !== after[i]);
        staysCold &&= after.slice(1).every((value) => value === ZERO);
      }
      built.emit(set(row, i32.add(get(row), i32.constant(coefficientWidth(optimizer) * FLOAT_BYTES))));
    });
    for (const [v, offset] of offsets.entries()) {
      for (const [i, pointer] of tensors.entries()) {
        built.emit(float.store(get(pointer), get(vectors[v]?.[i] as number), offset));
      }
    }
  });
  if (isCold && !staysCold) return null;
  return changes ? built : undefined;
}

function addFunction(): WasmFunction {
  const built = new WasmFunction(['i32', 'i32', 'i32']);
  const [count, target, source] = [0, 1, 2];
  overElements(built, count, [target, source], 4, (float) => (offsets) => {
    for (const offset of offsets) {
      const sum = float.add(float.load(get(target), offset), float.load(get(source), offset));
      built.emit(float.store(get(target), sum, offset));
    }
  });
  return built;
}

function sumOfSquaresFunction(): WasmFunction {
  const built = new WasmFunction(['i32', 'i32', 'i32'], 'f64');
  const [rows, width, source] = [0, 1, 2];
  const left = built.local('i32');
  const total = built.local('f64');
  const partial = Array.from({ length: 4 }, () => built.local('v128'));
  const rowSum = built.local('f64');
  const advance = (floats: number) => {
    built.emit(set(source, i32.add(get(source), i32.constant(floats * FLOAT_BYTES))));
    built.emit(set(left, i32.sub(get(left), i32.constant(floats))));
  };
  built.while(get(rows), () => {
    for (const sum of partial) built.emit(set(sum, f64x2.zero));
    built.emit(set(left, get(width)));
    built.while(i32.greaterOrEqualUnsigned(get(left), i32.constant(8)), () => {
      for (const [i, sum] of partial.entries()) {
        const pair = built.keep('v128', f64x2.loadPromote(get(source), i * 2 * FLOAT_BYTES));
        built.emit(set(sum, f64x2.add(get(sum), f64x2.mul(pair, pair))));
      }
      advance(8);
    });
    const [a, b, c, d] = partial.map(get) as [Code, Code, Code, Code];
    const pairs = built.keep('v128', f64x2.add(f64x2.add(a, b), f64x2.add(c, d)));
    built.emit(set(rowSum, f64.add(f64x2.lane(pairs, 0), f64x2.lane(pairs, 1))));
    built.while(get(left), () => {
      const one = built.keep('f64', f64.promote(f32.load(get(source))));
      built.emit(set(rowSum, f64.add(get(rowSum), f64.mul(one, one))));
      advance(1);
    });
    built.emit(set(total, f64.add(get(total), get(rowSum))));
    built.emit(set(rows, i32.sub(get(rows), i32.constant(1))));
  });
  built.emit(get(total));
  return built;
}

/** Compiles the kernels of an update rule for one memory. */
export function compileKernels(optimizer: Optimizer, memory: WasmMemory): Kernels {
  const functions: Record<string, WasmFunction> = { add: addFunction(), sumOfSquares: sumOfSquaresFunction() };
  /** Adds a function to the module under a free name. */
  const place = (built: WasmFunction): string => {
    const name = `rule${Object.keys(functions).length}`;
    functions[name] = built;
    return name;
  };
  const variants = [true, false].map((decays) => {
    const warm = replayFunction(optimizer, decays, false) ?? undefined;
    const cold = replayFunction(optimizer, decays, true);
    return {
      update: place(updateFunction(optimizer, decays)),
      warm: warm && place(warm),
      cold: cold === null ? null : cold && place(cold),
    };
  });
  const exported = instantiate(functions, memory);
  const [decaying, undecaying] = variants.map(({ update, warm, cold }): RuleKernel => {
    const updateKernel = exported[update] as WasmExport;
    const warmKernel = warm === undefined ? undefined : exported[warm];
    const coldKernel = cold ? exported[cold] : undefined;
    return {
      update: (count, coefficients, parameter, slots, gradient) => {
        updateKernel(count, coefficients, parameter, ...slots, gradient);
      },
      replay: (count, from, to, parameter, slots, isCold) => {
        if (isCold && cold !== null) coldKernel?.(count, from, to, parameter);
        else warmKernel?.(count, from, to, parameter, ...slots);
      },
    };
  }) as [RuleKernel, RuleKernel];
  return {
    decaying,
    undecaying,
    add: exported.add as Kernels['add'],
    sumOfSquares: exported.sumOfSquares as Kernels['sumOfSquares'],
  };
}
