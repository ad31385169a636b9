/** @file From the files of an exported model to one that answers; where they lie and what runs them is told by others. */
import { FileError, OptionError } from '../errors/failures.js';
import type { NamedFiles } from '../files/named-files.js';
import { decodedText, parseJson } from '../files/stored-text.js';
import { questionIn } from '../onnx/model-question.js';
import type { OnnxReferences } from '../onnx/references.js';
import { type FileReading, isFileReading } from '../options/file-reading.js';
import { objectOf } from '../options/json.js';
import { EngineError } from '../runtime/engine-error.js';
import { expectTokenizerOf } from '../tokenizers/onnx-tokenizer.js';
import { LONGEST, WHOLE_LENGTH } from '../tokenizers/token-limits.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerOf } from '../tokenizers/tokenizer-of.js';
import { labelled, readsPairsFrom } from './answer.js';
import { type ModelSession, TextModel } from './text-model.js';

export type OpenOptions = {
  /**
   * Tokens of a row, special tokens included; longer texts are cut. Default: the model's maximum, at most 512; the whole
   * text for a model of n-grams.
   */
  readonly maxLength?: number | undefined;
};

export type OnnxModelParts = {
  /** The model, for messages. */
  readonly where: string;
  /** What lies beside it. */
  readonly files: NamedFiles;
  readonly metadata: ReadonlyMap<string, string>;
  readonly references: () => Promise<OnnxReferences>;
  /** @throws EngineError for a model that cannot run. */
  readonly openSession: () => Promise<ModelSession>;
};

/**
 * @throws FileError for files that are missing, torn or of another model, OptionError for a wrong option, and as
 *   `openSession` does.
 */
export async function openModel(parts: OnnxModelParts, options: OpenOptions): Promise<TextModel> {
  const { where, files, metadata } = parts;
  const tokenizer = await tokenizerOf(files);
  await expectTokenizerOf(parts, tokenizer, files.where);
  const maxLength = maxLengthFrom(metadata, tokenizer, options.maxLength);
  const said = metadata.get('retort.second');
  const second = said && (await (await import('./second-student.js')).openSecond(said, parts, maxLengthFrom));
  const session = await sessionOf(parts);
  try {
    const tasks = await tasksOf(metadata, session, where);
    const { classes, isTagger } = tasks === undefined ? expectClassifier(session, where) : NO_CLASSES;
    const labels = tasks === undefined ? await labelsOf(metadata, files, classes, where) : [];
    const [readsPairs, readAs] = [readsPairsFrom(metadata), readAsFrom(metadata, where)];
    const own = { where, session, tokenizer, labels, maxLength, classes, isTagger, readsPairs, readAs };
    return new TextModel({ ...own, second: second || undefined, tasks, question: questionIn(metadata, where) });
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Of several tasks, each of which has its own. */
const NO_CLASSES = { classes: 0, isTagger: false };

async function tasksOf(metadata: ReadonlyMap<string, string>, session: ModelSession, where: string) {
  const stored = metadata.get('retort.tasks');
  if (stored === undefined) return undefined;
  expectInputs(session, where);
  return (await import('./model-tasks.js')).tasksIn(stored, session, where);
}

async function sessionOf({ openSession, where }: OnnxModelParts): Promise<ModelSession> {
  try {
    return await openSession();
  } catch (error) {
    if (!(error instanceof EngineError) || error.where !== 'ONNX Runtime') throw error;
    const fix = 'export or copy the model again';
    throw new FileError({ where, wanted: 'an ONNX model that can run', got: error.got, fix, cause: error });
  }
}

const SINGLE = ['input_ids', 'attention_mask', 'token_type_ids'];
function expectInputs({ inputs }: ModelSession, where: string): void {
  const names = inputs.map(({ name }) => name);
  const isKnown = (name: string, dtype: string) =>
    dtype === (/^feature_values(_b)?$/.test(name) ? 'float32' : 'int64') &&
    /^(input_ids|attention_mask|token_type_ids|feature_values)(_b)?$/.test(name);
  const strange = inputs.find(({ name, dtype }) => !isKnown(name, dtype));
  if (strange !== undefined || !names.includes('input_ids')) {
    throw new FileError({
      where,
      wanted: `a model that reads ${SINGLE.join(', ')} in int64`,
      got: inputs.map(({ name, dtype }) => `${name} (${dtype})`).join(', ') || 'no inputs',
      fix: 'use a model of text',
    });
  }
}

/** The number of classes C of `logits` [batch, C], or of a tagger's [batch, sequence, C]. */
function expectClassifier(session: ModelSession, where: string): { classes: number; isTagger: boolean } {
  expectInputs(session, where);
  const { outputs } = session;
  const logits = outputs.find(({ name }) => name === 'logits');
  const rank = logits?.shape.length ?? 0;
  const classes = logits?.shape[rank - 1];
  if (logits?.dtype === 'float32' && (rank === 2 || rank === 3) && typeof classes === 'number' && classes > 0) {
    return { classes, isTagger: rank === 3 };
  }
  throw new FileError({
    where,
    wanted: "an output 'logits', float32 [batch, C] or [batch, sequence, C]",
    got: outputs.map(({ name, dtype, shape }) => `${name} (${dtype} [${shape.join(', ')}])`).join(', '),
    fix: 'use a model that labels texts or words',
  });
}

function maxLengthFrom(
  metadata: ReadonlyMap<string, string>,
  tokenizer: Tokenizer,
  wanted: number | undefined,
): number {
  const positions = Number(metadata.get('retort.max_length') ?? Infinity);
  // Of n-grams length costs little, whoever finds them: the tokenizer, or the graph in a Hugging Face folder.
  const readsWhole = tokenizer.readsWhole || metadata.get('retort.kind') === 'ngram';
  const usual = readsWhole ? WHOLE_LENGTH : LONGEST;
  if (wanted === undefined) return Math.min(positions, tokenizer.modelMaxLength ?? Infinity, usual);
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= positions)) {
    const range = Number.isFinite(positions) ? `from 1 to ${positions}, the model's maximum` : '≥ 1';
    throw new OptionError({ where: 'maxLength', wanted: `an integer ${range}`, got: String(wanted) });
  }
  // The least that it takes the tokenizer says itself.
  tokenizer.encodeRow('', undefined, { maxLength: wanted });
  return wanted;
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
  files: NamedFiles,
  classes: number,
  where: string,
): Promise<readonly string[]> {
  const stored = metadata.get('retort.labels');
  const found = stored === undefined ? await labelsOfConfig(files) : parseJson(stored, `${where}: retort.labels`);
  if (!Array.isArray(found) || !found.every((label) => typeof label === 'string')) {
    throw new FileError({ where, wanted: 'a list of labels', got: stored ?? 'something else' });
  }
  return labelled(found, classes, where);
}

const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** `id2label` of a `config.json`, for models that another tool exported; none where there is none. */
async function labelsOfConfig(files: NamedFiles): Promise<unknown> {
  const bytes = await files.read('config.json', MAX_CONFIG_BYTES);
  if (bytes === undefined) return [];
  const place = files.place('config.json');
  const { id2label } = objectOf(parseJson(decodedText(bytes, place), place));
  const byNumber = new Map(Object.entries(objectOf(id2label)));
  return Array.from({ length: byNumber.size }, (_, i) => byNumber.get(String(i)));
}
