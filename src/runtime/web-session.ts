/** @file Sessions of models that lie somewhere else, in browsers and workers. */
import { declaredValues, Session } from './running-session.js';
import { openNative, type WebSessionOptions } from './web-runtime.js';

/**
 * @throws EngineError where the package is missing or the graph is not valid, DeviceError for a device that is not there,
 *   OptionError for other threads than a number from 1, DtypeError as `declaredValues`.
 */
export async function openWebSession(model: Uint8Array, options: WebSessionOptions): Promise<Session> {
  const { native, OrtTensor } = await openNative(model, options);
  try {
    return new Session(declaredValues(native), native, {
      OrtTensor,
      isProfiled: false,
      canKeep: false,
      writesOutputs: false,
    });
  } catch (error) {
    await native.release();
    throw error;
  }
}
