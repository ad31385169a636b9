/** @file A model that is open and answers: texts to rows, rows to logits, logits to answers. */
import { FileError, OptionError } from '../errors/failures.js';
import type { FileReading } from '../options/file-reading.js';
import { described } from '../options/json-checks.js';
import type { Question } from '../options/question.js';
import { EngineError } from '../runtime/engine-error.js';
import type { Session } from '../runtime/running-session.js';
import type { Tensor } from '../tensor/tensor.js';
import { padRows, type Tokenizer } from '../tokenizers/tokenizer.js';
import {
  type Answer,
  answerOf,
  expectAsTrained,
  type OpenTask,
  type Prediction,
  type Tagging,
  type Task,
  type TaskAnswers,
  type TextInput,
} from './answer.js';
import {
  type CallOptions,
  type Failed,
  type PredictOptions,
  type Row,
  type RowWork,
  rowWindows,
  type StreamOptions,
} from './row-windows.js';
import type { SecondStudent } from './second-student.js';

type Stopping = { readonly badRows: 'stop' };

export type Inference = {
  /** How the file was read that it was trained on, where that is known and was not the usual way: for `textsOfFile`. */
  readonly readAs?: FileReading;
  /** What it answers, of one whose teacher was asked a question. */
  readonly question?: Question;
  /** In the order of the classes. */
  readonly labels: readonly string[];
  /** Tokens of a row at most. */
  readonly maxLength: number;
  /** Whether it has a label for each word, and so answers `tag` in place of `predict` and `stream`. */
  readonly isTagger: boolean;
  /**
   * One answer for a text, or one for each text or pair of a list, in their order. A bad row has an `error` in place of an
   * answer; with `badRows: 'stop'`, and of a single text, it is thrown.
   * @throws OptionError for what is neither a text nor a list; what `signal` was aborted with.
   */
  predict(input: string, options?: CallOptions): Promise<Answer[]>;
  predict(inputs: readonly TextInput[], options: PredictOptions & Stopping): Promise<Answer[]>;
  predict(inputs: string | readonly TextInput[], options?: PredictOptions): Promise<Prediction[]>;
  /** The same of any number of texts, in memory that does not grow with it. */
  stream(inputs: TextInputs, options: StreamOptions & Stopping): AsyncGenerator<Answer, void, undefined>;
  stream(inputs: TextInputs, options?: StreamOptions): AsyncGenerator<Prediction, void, undefined>;
  /**
   * The words of each sentence with their tags: of a text what white space parts, or words that were parted before. Words
   * beyond `maxLength` tokens have no label. Bad rows as with `predict`.
   */
  tag(sentences: readonly (string | readonly string[])[], options?: PredictOptions): Promise<Tagging[]>;
  /** The tasks of a model of several, which answers `predictTasks` in place of `predict` and `stream`. */
  readonly tasks?: readonly Task[];
  /** What every task says of each text or pair, from one pass through the encoder. Bad rows as with `predict`. */
  predictTasks(inputs: readonly TextInput[], options?: PredictOptions): Promise<TaskAnswers[]>;
  /** Frees the native memory. */
  release(): Promise<void>;
};

export type TextInputs = Iterable<TextInput> | AsyncIterable<TextInput>;

/** What runs the graph, in this thread or another. */
export type ModelSession = Pick<Session, 'inputs' | 'outputs' | 'run' | 'release'>;

export type ModelParts = {
  /** For messages. */
  readonly where: string;
  readonly session: ModelSession;
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly classes: number;
  /** Whether logits are [B, S, C]. */
  readonly isTagger: boolean;
  readonly readsPairs: boolean | undefined;
  readonly readAs: FileReading | undefined;
  readonly question: Question | undefined;
  readonly tasks: readonly OpenTask[] | undefined;
  /** Of two students in one file: what reads each text for the second. */
  readonly second?: SecondStudent | undefined;
};

export class TextModel implements Inference {
  readonly readAs?: FileReading;
  readonly question?: Question;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly isTagger: boolean;
  readonly tasks?: readonly Task[];
  readonly #parts: ModelParts;
  readonly #inputs: ReadonlySet<string>;
  readonly #readsPairs: boolean | undefined;
  #isReleased = false;

