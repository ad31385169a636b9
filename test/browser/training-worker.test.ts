import { describe, expect, test } from 'vitest';
import type { TrainStudentOptions } from '../../src/browser/train-student.js';
import { serveTraining, trainInWorker } from '../../src/browser/training-worker.js';
import { InterruptedError, OptionError } from '../../src/errors/failures.js';
import type { WebWorker } from '../../src/inference/worker-web.js';
import type { TrainingEvent } from '../../src/training/run/events.js';
import { wordTable } from '../data/words.js';

type Listener = (event: { readonly data?: unknown; readonly message?: string }) => void;

/** A page and its worker, between which messages are cloned. */
function wired(): { readonly worker: WebWorker; ended(): boolean; fail(message: string): void } {
  const inPage: Listener[] = [];
  const inWorker: Listener[] = [];
  const errors: Listener[] = [];
  let isEnded = false;
  const to = (listeners: Listener[]) => (message: unknown) => {
    const data: unknown = structuredClone(message);
    queueMicrotask(() => {
      if (!isEnded) for (const listener of listeners) listener({ data });
    });
  };
  serveTraining({ postMessage: to(inPage), addEventListener: (_type, listener) => inWorker.push(listener) });
  return {
    worker: {
      postMessage: to(inWorker),
      addEventListener: (type, listener) => (type === 'message' ? inPage : errors).push(listener),
      terminate: () => {
        isEnded = true;
      },
    },
    ended: () => isEnded,
    fail: (message) => {
      for (const listener of errors) listener({ message });
    },
  };
}

const { texts, labels, labelNames } = wordTable('train', 120);
const OPTIONS: TrainStudentOptions = {
  ...{ texts, labels: Array.from(labels ?? [], (label) => labelNames[label] as string), threads: 1 },
  ...{ model: 'static', embeddingSize: 4, epochs: 3 },
};

describe('trainInWorker', () => {
  test('gives files and metrics, tells events, and ends the worker', async () => {
    const { worker, ended } = wired();
    const told: TrainingEvent['type'][] = [];
    const trained = await trainInWorker({ ...OPTIONS, onEvent: ({ type }) => told.push(type) }, worker);
    expect(Object.keys(trained.js)).toEqual(['student.js', 'student.d.ts', 'package.json']);
    expect(Object.keys(trained.onnx)).toContain('model.onnx');
    expect(trained).toMatchObject({ labelNames: ['negative', 'positive'], epochs: [{}, {}, {}] });
    expect(told.filter((type) => type === 'evaluation')).toHaveLength(3);
    expect(ended()).toBe(true);
  });

  test('an aborted signal stops the training there', async () => {
    const { worker, ended } = wired();
    const stop = new AbortController();
    const onEvent = ({ type }: TrainingEvent) => type === 'evaluation' && stop.abort();
    const training = trainInWorker(
      { ...OPTIONS, epochs: 10_000, earlyStopping: 0, signal: stop.signal, onEvent },
      worker,
    );
    await expect(training).rejects.toThrow(InterruptedError);
    expect(ended()).toBe(true);
    await expect(trainInWorker({ ...OPTIONS, signal: AbortSignal.abort() }, wired().worker)).rejects.toThrow(
      InterruptedError,
    );
  });

  test('errors come back as what they are', async () => {
    await expect(trainInWorker({ ...OPTIONS, texts: [] }, wired().worker)).rejects.toThrow(OptionError);
    const unsendable = { ...OPTIONS, labelNames: [() => {}] } as unknown as TrainStudentOptions;
    await expect(trainInWorker(unsendable, wired().worker)).rejects.toThrow(/^trainInWorker: wanted what can be sent/);
    const { worker, fail } = wired();
    const training = trainInWorker(OPTIONS, worker);
    fail('no such script');
    await expect(training).rejects.toThrow('worker: wanted a running worker, got one that failed: no such script');
  });
});
