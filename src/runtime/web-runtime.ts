/** @file ONNX Runtime's WebAssembly build, for browsers and workers. */
import type { Env, InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
import { OptionError } from '../errors/failures.js';
import type { Opened } from './backend.js';
import { EngineError, engineMessage, noSession } from './engine-error.js';
import type { NativeSession } from './running-session.js';

/** What `onnxruntime-web` exports, from whichever of its builds. */
export type WebRuntime = {
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
  readonly env: Env;
};

export type WebSessionOptions = {
  /** Default: `onnxruntime-web/wasm`, imported when the first session opens. */
  readonly runtime?: WebRuntime | undefined;
  /** Default: what `onnxruntime-web` takes, one in a page that is not cross-origin isolated. The first session decides for all. */
  readonly threads?: number | undefined;
  /** `cpu` is its WebAssembly; others are handed on as they are, such as `webgpu`, which `runtime` then has to have. */
  readonly device?: string | undefined;
};

/**
 * @throws EngineError where the package is missing or the graph is not valid, DeviceError for a device that is not there,
 *   OptionError for other threads than a number from 1.
 */
export async function openNative(model: Uint8Array, options: WebSessionOptions): Promise<Opened> {
  const { threads, device = 'cpu' } = options;
  const { InferenceSession, Tensor: OrtTensor, env } = options.runtime ?? (await webRuntime());
  if (threads !== undefined) {
    if (!Number.isInteger(threads) || threads < 1) {
      throw new OptionError({ where: 'threads', wanted: 'an integer ≥ 1', got: String(threads) });
    }
    env.wasm.numThreads = threads;
  }
  try {
    const native = await InferenceSession.create(model, {
      executionProviders: [device === 'cpu' ? 'wasm' : device],
      graphOptimizationLevel: 'all',
      // Fatal: at lower levels ONNX Runtime prints what it also throws.
      logSeverityLevel: 4,
    });
    return { native: inTurn(native), OrtTensor };
  } catch (cause) {
    throw noSession(cause, device);
  }
}

async function webRuntime(): Promise<WebRuntime> {
  try {
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new EngineError({
      where: 'onnxruntime-web',
      wanted: 'the package, which runs models in browsers',
      got: engineMessage(cause),
      fix: "npm install onnxruntime-web, or hand it over: load(model, { runtime: await import('onnxruntime-web') })",
      cause,
    });
  }
}

/** This build refuses a run while another one goes on; the Node one lets it wait by itself. */
function inTurn(native: InferenceSession): NativeSession {
  const { inputMetadata, outputMetadata } = native;
  let last: Promise<unknown> = Promise.resolve();
  const run = (feeds: InferenceSession.FeedsType, fetches: InferenceSession.FetchesType) => {
    const result = last.then(() => native.run(feeds, fetches));
    last = result.catch(() => {});
    return result;
  };
  return {
    ...{ inputMetadata, outputMetadata },
    run: run as NativeSession['run'],
    release: () => native.release(),
    endProfiling: () => native.endProfiling(),
  };
}
