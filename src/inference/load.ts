/**
 * @file Answering with an exported model: an ONNX file and its tokenizer, and nothing that trains.
 */

import { join, resolve } from 'node:path';
import { batchesByLength } from '../data/length-order.js';
import { FileError, OptionError } from '../errors/failures.js';
import { expectUnchanged } from '../files/manifest.js';
import { entryAt, isThere } from '../files/path-entry.js';
import { readOnnxMetadata } from '../onnx/metadata.js';
import { type FileReading, isFileReading } from '../options/file-reading.js';
import { objectOf } from '../options/json.js';
import { EngineError } from '../runtime/engine-error.js';
import { openModelSession, type Session, type SessionOptions } from '../runtime/session.js';
import type { Tensor } from '../tensor/tensor.js';
import { loadOnnxTokenizer } from '../tokenizers/onnx-tokenizer.js';
import { parseJson, readText } from '../tokenizers/read-text.js';
import { WHOLE_LENGTH } from '../tokenizers/token-limits.js';
import { type EncodedRow, padRows, type Tokenizer } from '../tokenizers/tokenizer.js';
import { type Answer, answerOf, expectAsTrained, readsPairsFrom, type TextInput } from './answer.js';
import { folderOfModelFile, MODEL_FILE, type ModelVersion, modelFileIn, VERSIONS_FOLDER } from './model-file.js';

export type LoadOptions = Pick<SessionOptions, 'threads' | 'device'> & {
  /** Told of a folder without checksums, which is taken as it is. */
  readonly onNotice?: (text: string) => void;
  /**
   * Tokens of a row, special tokens included; longer texts are cut. Default: the model's maximum, at most 512; the whole
   * text for a model of n-grams.
   */
  readonly maxLength?: number;
  /** Of a Hugging Face folder with several versions in `onnx`: which. Default: float32, else int8, else float16. */
  readonly precision?: ModelVersion;
};

export type StreamOptions = {
  /**
   * Texts that are read before the first of them is answered: rows of near lengths among them run together. 1 answers
   * each text before the next is read.
   */
  readonly window?: number;
};

export type Inference = {
  /** How the file was read that it was trained on, where that is known and was not the usual way: for `textsOfFile`. */
  readonly readAs?: FileReading;
  /** In the order of the classes. */
  readonly labels: readonly string[];
  /** Tokens of a row at most. */
  readonly maxLength: number;
  /**
   * One answer for a text, or one for each text or pair of a list.
   * @throws OptionError for a pair where the model reads single texts, or the other way round.
   */
  predict(input: string | readonly TextInput[]): Promise<Answer[]>;
  /** One answer for each text, in their order, in memory that does not grow with their number. */
  stream(
    inputs: Iterable<TextInput> | AsyncIterable<TextInput>,
    options?: StreamOptions,
  ): AsyncGenerator<Answer, void, undefined>;
  /** Frees the native memory. */
  release(): Promise<void>;
};

/** Files that a model's weights are in: of several versions, one is read. */
const MODEL_FORMATS = /\.(onnx|safetensors)$/;
const WINDOW = 256;
/** Ids that a window holds at most, whatever the lengths of its texts. */
const TOKENS_PER_WINDOW = 2 ** 16;
const LONGEST = 512;

/**
 * Loads an exported model: the folder of `retort export --to onnx` or `--to hf`, or an .onnx file of one. A folder that
 * another tool wrote will do as well, if the model reads ids and answers `logits` [batch, C].
 * @throws FileError for files that are missing, torn or of another model, CheckpointError for such that were changed since
 *   they were written, OptionError for a wrong option.
 */
export async function load(path: string, options: LoadOptions = {}): Promise<Inference> {
  const isFolder = await isFolderAt(path);
  const file = isFolder ? await modelFileIn(path, options.precision) : path;
  if (file === undefined) {
    throw new FileError({
      where: path,
      wanted: `${MODEL_FILE}, or a version of it in ${VERSIONS_FOLDER}`,
      got: 'a folder without it',
      fix: 'make one: retort export MODEL --to onnx --output_dir DIR',
    });
  }
  return openExport(file, isFolder ? path : await folderOfModelFile(path), options);
}

/**
 * The same with the model's bytes in place of its file.
 * @param model its path or its bytes
 * @param folder where its tokenizer lies
 */