  constructor(parts: ModelParts) {
    if (parts.readAs !== undefined) this.readAs = parts.readAs;
    if (parts.question !== undefined) this.question = parts.question;
    if (parts.tasks !== undefined) this.tasks = parts.tasks;
    this.labels = parts.labels;
    this.maxLength = parts.maxLength;
    this.isTagger = parts.isTagger;
    this.#parts = parts;
    this.#inputs = new Set(parts.session.inputs.map(({ name }) => name));
    this.#readsPairs = (parts.second === undefined && this.#inputs.has('input_ids_b')) || parts.readsPairs;
  }

  predict(input: string, options?: CallOptions): Promise<Answer[]>;
  predict(inputs: readonly TextInput[], options: PredictOptions & Stopping): Promise<Answer[]>;
  predict(inputs: string | readonly TextInput[], options?: PredictOptions): Promise<Prediction[]>;
  async predict(input: string | readonly TextInput[], options: PredictOptions = {}): Promise<Prediction[]> {
    const isOne = typeof input === 'string';
    expectList('predict', isOne ? [input] : input, 'a text, or a list of texts or of pairs [text, pair]');
    return this.#all(isOne ? [input] : input, this.answering(), isOne ? { ...options, badRows: 'stop' } : options);
  }

  stream(inputs: TextInputs, options: StreamOptions & Stopping): AsyncGenerator<Answer, void, undefined>;
  stream(inputs: TextInputs, options?: StreamOptions): AsyncGenerator<Prediction, void, undefined>;
  async *stream(inputs: TextInputs, options: StreamOptions = {}): AsyncGenerator<Prediction, void, undefined> {
    const isMany = typeof inputs === 'object' && inputs !== null;
    if (!isMany || !(Symbol.iterator in inputs || Symbol.asyncIterator in inputs)) {
      const fix = 'put a single text into a list';
      throw new OptionError({ where: 'stream', wanted: 'an iterable of texts', got: described(inputs), fix });
    }
    for await (const answers of rowWindows(inputs, this.answering(), options)) yield* answers;
  }

