/** @file An open session of any build of ONNX Runtime: what goes in and out is checked here. */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { DtypeError, ShapeError } from '../errors/failures.js';
import type { OnnxProgram, ValueInfo } from '../onnx/program.js';
import { ARRAY_TYPES, type Dtype, type HostArray } from '../tensor/dtype.js';
import { type Dim, formatShape, type Shape, type StaticShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { EngineError, engineMessage } from './engine-error.js';
import { isUnreturned, UNRETURNABLE } from './kept-outputs.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * What a model says that goes in and out.
 * @throws DtypeError for an input or output that is no tensor, or of a type that we have no array for.
 */
export function declaredValues(
  native: Pick<NativeSession, 'inputMetadata' | 'outputMetadata'>,
): Pick<OnnxProgram, 'inputs' | 'outputs'> {
  return {
    inputs: native.inputMetadata.map((value) => declared('input', value)),
    outputs: native.outputMetadata.map((value) => declared('output', value)),
  };
}

function declared(role: Role, value: InferenceSession.ValueMetadata): ValueInfo {
  const got = value.isTensor ? value.type : 'no tensor';
  if (!value.isTensor || !Object.hasOwn(ARRAY_TYPES, got)) {
    throw new DtypeError({
      where: `${role} '${value.name}'`,
      wanted: Object.keys(ARRAY_TYPES).join(', '),
      got,
      fix: 'export the model in float32',
    });
  }
  // A length without a name may be anything: it needs a name of its own.
  const shape = value.shape.map((dim, axis) => (dim === '' ? `${value.name}:${axis}` : dim));
  return { name: value.name, dtype: got as Dtype, shape };
}

/** Any build's session, as far as it is needed here. */
export type NativeSession = Pick<
  InferenceSession,
  'run' | 'release' | 'endProfiling' | 'inputMetadata' | 'outputMetadata'
>;

/** An open session; made by `openSession`. It holds native memory until `release`. */
export class Session {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly #native: Pick<NativeSession, 'run' | 'release' | 'endProfiling'>;
  readonly #how: SessionMeans;
  readonly #running = new Set<Promise<unknown>>();
  #released: Promise<void> | undefined;

  constructor(
    program: Pick<OnnxProgram, 'inputs' | 'outputs'>,
    native: Pick<NativeSession, 'run' | 'release' | 'endProfiling'>,
    how: SessionMeans,
  ) {
    this.inputs = program.inputs;
    this.outputs = program.outputs;
    this.#native = native;
    this.#how = how;
  }

  /**
   * Runs the graph and returns all of its outputs. Input arrays are read in place, not copied.
   *
   * A run blocks this thread from start to end and cannot be cancelled. It starts in a later turn of the event
   * loop, so timers and signals get theirs between two runs; until the promise settles the caller must leave the
   * arrays alone. Of two runs asked for at once the second waits for the first.
   *
   * @param fetches outputs to write into arrays of the caller; the result holds these very tensors, and where all
   *   outputs are among them large ones cost no copy. An array may be input and output at once only if every node
   *   that reads the input runs before the output is written.
   * @throws ShapeError, DtypeError naming the tensor; EngineError if a kernel fails (an index out of range).
   */
  async run(feeds: NamedTensors, fetches: NamedTensors = {}): Promise<Record<string, Tensor>> {
    if (this.#released !== undefined) {
      throw new EngineError({ where: 'session.run', wanted: 'an open session', got: 'a released one' });
    }
    const lengths = new Map<string, number>();
    const ortFeeds = this.#bindFeeds(feeds, lengths);
    const ortFetches = this.#bindFetches(fetches, lengths);
    const areKept = this.#how.canKeep && this.outputs.every(({ name }) => fetches[name]);
    const running = this.#native.run(ortFeeds, areKept ? { [UNRETURNABLE]: null, ...ortFetches } : ortFetches);
    this.#running.add(running);
    let produced: InferenceSession.ReturnType;
    try {
      produced = await running;
    } catch (cause) {
      if (areKept && isUnreturned(cause)) return { ...fetches };
      throw new EngineError({
        where: 'ONNX Runtime',
        wanted: 'the inference call to succeed',
        got: engineMessage(cause),
        cause,
      });
    } finally {
      this.#running.delete(running);
    }
    const results: Record<string, Tensor> = {};
    for (const info of this.outputs) {
      const wanted = fetches[info.name];
      // The tensor that ONNX Runtime returns for a preallocated output is another copy of it.
      if (wanted === undefined || !this.#how.writesOutputs) {
        results[info.name] = copied(toTensor(info, produced[info.name]), wanted);
      } else results[info.name] = wanted;
    }
    return results;
  }

  /** Frees the native memory, after the runs under way. Later calls do nothing more. */
  release(): Promise<void> {
    this.#released ??= this.#dispose();
    return this.#released;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (this.#how.isProfiled) this.#native.endProfiling();
    await this.#native.release();
  }

  #bindFeeds(feeds: NamedTensors, lengths: Map<string, number>): Record<string, OrtTensor> {
    const bound: Record<string, OrtTensor> = {};
    for (const info of this.inputs) {
      const value = feeds[info.name];
      if (!value) {
        const got = Object.keys(feeds).join(', ') || 'no inputs at all';
        throw new ShapeError({ where: `input '${info.name}'`, wanted: describe(info), got, fix: 'feed every input' });
      }
      bound[info.name] = this.#bind('input', info, value, lengths);
    }
    rejectUnknown('input', bound, feeds);
    return bound;
  }

  #bindFetches(fetches: NamedTensors, lengths: Map<string, number>): Record<string, OrtTensor | null> {
    const bound: Record<string, OrtTensor | null> = {};
    for (const info of this.outputs) {
      const value = fetches[info.name];
      const checked = value && this.#bind('output', info, value, lengths);
      bound[info.name] = this.#how.writesOutputs ? (checked ?? null) : null;
    }
    rejectUnknown('output', bound, fetches);
    return bound;
  }

  #bind(role: Role, info: ValueInfo, value: Tensor, lengths: Map<string, number>): OrtTensor {
    if (value.dtype !== info.dtype) {
      throw new DtypeError({ where: `${role} '${info.name}'`, wanted: info.dtype, got: value.dtype });
    }
    if (!fits(info.shape, value.shape, lengths)) {
      const known = [...lengths].map(([name, length]) => `${name}=${length}`).join(', ');
      throw new ShapeError({
        where: `${role} '${info.name}'`,
        wanted: `shape ${formatShape(info.shape)}${known === '' ? '' : ` with ${known}`}`,
        got: formatShape(value.shape),
      });
    }
    return ortTensorOf(this.#how.OrtTensor, value, role, info.name);
  }
}