export async function openExport(
  model: string | Uint8Array,
  folder: string,
  options: LoadOptions = {},
): Promise<Inference> {
  const where = typeof model === 'string' ? model : folder;
  const read = typeof model === 'string' ? resolve(model) : undefined;
  const isOther = (name: string) => MODEL_FORMATS.test(name) && read !== undefined && resolve(folder, name) !== read;
  await expectUnchanged(folder, options.onNotice, isOther);
  const metadata = await readOnnxMetadata(model);
  const tokenizer = await loadOnnxTokenizer(folder, { model, metadata });
  const maxLength = maxLengthFrom(metadata, tokenizer, options.maxLength);
  const session = await sessionOf(model, where, options);
  try {
    const classes = expectTextClassifier(session, where);
    const labels = await labelsOf(metadata, folder, classes, where);
    return new TextModel({
      where,
      session,
      tokenizer,
      labels,
      maxLength,
      classes,
      readsPairs: readsPairsFrom(metadata),
      readAs: readAsFrom(metadata, where),
    });
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function sessionOf(model: string | Uint8Array, where: string, options: LoadOptions): Promise<Session> {
  const { threads, device } = options;
  try {
    return await openModelSession(model, {
      ...(threads !== undefined && { threads }),
      ...(device !== undefined && { device }),
    });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const fix = 'export or copy the model again';
    throw new FileError({ where, wanted: 'an ONNX model that can run', got: error.got, fix, cause: error });
  }
}

const SINGLE = ['input_ids', 'attention_mask', 'token_type_ids'];
const SECOND = ['input_ids_b', 'attention_mask_b'];
/** Of a model of features, beside their numbers. */
const VALUES = 'feature_values';

/** @returns the number of classes C of `logits` [batch, C]. */
function expectTextClassifier({ inputs, outputs }: Session, where: string): number {
  const names = inputs.map(({ name }) => name);
  const isKnown = (name: string, dtype: string) =>
    name === VALUES ? dtype === 'float32' : [...SINGLE, ...SECOND].includes(name) && dtype === 'int64';
  const strange = inputs.find(({ name, dtype }) => !isKnown(name, dtype));
  if (strange !== undefined || !names.includes('input_ids')) {
    throw new FileError({
      where,
      wanted: `a model that reads ${SINGLE.join(', ')} in int64`,
      got: inputs.map(({ name, dtype }) => `${name} (${dtype})`).join(', ') || 'no inputs',
      fix: 'use a model of text',
    });
  }
  const logits = outputs.find(({ name }) => name === 'logits');
  const classes = logits?.shape[1];
  if (logits?.dtype === 'float32' && logits.shape.length === 2 && typeof classes === 'number') return classes;
  throw new FileError({
    where,
    wanted: "an output 'logits', float32 [batch, C]",
    got: outputs.map(({ name, dtype, shape }) => `${name} (${dtype} [${shape.join(', ')}])`).join(', '),
    fix: 'use a text classifier: one label per text, not per token',
  });
}

function maxLengthFrom(
  metadata: ReadonlyMap<string, string>,
  tokenizer: Tokenizer,
  wanted: number | undefined,
): number {
  const positions = Number(metadata.get('retort.max_length') ?? Infinity);
  const usual = tokenizer.readsWhole ? WHOLE_LENGTH : LONGEST;
  if (wanted === undefined) return Math.min(positions, tokenizer.modelMaxLength ?? Infinity, usual);
  // The least that the tokenizer takes it says itself, when it meets the first text.
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= positions) return wanted;
  const range = Number.isFinite(positions) ? `from 1 to ${positions}, the model's maximum` : '≥ 1';
  throw new OptionError({ where: 'maxLength', wanted: `an integer ${range}`, got: String(wanted) });
}

/** How its training file was read; undefined where nothing is said. */
function readAsFrom(metadata: ReadonlyMap<string, string>, where: string): FileReading | undefined {
  const stored = metadata.get('retort.read_as');
  if (stored === undefined) return undefined;
  const reading = parseJson(stored, `${where}: retort.read_as`);
  if (isFileReading(reading)) return reading;
  throw new FileError({ where, wanted: 'how its training file was read', got: stored, fix: 'export the model again' });
}

async function labelsOf(
  metadata: ReadonlyMap<string, string>,
  folder: string,
  classes: number,
  where: string,
): Promise<readonly string[]> {
  const stored = metadata.get('retort.labels');
  const found = stored === undefined ? await labelsOfConfig(folder) : parseJson(stored, `${where}: retort.labels`);
  if (!Array.isArray(found) || !found.every((label) => typeof label === 'string')) {
    throw new FileError({ where, wanted: 'a list of labels', got: stored ?? 'something else' });
  }
  if (found.length === classes) return found;
  if (found.length === 0) {
    return classes === 1 ? ['score'] : Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  }
  throw new FileError({
    where,
    wanted: `${classes} labels, one for each class`,
    got: `${found.length}`,
    fix: 'export the model again',
  });
}

const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** `id2label` of a `config.json`, for models that another tool exported; none where there is none. */
async function labelsOfConfig(folder: string): Promise<unknown> {
  const path = join(folder, 'config.json');
  if (!(await isThere(path))) return [];
  const { id2label } = objectOf(parseJson(await readText(path, MAX_CONFIG_BYTES), path));
  const byNumber = new Map(Object.entries(objectOf(id2label)));
  return Array.from({ length: byNumber.size }, (_, i) => byNumber.get(String(i)));
}

type Row = { readonly first: EncodedRow; readonly second?: EncodedRow };

type Parts = {
  /** For messages. */
  readonly where: string;
  readonly session: Session;
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly classes: number;
  readonly readsPairs: boolean | undefined;
  readonly readAs: FileReading | undefined;
};

class TextModel implements Inference {
  readonly readAs?: FileReading;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly #where: string;
  readonly #session: Session;
  readonly #tokenizer: Tokenizer;
  readonly #classes: number;
  readonly #inputs: ReadonlySet<string>;
  readonly #readsPairs: boolean | undefined;

  constructor({ where, session, tokenizer, labels, maxLength, classes, readsPairs, readAs }: Parts) {
    if (readAs !== undefined) this.readAs = readAs;
    this.labels = labels;
    this.maxLength = maxLength;
    this.#where = where;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#classes = classes;
    this.#inputs = new Set(session.inputs.map(({ name }) => name));
    this.#readsPairs = this.#inputs.has('input_ids_b') || readsPairs;
  }

  async predict(input: string | readonly TextInput[]): Promise<Answer[]> {
    const inputs = typeof input === 'string' ? [input] : input;
    return this.#answer(inputs.map((one) => this.#encode(one)));
  }

  async *stream(
    inputs: Iterable<TextInput> | AsyncIterable<TextInput>,
    { window = WINDOW }: StreamOptions = {},
  ): AsyncGenerator<Answer, void, undefined> {
    if (!(Number.isInteger(window) && window >= 1)) {
      throw new OptionError({ where: 'window', wanted: 'an integer ≥ 1', got: String(window) });
    }
    let rows: Row[] = [];
    let answered = 0;
    let tokens = 0;
    for await (const input of inputs) {
      const row = this.#encode(input);
      rows.push(row);
      tokens += widthOf(row);
      if (rows.length < window && tokens < TOKENS_PER_WINDOW) continue;
      yield* await this.#answer(rows, answered);
      answered += rows.length;
      rows = [];
      tokens = 0;
    }
    yield* await this.#answer(rows, answered);
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #encode(input: TextInput): Row {
    const [text, pair] = typeof input === 'string' ? [input] : input;
    if (typeof text !== 'string' || (typeof input !== 'string' && typeof pair !== 'string')) {
      throw new OptionError({ where: 'predict', wanted: 'a text, or [text, pair]', got: typeof input });
    }
    const cut = { maxLength: this.maxLength };
    expectAsTrained(pair, this.#readsPairs);
    if (pair === undefined || !this.#inputs.has('input_ids_b')) {
      return { first: this.#tokenizer.encodeRow(text, pair, cut) };
    }
    const encode = (one: string) => this.#tokenizer.encodeRow(one, undefined, cut);
    return { first: encode(text), second: encode(pair) };
  }

  /** @throws FileError for a text whose scores are no numbers: what follows from them is no answer. */
  async #answer(rows: readonly Row[], answered = 0): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const batch of batchesByLength(Uint32Array.from(rows, widthOf), { maxRows: rows.length })) {
      const logits = await this.#run(Array.from(batch, (row) => rows[row] as Row));
      for (const [i, row] of batch.entries()) {
        const scores = logits.subarray(i * this.#classes, (i + 1) * this.#classes);
        const wrong = scores.find((score) => !Number.isFinite(score));
        if (wrong === undefined) {
          answers[row] = answerOf(scores, this.labels);
          continue;
        }
        throw new FileError({
          where: `${this.#where}, text ${answered + row + 1}`,
          wanted: 'finite scores',
          got: String(wrong),
          fix: 'the model is broken, at least for this text: export or train it again',
        });
      }
    }
    return answers;
  }

  /** @returns logits [B * C] */
  async #run(rows: readonly Row[]): Promise<Float32Array> {
    const { padId } = this.#tokenizer;
    const feeds: Record<string, Tensor> = {};
    const feed = (tensors: Readonly<Record<string, Tensor>>, suffix: string) => {
      for (const [name, tensor] of Object.entries(tensors)) {
        if (this.#inputs.has(name + suffix)) feeds[name + suffix] = tensor;
      }
    };
    feed(
      padRows(
        rows.map(({ first }) => first),
        padId,
        'longest',
      ),
      '',
    );
    const second = rows.flatMap((row) => row.second ?? []);
    if (second.length > 0) feed(padRows(second, padId, 'longest'), '_b');
    const { logits } = await this.#session.run(feeds);
    return logits?.data as Float32Array;
  }
}

function widthOf({ first, second }: Row): number {
  return Math.max(first.ids.length, second?.ids.length ?? 0);
}

/** @throws FileError where nothing is. */
async function isFolderAt(path: string): Promise<boolean> {
  const found = await entryAt(path);
  if (found !== undefined) return found.isDirectory();
  throw new FileError({
    where: path,
    wanted: 'an exported model, a folder or an .onnx file',
    got: 'nothing of that name',
    fix: 'check the path',
  });
}
