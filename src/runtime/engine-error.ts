import { DeviceError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { RetortError } from '../errors/retort-error.js';

/** ONNX Runtime refused a graph or a run. Its own error is the cause. */
export class EngineError extends RetortError {
  override name = 'EngineError';
}

/** What ONNX Runtime said: on one line, without the place in its C++ source. */
export function engineMessage(cause: unknown): string {
  const message = messageOf(cause);
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/^\/onnxruntime_src\/.* was false\. /, '')
    .trim();
}

/** Of a session that does not open: the graph's fault on the CPU, the device's elsewhere. */
export function noSession(cause: unknown, device: string): EngineError | DeviceError {
  const got = engineMessage(cause);
  if (device === 'cpu') {
    return new EngineError({ where: 'ONNX Runtime', wanted: 'a graph that ONNX Runtime supports', got, cause });
  }
  const fix = 'use device cpu';
  return new DeviceError({ where: `device '${device}'`, wanted: 'a session on it', got, fix, cause });
}