  async tag(sentences: readonly (string | readonly string[])[], options: PredictOptions = {}): Promise<Tagging[]> {
    expectList('tag', sentences, 'a list of texts, or of lists of words');
    if (!this.isTagger) {
      const got = 'one that labels texts';
      throw new OptionError({ where: 'tag', wanted: 'a model that labels each word', got, fix: 'call predict' });
    }
    const { taggingWork } = await import('./tagging.js');
    const work = taggingWork(this.#open(), {
      run: (rows) => this.#run(rows),
      expectFinite: (scores, where) => this.#expectFinite(scores, where),
      isReleased: () => this.#isReleased,
      whatCame,
    });
    return this.#all(sentences, work, options);
  }

  async predictTasks(inputs: readonly TextInput[], options: PredictOptions = {}): Promise<TaskAnswers[]> {
    expectList('predictTasks', inputs, 'a list of texts or of pairs [text, pair]');
    const { tasks, tokenizer } = this.#open();
    const { taskWork } = await import('./model-tasks.js');
    const work = taskWork(tasks, {
      textsOf,
      encode: (text, pair) => tokenizer.encodeRow(text, pair, { maxLength: this.maxLength }),
      run: (rows) => this.#run(rows),
      answer: (logits, row, task, where) => this.#answer(logits, row, task, where),
      isReleased: () => this.#isReleased,
    });
    return this.#all(inputs, work, options);
  }

  release(): Promise<void> {
    this.#isReleased = true;
    return this.#parts.session.release();
  }

  async #all<I, R extends Row, T>(
    inputs: Iterable<I>,
    work: RowWork<I, R, T>,
    options: PredictOptions,
  ): Promise<(T | Failed)[]> {
    const all: (T | Failed)[] = [];
    for await (const answers of rowWindows(inputs, work, options)) for (const one of answers) all.push(one);
    return all;
  }

  /** The work of `predict` in its parts, for whoever batches rows by itself. */
  answering(): RowWork<TextInput, Row, Answer> {
    if (this.isTagger) {
      const got = 'one that labels each word';
      throw new OptionError({ where: 'predict', wanted: 'a model that labels texts', got, fix: 'call tag' });
    }
    const { tokenizer, labels, classes, tasks, second } = this.#open();
    if (tasks !== undefined) {
      const got = `one of ${tasks.map(({ name }) => name).join(', ')}`;
      const fix = 'call predictTasks, or export one task: MODEL#TASK';
      throw new OptionError({ where: 'predict', wanted: 'a model of one task', got, fix });
    }
    const cut = { maxLength: this.maxLength };
    return {
      isReleased: () => this.#isReleased,
      encode: (input, where) => {
        const [text, pair] = textsOf(input, where);
        expectAsTrained(pair, this.#readsPairs, where);
        if (second !== undefined) {
          return { first: tokenizer.encodeRow(text, pair, cut), second: second.encode(text, pair) };
        }
        if (pair === undefined || !this.#inputs.has('input_ids_b')) {
          return { first: tokenizer.encodeRow(text, pair, cut) };
        }
        const encode = (one: string) => tokenizer.encodeRow(one, undefined, cut);
        return { first: encode(text), second: encode(pair) };
      },
      run: async (rows) => {
        const { logits } = await this.#run(rows);
        return (row, where) => this.#answer(logits, row, { classes, labels }, where);
      },
    };
  }

  #answer(
    logits: Tensor | undefined,
    row: number,
    { classes, labels }: Pick<OpenTask, 'classes' | 'labels'>,
    where: string,
  ): Answer {
    const { data } = logits as Tensor<'float32'>;
    const scores = data.subarray(row * classes, (row + 1) * classes);
    this.#expectFinite(scores, where);
    return answerOf(scores, labels);
  }

  #open(): ModelParts {
    if (!this.#isReleased) return this.#parts;
    throw new EngineError({ where: this.#parts.where, wanted: 'an open model', got: 'a released one' });
  }

  /** @throws FileError for scores that are no numbers: what follows from them is no answer. */
  #expectFinite(scores: Float32Array, where: string): void {
    const wrong = scores.find((score) => !Number.isFinite(score));
    if (wrong === undefined) return;
    throw new FileError({
      where: `${this.#parts.where}, ${where}`,
      wanted: 'finite scores',
      got: String(wrong),
      fix: 'the model is broken, at least for this text: export or train it again',
    });
  }

  /** @returns `logits` [B, C], of a tagger [B, S, C]; of several tasks one for each */
  async #run(rows: readonly Row[]): Promise<Readonly<Record<string, Tensor>>> {
    const { tokenizer, second: other } = this.#parts;
    const feeds: Record<string, Tensor> = {};
    const feed = (tensors: Readonly<Record<string, Tensor>>, suffix: string) => {
      for (const [name, tensor] of Object.entries(tensors)) {
        if (this.#inputs.has(name + suffix)) feeds[name + suffix] = tensor;
      }
    };
    const first = rows.map((row) => row.first);
    const second = rows.flatMap((row) => row.second ?? []);
    feed(padRows(first, tokenizer.padId, 'longest'), '');
    if (second.length > 0) feed(padRows(second, (other ?? tokenizer).padId, 'longest'), '_b');
    return this.#parts.session.run(feeds);
  }
}

function textsOf(input: unknown, where: string): readonly [text: string, pair?: string] {
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.length === 2 && input.every((one) => typeof one === 'string')) {
    return input as [string, string];
  }
  throw new OptionError({ where, wanted: 'a text, or [text, pair]', got: whatCame(input) });
}

function whatCame(input: unknown): string {
  return Array.isArray(input)
    ? `a list of ${input.length}: ${input.slice(0, 3).map(described).join(', ')}`
    : described(input);
}

function expectList(where: string, input: unknown, wanted: string): void {
  if (!Array.isArray(input)) throw new OptionError({ where, wanted, got: described(input) });
}
