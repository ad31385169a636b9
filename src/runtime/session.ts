import { backend } from '#backend';
import type { OnnxProgram } from '../onnx/program.js';
import type { SessionOptions } from './backend.js';
import { isWorthKeeping, withUnreturnable } from './kept-outputs.js';
import { declaredValues, Session } from './running-session.js';

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
  const { writesOutputs } = backend;
  const canKeep = writesOutputs && isWorthKeeping(program);
  const { native, OrtTensor } = await backend.open(canKeep ? withUnreturnable(program.bytes) : program.bytes, options);
  const isProfiled = options.profilePrefix !== undefined;
  return new Session(program, native, { OrtTensor, isProfiled, canKeep, writesOutputs });
}

/**
 * Opens a session of a model that may be a stranger's: the path of an ONNX file, which ONNX Runtime then reads itself
 * (no second copy in memory), or its bytes. Inputs and outputs are those that the model declares.
 * @throws as `openSession` does; DtypeError for an input or output that is no tensor, or of a type that we have no array for.
 */
export async function openModelSession(model: string | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { writesOutputs } = backend;
  const { native, OrtTensor } = await backend.open(model, options);
  try {
    const isProfiled = options.profilePrefix !== undefined;
    return new Session(declaredValues(native), native, { OrtTensor, isProfiled, canKeep: false, writesOutputs });
  } catch (error) {
    await native.release();
    throw error;
  }
}