type TensorConstructor = typeof OrtTensor;
type SessionMeans = {
  readonly OrtTensor: TensorConstructor;
  readonly isProfiled: boolean;
  /** Whether the graph has the output that lets results stay in the caller's arrays. */
  readonly canKeep: boolean;
  /** As `Backend` has it. */
  readonly writesOutputs: boolean;
};
type Role = 'input' | 'output';

/** Whether the lengths are the wanted ones. A name takes the first length it meets in a call, and keeps it. */
function fits(wanted: Shape, shape: StaticShape, lengths: Map<string, number>): boolean {
  if (wanted.length !== shape.length) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    const dim = wanted[axis] as Dim;
    const length = shape[axis] as number;
    if (typeof dim === 'number') {
      if (dim !== length) return false;
    } else {
      const known = lengths.get(dim);
      if (known === undefined) lengths.set(dim, length);
      else if (known !== length) return false;
    }
  }
  return true;
}

function rejectUnknown(role: Role, known: Readonly<Record<string, unknown>>, given: NamedTensors): void {
  for (const name in given) {
    if (Object.hasOwn(known, name)) continue;
    throw new ShapeError({
      where: `${role} '${name}'`,
      wanted: `an ${role} of this graph: ${Object.keys(known).join(', ') || 'it has none'}`,
      got: 'an unknown name',
    });
  }
}

function describe({ dtype, shape }: ValueInfo): string {
  return `${dtype} ${formatShape(shape)}`;
}

/**
 * ONNX Runtime's wrappers by the array they wrap. A step of a small model takes 150 µs and feeds the same arrays
 * each time: making the wrappers anew would be a good part of that.
 */
const ortTensors = new WeakMap<HostArray, OrtTensor>();

function ortTensorOf(OrtTensor: TensorConstructor, value: Tensor, role: Role, name: string): OrtTensor {
  const { dtype, shape, data } = value;
  const cached = ortTensors.get(data);
  // The length is compared too: an array of a WebAssembly.Memory that has grown is left with none.
  if (cached?.type === dtype && cached.size === data.length && sameShape(cached.dims, shape)) return cached;
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      where: `${role} '${name}'`,
      wanted: `${sizeOf(shape)} elements for shape ${formatShape(shape)}`,
      got: `${data.length}`,
      ...(data.buffer.byteLength === 0 && { fix: 'its buffer was detached: take the view again after memory.grow()' }),
    });
  }
  if (typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer) {
    throw new DtypeError({
      where: `${role} '${name}'`,
      wanted: 'an array over an ArrayBuffer or a WebAssembly.Memory that is not shared',
      got: 'one over a SharedArrayBuffer, which ONNX Runtime does not take',
      fix: 'copy it',
    });
  }
  const made = new OrtTensor(dtype, data, shape);
  ortTensors.set(data, made);
  return made;
}

function toTensor({ name, dtype }: ValueInfo, produced: OrtTensor | undefined): Tensor {
  const ArrayType = ARRAY_TYPES[dtype];
  const data = produced?.data;
  if (produced?.type === dtype && data instanceof ArrayType) return { dtype, shape: produced.dims, data };
  throw new Error(`the graph gave ${produced?.type} for output '${name}', its program says ${dtype}`);
}

/** A result in the caller's array, if there is one. */
function copied(result: Tensor, wanted: Tensor | undefined): Tensor {
  if (wanted === undefined) return result;
  // Both are of the type that the program says.
  (wanted.data as Float32Array).set(result.data as Float32Array);
  return wanted;
}
