/**
 * @file What a build of ONNX Runtime has to offer for sessions to be opened on it. The import `#backend` is one of them:
 * `imports` of package.json says which, by the conditions of whoever resolves it (`browser`, `workerd`, or Node).
 */
import type { TensorConstructor } from 'onnxruntime-common';
import type { NativeSession } from './running-session.js';

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

/** What opened: a session of the build's own, and the class of its tensors. */
export type Opened = { readonly native: NativeSession; readonly OrtTensor: TensorConstructor };

export type Backend = {
  /** Whether outputs can be written into arrays of the caller; of a build without, results are copied into them. */
  readonly writesOutputs: boolean;
  /**
   * @param model the bytes of a model, or where it lies
   * @throws DeviceError for a device that is not there, OptionError for other options, EngineError if the graph is not valid.
   */
  open(model: string | Uint8Array, options: SessionOptions): Promise<Opened>;
};
