/** @file `load` in a thread of Node's. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors/message-of.js';
import type { ModelFiles } from './model-source.js';
import type { Inference } from './text-model.js';
import type { FromWorker, ToWorker } from './worker-calls.js';
import { loadBehind, type WorkerOptions } from './worker-client.js';

const SCRIPT = new URL('./worker-thread.js', import.meta.url);

/**
 * Loads a model in a thread of its own: what it takes to answer does not hold up this one. The thread ends with
 * `release`, and does not keep a program alive that waits for nothing of it.
 * @throws as `load` does; EngineError if the thread ends early.
 */
export function loadInWorker(source: string | URL | ModelFiles, options: WorkerOptions = {}): Promise<Inference> {
  const worker = new Worker(SCRIPT);
  const port = {
    post: (message: ToWorker) => worker.postMessage(message),
    listen: (onMessage: (message: FromWorker) => void, onEnd: (reason: string) => void) => {
      worker.on('message', onMessage);
      worker.on('error', (error) => onEnd(`one that failed: ${messageOf(error)}`));
      worker.on('exit', (code) => onEnd(`one that ended with exit code ${code}`));
    },
    hold: (isAwaited: boolean) => (isAwaited ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
  return loadBehind(port, source, options);
}
