/** @file A training in a worker of a page: what it takes does not hold up the page. */
import { OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import type { JsFiles } from '../export/js-student.js';
import { receivedError, type SentError, sentError } from '../inference/worker-calls.js';
import type { WebWorker } from '../inference/worker-web.js';
import { EngineError } from '../runtime/engine-error.js';
import type { TrainingEvent } from '../training/run/events.js';
import { type TrainedStudent, type TrainStudentOptions, trainStudent } from './train-student.js';

/** What can be sent. */
type SentOptions = Omit<TrainStudentOptions, 'signal' | 'onEvent'>;
type ToWorker = { readonly train: SentOptions } | { readonly abort: true };
type FromWorker =
  | { readonly event: TrainingEvent }
  | { readonly error: SentError }
  | { readonly trained: StudentFiles };

/** A student as it leaves its worker. */
export type StudentFiles = Pick<
  TrainedStudent,
  'labelNames' | 'metrics' | 'epochs' | 'steps' | 'seconds' | 'stoppedEarly'
> & {
  /** As `TrainedStudent.js`. */
  readonly js: JsFiles;
  /** As `TrainedStudent.onnx`. */
  readonly onnx: JsFiles;
};

type Scope = Pick<WebWorker, 'postMessage' | 'addEventListener'>;

/**
 * `trainStudent` in a worker whose script calls `serveTraining`. The worker ends with the training.
 * @throws as `trainStudent` does; EngineError if the worker ends early.
 */
export function trainInWorker(
  { signal, onEvent, ...options }: TrainStudentOptions,
  worker: WebWorker,
): Promise<StudentFiles> {
  const abort = (): void => send(worker, { abort: true });
  const trained = new Promise<StudentFiles>((done, fail) => {
    worker.addEventListener('message', ({ data }) => {
      const message = data as FromWorker; // only `serveTraining` answers
      if ('event' in message) onEvent?.(message.event);
      else if ('error' in message) fail(receivedError(message.error));
      else done(message.trained);
    });
    worker.addEventListener('error', (event) => {
      const { message = 'its script cannot be loaded' } = event as { readonly message?: string };
      fail(new EngineError({ where: 'worker', wanted: 'a running worker', got: `one that failed: ${message}` }));
    });
    signal?.addEventListener('abort', abort);
    try {
      send(worker, { train: options });
    } catch (cause) {
      const got = messageOf(cause);
      fail(new OptionError({ where: 'trainInWorker', wanted: 'what can be sent to a worker', got, cause }));
    }
    if (signal?.aborted) abort();
  });
  return trained.finally(() => {
    signal?.removeEventListener('abort', abort);
    worker.terminate();
  });
}

function send(worker: WebWorker, message: ToWorker): void {
  worker.postMessage(message);
}

/** Makes this worker train for `trainInWorker`. @param scope the worker's own, unless given */
export function serveTraining(scope: Scope = globalThis as unknown as Scope): void {
  const stop = new AbortController();
  const post = (message: FromWorker): void => scope.postMessage(message);
  const answer = async (options: SentOptions): Promise<FromWorker> => {
    try {
      const onEvent = (event: TrainingEvent): void => post({ event });
      const student = await trainStudent({ ...options, signal: stop.signal, onEvent });
      const { labelNames, metrics, epochs, steps, seconds, stoppedEarly } = student;
      const files = { js: await student.js(), onnx: await student.onnx() };
      return { trained: { labelNames, metrics, epochs, steps, seconds, stoppedEarly, ...files } };
    } catch (error) {
      return { error: sentError(error) };
    }
  };
  scope.addEventListener('message', ({ data }) => {
    const message = data as ToWorker; // only `trainInWorker` talks to this worker
    if ('abort' in message) stop.abort();
    else void answer(message.train).then(post);
  });
}
