/** @file A model that answers in a thread of its own, seen from the program: its event loop stays free. */
import { OptionError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { described } from '../options/json-checks.js';
import { EngineError } from '../runtime/engine-error.js';
import type { Answer, Prediction, Tagging, Task, TaskAnswers, TextInput } from './answer.js';
import type { ModelFiles } from './model-source.js';
import { type PredictOptions, type StreamOptions, WINDOW } from './row-windows.js';
import type { Inference, TextInputs } from './text-model.js';
import {
  type Call,
  type FromWorker,
  type ModelFacts,
  receivedError,
  receivedRows,
  type SentOptions,
  type ToWorker,
} from './worker-calls.js';

/** The other thread. */
export type WorkerPort = {
  post(message: ToWorker): void;
  /** @param onEnd Called with why there will be no more answers. */
  listen(onMessage: (message: FromWorker) => void, onEnd: (reason: string) => void): void;
  /** Whether the program waits for it: if not, it does not keep the program alive. */
  hold(isAwaited: boolean): void;
  end(): void;
};

export type WorkerOptions = SentOptions & {
  readonly onNotice?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A window of long texts has fewer. */
const CHARACTERS_PER_WINDOW = 2 ** 20;

/** `load` in the thread behind a port. @throws as it does; EngineError where the thread ends early. */
export async function loadBehind(
  port: WorkerPort,
  source: string | URL | ModelFiles,
  { onNotice, signal, ...options }: WorkerOptions,
): Promise<Inference> {
  const calls = new Calls(port, onNotice);
  try {
    const sent = source instanceof URL ? source.href : source;
    const facts = await calls.make({ call: 'load', source: sent, options }, signal);
    return new WorkerModel(calls, facts as ModelFacts);
  } catch (error) {
    calls.end();
    throw error;
  }
}

type Waiting = { readonly done: (value: unknown) => void; readonly fail: (error: unknown) => void };

class Calls {
  readonly #port: WorkerPort;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #ended: string | undefined;

  constructor(port: WorkerPort, onNotice?: (text: string) => void) {
    this.#port = port;
    port.listen(
      (message) => {
        if ('notice' in message) return onNotice?.(message.notice);
        const waiting = this.#waiting.get(message.id);
        if ('error' in message) waiting?.fail(receivedError(message.error));
        else waiting?.done(message.value);
      },
      (reason) => {
        this.#ended ??= reason;
        for (const { fail } of [...this.#waiting.values()]) fail(this.#gone());
      },
    );
  }

  make(call: Call, signal?: AbortSignal): Promise<unknown> {
    return new Promise((done, fail) => {
      signal?.throwIfAborted();
      if (this.#ended !== undefined) throw this.#gone();
      const id = this.#next++;
      const settle = (act: () => void): void => {
        this.#waiting.delete(id);
        this.#port.hold(this.#waiting.size > 0);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = (): void => {
        this.#port.post({ abort: id });
        settle(() => fail(signal?.reason));
      };
      this.#waiting.set(id, { done: (value) => settle(() => done(value)), fail: (error) => settle(() => fail(error)) });
      signal?.addEventListener('abort', onAbort);
      this.#port.hold(true);
      try {
        this.#port.post({ ...call, id });
      } catch (cause) {
        const got = messageOf(cause);
        settle(() => fail(new OptionError({ where: call.call, wanted: 'what can be sent to a worker', got, cause })));
      }
    });
  }

  end(): void {
    this.#ended ??= 'one that was released';
    this.#port.end();
  }

  #gone(): EngineError {
    return new EngineError({ where: 'worker', wanted: 'a running worker', got: this.#ended ?? 'none' });
  }
}

class WorkerModel implements Inference {
  readonly readAs?: Exclude<ModelFacts['readAs'], undefined>;
  readonly question?: Exclude<ModelFacts['question'], undefined>;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly isTagger: boolean;
  readonly tasks?: readonly Task[];
  readonly #calls: Calls;

  constructor(calls: Calls, { labels, maxLength, isTagger, readAs, question, tasks }: ModelFacts) {
    if (tasks !== undefined) this.tasks = tasks;
    if (readAs !== undefined) this.readAs = readAs;
    if (question !== undefined) this.question = question;
    this.labels = labels;
    this.maxLength = maxLength;
    this.isTagger = isTagger;
    this.#calls = calls;
  }

  // One method for all of the overloads of `Inference`, which differ in what is known of the rows.
  async predict(input: string | readonly TextInput[], options: PredictOptions = {}): Promise<Answer[]> {
    if (typeof input === 'string') return this.#rows('predict', [input], { ...options, badRows: 'stop' });
    if (Array.isArray(input)) return this.#rows('predict', input, options);
    throw new OptionError({ where: 'predict', wanted: 'a text, or a list of texts or pairs', got: described(input) });
  }

  async *stream(inputs: TextInputs, options: StreamOptions = {}): AsyncGenerator<Answer, void, undefined> {
    const { window = WINDOW, firstRow = 1, ...rest } = options;
    if (!(Number.isInteger(window) && window >= 1)) {
      throw new OptionError({ where: 'window', wanted: 'an integer ≥ 1', got: String(window) });
    }
    let rows: TextInput[] = [];
    let characters = 0;
    let next = firstRow;
    for await (const input of inputs) {
      options.signal?.throwIfAborted();
      rows.push(input);
      characters += typeof input === 'string' ? input.length : String(input).length;
      if (rows.length < window && characters < CHARACTERS_PER_WINDOW) continue;
      yield* await this.#rows<Answer>('predict', rows, { ...rest, firstRow: next });
      next += rows.length;
      rows = [];
      characters = 0;
    }
    if (rows.length > 0) yield* await this.#rows<Answer>('predict', rows, { ...rest, firstRow: next });
  }

  tag(sentences: readonly (string | readonly string[])[], options: PredictOptions = {}): Promise<Tagging[]> {
    return this.#rows('tag', sentences, options);
  }

  predictTasks(inputs: readonly TextInput[], options: PredictOptions = {}): Promise<TaskAnswers[]> {
    return this.#rows('predictTasks', inputs, options);
  }

  async release(): Promise<void> {
    await this.#calls.make({ call: 'release' }).catch(() => {});
    this.#calls.end();
  }

  async #rows<T extends Prediction | Tagging | TaskAnswers>(
    call: 'predict' | 'predictTasks' | 'tag',
    inputs: readonly (TextInput | readonly string[])[],
    { signal, badRows = 'report', firstRow = 1 }: PredictOptions,
  ): Promise<T[]> {
    const made = { call, inputs, badRows, firstRow } as Call; // of one sort, as the methods take them
    return receivedRows(await this.#calls.make(made, signal));
  }
}
