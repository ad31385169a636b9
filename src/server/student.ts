/** @file The student behind a server: its session in a thread, its rows in one line, and what it is asked. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { expectStudent, type StudentIdentity, studentIdentity } from '../certificates/certificate.js';
import { exportAt, openExport } from '../inference/load.js';
import { Batches } from './batches.js';
import { openThreadedSession, type ThreadedSession } from './threaded-session.js';

export type Student = {
  /** As its replies name it. */
  readonly name: string;
  /** When its file was written: YYYY-MM-DD. */
  readonly date: string;
  readonly labels: readonly string[];
  readonly identity: StudentIdentity;
  readonly batches: Batches;
  /** Settled when its thread has ended by itself, with why. */
  readonly ended: Promise<string>;
  release(): Promise<void>;
};

export type StudentOptions = {
  /** Threads inside an inference call. Default: 1. */
  readonly threads?: number | undefined;
  /** Rows that may wait. Default: 1,000. */
  readonly maxWaiting?: number | undefined;
  readonly onNotice?: ((text: string) => void) | undefined;
};

const MOST_WAITING = 1000;

/**
 * @param path an exported folder, or its .onnx file
 * @throws as `load`; OptionError for a model that does not tell labels apart.
 */
export async function openStudent(path: string, options: StudentOptions = {}): Promise<Student> {
  const { threads = 1, maxWaiting = MOST_WAITING, onNotice } = options;
  const { file, folder } = await exportAt(path);
  let session: ThreadedSession | undefined;
  const model = await openExport(file, folder, { onNotice }, async () => {
    session = await openThreadedSession({ model: file, threads });
    return session;
  });
  try {
    // A regression answers a score; whether there is such a question is known by its file.
    if (model.question?.type !== 'score' || model.isTagger) expectStudent(model, path);
    return {
      name: basename(resolve(folder)),
      date: (await stat(file)).mtime.toISOString().slice(0, 10),
      labels: model.labels,
      identity: await studentIdentity(file, model.labels),
      batches: new Batches(model.answering(), maxWaiting),
      ended: (session as ThreadedSession).ended, // opened, or `openExport` had thrown
      release: () => model.release(),
    };
  } catch (error) {
    await model.release();
    throw error;
  }
}
