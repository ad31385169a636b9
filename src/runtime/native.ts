import { EngineError, engineMessage } from './engine-error.js';

type OnnxRuntime = typeof import('onnxruntime-node');

let loading: Promise<OnnxRuntime> | undefined;

/**
 * Loads ONNX Runtime's native code, once. A dynamic import: building graphs and printing help must not pay for it.
 * @throws EngineError where the binary is missing for this platform.
 */
export function loadOnnxRuntime(): Promise<OnnxRuntime> {
  loading ??= load();
  return loading;
}

async function load(): Promise<OnnxRuntime> {
  try {
    const runtime = await import('onnxruntime-node');
    // Read when the first session opens. The default prints about the machine's hardware on stderr, and at
    // 'error' ONNX Runtime prints what it also throws.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (cause) {
    throw new EngineError({
      where: 'onnxruntime-node',
      wanted: 'its native library to load',
      got: engineMessage(cause),
      fix: `use a platform that onnxruntime-node is built for (this is ${process.platform} ${process.arch}), or reinstall it`,
      cause,
    });
  }
}
