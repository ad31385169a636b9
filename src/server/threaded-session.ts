/** @file A session in a thread of its own: the event loop of whoever asks stays free while it computes. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors/message-of.js';
import type { ModelSession } from '../inference/text-model.js';
import { receivedError, type SentError } from '../inference/worker-calls.js';
import type { ValueInfo } from '../onnx/program.js';
import { EngineError } from '../runtime/engine-error.js';
import type { NamedTensors } from '../runtime/running-session.js';
import type { Tensor } from '../tensor/tensor.js';

export type ThreadStart = { readonly model: string; readonly threads: number };
export type ToThread = { readonly id: number; readonly feeds: NamedTensors };
export type FromThread =
  | { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] }
  | { readonly id: number; readonly results: Record<string, Tensor> }
  | { readonly id?: number; readonly error: SentError };

export type ThreadedSession = ModelSession & {
  /** Settled when the thread has ended by itself, with why. */
  readonly ended: Promise<string>;
};

type Waiting = { readonly done: (results: Record<string, Tensor>) => void; readonly fail: (error: unknown) => void };

/**
 * Opens an ONNX file in a thread. What is fed to its session is handed over: the caller's arrays are empty afterwards.
 * @throws as `openModelSession`; EngineError where the thread ends.
 */
export function openThreadedSession(start: ThreadStart): Promise<ThreadedSession> {
  const worker = new Worker(new URL('./session-thread.js', import.meta.url), { workerData: start });
  const waiting = new Map<number, Waiting>();
  let end: string | undefined;
  const gone = () =>
    new EngineError({ where: 'the thread of the model', wanted: 'a running thread', got: end ?? 'none' });
  const ended = new Promise<string>((done) => {
    const onEnd = (reason: string): void => {
      end ??= reason;
      for (const { fail } of waiting.values()) fail(gone());
      waiting.clear();
      done(end);
    };
    worker.on('error', (error) => onEnd(`one that failed: ${messageOf(error)}`));
    worker.on('exit', (code) => onEnd(`one that ended with exit code ${code}`));
  });
  let next = 1;
  const run = (feeds: NamedTensors): Promise<Record<string, Tensor>> =>
    new Promise((done, fail) => {
      if (end !== undefined) throw gone();
      const id = next++;
      waiting.set(id, { done, fail });
      const buffers = new Set(Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer));
      worker.postMessage({ id, feeds } satisfies ToThread, [...buffers]);
    });
  return new Promise((opened, failed) => {
    void ended.then(() => failed(gone()));
    worker.on('message', (message: FromThread) => {
      if ('inputs' in message) {
        const { inputs, outputs } = message;
        const release = async () => {
          end ??= 'one that was released';
          await worker.terminate();
        };
        opened({ inputs, outputs, run, release, ended });
        return;
      }
      const { id } = message;
      const asked = id === undefined ? undefined : waiting.get(id);
      if (id !== undefined) waiting.delete(id);
      if ('results' in message) asked?.done(message.results);
      else if (asked !== undefined) asked.fail(receivedError(message.error));
      else {
        end = 'one that could not open the model';
        void worker.terminate();
        failed(receivedError(message.error));
      }
    });
  });
}
