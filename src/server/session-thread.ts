/** @file The thread that owns a session: tensors in, tensors out, one inference call after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { sentError } from '../inference/worker-calls.js';
import type { Session } from '../runtime/running-session.js';
import { openModelSession } from '../runtime/session.js';
import type { Tensor } from '../tensor/tensor.js';
import type { FromThread, ThreadStart, ToThread } from './threaded-session.js';

const { model, threads } = workerData as ThreadStart;
const port = parentPort;
const post = (message: FromThread, tensors: Iterable<Tensor> = []): void => {
  port?.postMessage(
    message,
    Array.from(tensors, ({ data }) => data.buffer as ArrayBuffer),
  );
};

async function serve(session: Session): Promise<void> {
  const { inputs, outputs } = session;
  port?.on('message', ({ id, feeds }: ToThread) => {
    session.run(feeds).then(
      (results) => post({ id, results }, Object.values(results)),
      (error: unknown) => post({ id, error: sentError(error) }),
    );
  });
  post({ inputs, outputs });
}

openModelSession(model, { threads }).then(serve, (error: unknown) => post({ error: sentError(error) }));
