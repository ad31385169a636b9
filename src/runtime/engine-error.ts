import { RetortError } from '../errors/retort-error.js';

/** ONNX Runtime refused a graph or a run. Its own error is the cause. */
export class EngineError extends RetortError {
  override name = 'EngineError';
}

/** What ONNX Runtime said: on one line, without the place in its C++ source. */
export function engineMessage(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/^\/onnxruntime_src\/.* was false\. /, '')
    .trim();
}
