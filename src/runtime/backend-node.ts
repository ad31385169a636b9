/** @file ONNX Runtime's native build. */
import type { InferenceSession } from 'onnxruntime-node';
import { OptionError } from '../errors/failures.js';
import type { Backend, Opened, SessionOptions } from './backend.js';
import { resolveDevice } from './devices.js';
import { noSession } from './engine-error.js';
import { loadOnnxRuntime } from './native.js';
import { usualThreads } from './threads.js';

export const backend: Backend = { writesOutputs: true, open };

async function open(model: string | Uint8Array, options: SessionOptions): Promise<Opened> {
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
    const native =
      typeof model === 'string'
        ? await runtime.InferenceSession.create(model, ortOptions)
        : await runtime.InferenceSession.create(model, ortOptions);
    return { native, OrtTensor: runtime.Tensor };
  } catch (cause) {
    throw noSession(cause, device);
  }
}
