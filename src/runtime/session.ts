import type { InferenceSession } from 'onnxruntime-node';
import { OptionError } from '../errors/failures.js';
import type { OnnxProgram } from '../onnx/program.js';
import { resolveDevice } from './devices.js';
import { noSession } from './engine-error.js';
import { isWorthKeeping, withUnreturnable } from './kept-outputs.js';
import { loadOnnxRuntime } from './native.js';
import { declaredValues, Session } from './running-session.js';
import { usualThreads } from './threads.js';

export type SessionOptions = {
  /** A name of `DEVICES`. Default: `cpu`. */
  readonly device?: string | undefined;
  /** Threads inside an operator. The last bits may depend on it: see `openSession`. Default: `usualThreads`. */
  readonly threads?: number | undefined;
  /** Whether idle threads spin: a few percent faster on a quiet machine, far slower on a busy one. Default: true. */
  readonly spinning?: boolean;
  /** Write a profile to `<prefix>_<date>.json` when the session is released. */
  readonly profilePrefix?: string;
};

/**
 * Opens a session: ONNX Runtime optimises the graph and plans its memory (blocks; about 100 ms for 1,000 nodes).
 * The same program, machine type, versions and number of threads give the same bits. With another number a matrix product
 * may round otherwise: its columns are divided among the threads, and how many terms are added in one go depends on how
 * many columns a thread has. Weights that are constants are laid out for it beforehand, in blocks that do not depend on
 * that, so what a model with such weights says is the same on any number of threads.
 * @throws DeviceError for a device that is not there, OptionError for other options, EngineError if the graph
 *   is not valid.
 */
export async function openSession(program: OnnxProgram, options: SessionOptions = {}): Promise<Session> {
  const canKeep = isWorthKeeping(program);
  const native = await createNative(canKeep ? withUnreturnable(program.bytes) : program.bytes, options);
  const { Tensor: OrtTensor } = await loadOnnxRuntime();
  return new Session(program, native, { OrtTensor, isProfiled: options.profilePrefix !== undefined, canKeep });
}

/**
 * Opens a session of a model that may be a stranger's: the path of an ONNX file, which ONNX Runtime then reads itself
 * (no second copy in memory), or its bytes. Inputs and outputs are those that the model declares.
 * @throws as `openSession` does; DtypeError for an input or output that is no tensor, or of a type that we have no array for.
 */
export async function openModelSession(model: string | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const native = await createNative(model, options);
  const { Tensor: OrtTensor } = await loadOnnxRuntime();
  try {
    const isProfiled = options.profilePrefix !== undefined;
    return new Session(declaredValues(native), native, { OrtTensor, isProfiled, canKeep: false });
  } catch (error) {
    await native.release();
    throw error;
  }
}

async function createNative(model: string | Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  const { threads = usualThreads(), spinning = true, profilePrefix } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new OptionError({ where: 'threads', wanted: 'an integer ≥ 1', got: String(threads) });
  }
  const device = await resolveDevice(options.device ?? 'cpu');
  const runtime = await loadOnnxRuntime();
  const ortOptions: InferenceSession.SessionOptions = {
    executionProviders: [device],
    // Levels round differently, so the level is part of what makes a run reproducible.
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    enableCpuMemArena: true,
    enableMemPattern: true,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Fatal: at lower levels ONNX Runtime prints what it also throws.
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  try {
    // Two overloads of one function: the compiler takes no union.
    return typeof model === 'string'
      ? await runtime.InferenceSession.create(model, ortOptions)
      : await runtime.InferenceSession.create(model, ortOptions);
  } catch (cause) {
    throw noSession(cause, device);
  }
}
