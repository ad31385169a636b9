/** @file An ONNX classifier of texts as a teacher, whoever exported it. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname, join, normalize, posix } from 'node:path';
import { FileError, OptionError, SignalError } from '../errors/failures.js';
import { errorCode, inputFailure } from '../files/file-failure.js';
import { readText } from '../files/folder-files.js';
import { jsonHash } from '../files/json-hash.js';
import { expectUnchanged } from '../files/manifest.js';
import { isFile } from '../files/path-entry.js';
import { parseJson } from '../files/stored-text.js';
import type { SignalName } from '../models/model.js';
import { folderOfModelFile, isUnreadBeside } from '../onnx/model-file.js';
import { readOnnxMetadata, readOnnxReferences } from '../onnx/onnx-file.js';
import type { ValueInfo } from '../onnx/program.js';
import type { OnnxReferences } from '../onnx/references.js';
import { isJsonObject, objectOf } from '../options/json.js';
import type { SessionOptions } from '../runtime/backend.js';
import { EngineError } from '../runtime/engine-error.js';
import type { Session } from '../runtime/running-session.js';
import { openModelSession } from '../runtime/session.js';
import { usualThreads } from '../runtime/threads.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { loadTokenizer } from '../tokenizers/load-tokenizer.js';
import { expectTokenizerOf } from '../tokenizers/onnx-tokenizer.js';
import type { TruncationOptions } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import { type AlignOptions, alignLabels } from './align-labels.js';
import { answersInMemory, usualSignals } from './answers.js';
import { expectLogitsAlone } from './model-teacher.js';
import { type OwnReader, ownCut, runOnTexts } from './own-texts.js';
import { LEAST_FLOAT, probabilityTarget } from './targets.js';
import type { OpenTeacher, Teacher } from './teacher.js';

/** Of a model of features, how much there is of each. */
const VALUES = 'feature_values';
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids', 'input_ids_b', 'attention_mask_b', VALUES] as const;
type InputName = (typeof INPUTS)[number];

export type OnnxTeacherOptions = TruncationOptions &
  AlignOptions &
  Pick<SessionOptions, 'threads' | 'device'> & {
    /** The folder of its tokenizer. Default: that of the model. */
    readonly tokenizer?: string;
    /** What the model calls its inputs, where not as `transformers` does: `{ input_ids: 'ids' }`. */
    readonly inputs?: Readonly<Partial<Record<InputName, string>>>;
    /** The output to read, [batch, C]. Default: `logits`, or the only one. */
    readonly output?: string;
    /** Whether that output is before softmax or after it. Default: logits. */
    readonly gives?: 'logits' | 'probabilities';
    /** Its classes, in its order. Default: `retort.labels` in the file, or `id2label` of a `config.json` beside it. */
    readonly labels?: readonly string[];
    /** The data's labels: its classes are put into their order (`alignLabels`). Default: the model's own order. */
    readonly labelNames?: readonly string[];
  };

/**
 * A teacher from an ONNX file that reads ids (int64 or int32, any batch and length) and answers one row of float32 a
 * text, with the tokenizer beside it.
 * @param options.maxLength tokens of a row at most; 128 unless given, or what an export of ours has positions for.
 * @throws OptionError for a longer one; FileError for files that are missing or torn, SignalError for a model of another kind or with other labels.
 */
export async function onnxTeacher(path: string, options: OnnxTeacherOptions = {}): Promise<Teacher> {
  const own = await folderOfModelFile(path);
  const folder = options.tokenizer ?? own;
  const { gives = 'logits' } = options;
  if (gives !== 'logits' && gives !== 'probabilities') {
    throw new OptionError({ where: 'gives', wanted: 'logits or probabilities', got: String(gives) });
  }
  for (const place of new Set([own, folder])) {
    await expectUnchanged(place, options.onNotice, isUnreadBeside(place, path));
  }
  const metadata = await readOnnxMetadata(path);
  const references = await readOnnxReferences(path);
  const ids = options.inputs?.input_ids ?? 'input_ids';
  const tokenizer = await loadTokenizer(folder);
  await expectTokenizerOf({ metadata, references: async () => references, ids }, tokenizer, folder);
  const hash = await hashOf(path, references);
  const session = await sessionOf(path, options);
  let classifier: Classifier;
  let labels: readonly string[];
  try {
    const found = options.labels ?? (await storedLabels(metadata, folder, path));
    classifier = classifierOf(session, path, options, found.length);
    labels = found.length === 0 ? unnamed(classifier.classes) : found;
  } finally {
    await session.release();
  }
  if (labels.length !== classifier.classes) {
    throw new SignalError({
      where: `teacher ${path}`,
      wanted: `labels for its ${classifier.classes} classes`,
      got: `${labels.length}: ${labels.join(', ')}`,
      fix: 'give labels, one for each class in its order',
    });
  }
  const positions = Number(metadata.get('retort.max_length') ?? Infinity);
  const cut = ownCut(options, tokenizer, positions, `teacher ${path}`);
  const reader: OwnReader = {
    tokenizer,
    cut,
    model: { kind: 'model in ONNX', inputs: () => classifier.inputs.map(({ name }) => ({ name })) },
  };
  const open = (signals: readonly SignalName[]) => openOnnx(path, signals, classifier, reader, gives, options);
  const { output, inputs } = classifier;
  // A model that is not told which tokens are padding reads them: which token that is, is part of its answers.
  const padding = inputs.some(({ name }) => name === 'attention_mask') ? [] : [tokenizer.padId];
  const teacher: Teacher = {
    name: path,
    provides: ['logits'],
    classes: classifier.classes,
    labelNames: labels,
    contentHash: jsonHash(['onnx', hash, tokenizerHash(tokenizer), cut, gives, output, inputs, ...padding]),
    // It may hold products of any kind: ours alone are known not to depend on that.
    threads: [options.threads ?? usualThreads()],
    reads: ['texts'],
    open,
    answer: (data, signals) => answersInMemory({ name: path, open }, data, signals),
  };
  return alignLabels(teacher, options.labelNames ?? [], options);
}

/** Our name of each input, and the model's. */
type BoundInput = { readonly name: InputName; readonly as: string; readonly dtype: 'int64' | 'int32' | 'float32' };
type Classifier = { readonly inputs: readonly BoundInput[]; readonly output: string; readonly classes: number };

async function openOnnx(
  path: string,
  signals: readonly SignalName[],
  { inputs, output, classes }: Classifier,
  reader: OwnReader,
  gives: 'logits' | 'probabilities',
  options: OnnxTeacherOptions,
): Promise<OpenTeacher> {
  const where = `teacher ${path}`;
  expectLogitsAlone(signals, where);
  const session = await sessionOf(path, options);
  const forward = {
    signals: usualSignals({ classes }),
    run: async (given: Readonly<Record<string, Tensor>>) => {
      const feeds = inputs.map(({ name, as, dtype }) => [as, inDtype(given[name] as Tensor, dtype)] as const);
      const logits = (await session.run(Object.fromEntries(feeds)))[output] as Tensor<'float32'>;
      const rows = logits.shape[0] as number;
      if (logits.data.length !== rows * classes) {
        throw new SignalError({ where, wanted: `${output} [${rows}, ${classes}]`, got: formatShape(logits.shape) });
      }
      if (gives === 'logits') return { logits };
      return { logits: { ...logits, data: logsOf(logits.data, classes, `${where}, ${output}`) } };
    },
  };
  return {
    signals: forward.signals,
    answer: (data, rows) => runOnTexts(forward, reader, data, rows, where),
    release: () => session.release(),
  };
}

async function sessionOf(path: string, { threads, device }: OnnxTeacherOptions): Promise<Session> {
  try {
    return await openModelSession(path, { threads, device });
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    const fix = 'export or copy the model again';
    throw new FileError({ where: path, wanted: 'an ONNX model that can run', got: cause.got, fix, cause });
  }
}

function classifierOf(session: Session, path: string, options: OnnxTeacherOptions, labels: number): Classifier {
  const where = `teacher ${path}`;
  const unknown = Object.keys(options.inputs ?? {}).find((name) => !INPUTS.some((known) => known === name));
  if (unknown !== undefined) throw new OptionError({ where: 'inputs', wanted: INPUTS.join(', '), got: unknown });
  const names = new Map(INPUTS.map((name) => [options.inputs?.[name] ?? name, name]));
  const inputs = session.inputs.map((info) => boundInput(info, names, where));
  if (!inputs.some(({ name }) => name === 'input_ids')) {
    throw new SignalError({
      where,
      wanted: 'a model that reads input_ids',
      got: session.inputs.map(({ name }) => name).join(', ') || 'no inputs',
      fix: "give their name: inputs: { input_ids: 'NAME' }",
    });
  }
  const { outputs } = session;
  const wanted = options.output ?? (outputs.length === 1 ? outputs[0]?.name : 'logits');
  const output = outputs.find(({ name }) => name === wanted);
  const classes = output?.shape[1];
  if (output?.dtype === 'float32' && output.shape.length === 2) {
    const known = typeof classes === 'number' ? classes : labels;
    if (known > 0) return { inputs, output: output.name, classes: known };
    throw new SignalError({
      where,
      wanted: 'a known number of classes',
      got: `${output.name} ${formatShape(output.shape)}`,
      fix: 'give labels',
    });
  }
  throw new SignalError({
    where,
    wanted: `an output ${wanted}, float32 [batch, C]`,
    got: outputs.map(({ name, dtype, shape }) => `${name} (${dtype} ${formatShape(shape)})`).join(', '),
    fix: 'name the output with one row of scores per text (output)',
  });
}

function boundInput(info: ValueInfo, names: ReadonlyMap<string, InputName>, where: string): BoundInput {
  const name = names.get(info.name);
  const { dtype } = info;
  const isExpected = name === VALUES ? dtype === 'float32' : dtype === 'int64' || dtype === 'int32';
  if (name === undefined || !isExpected) {
    throw new SignalError({
      where,
      wanted: `inputs ${[...names.keys()].join(', ')} of int64 or int32`,
      got: `${info.name} (${dtype})`,
      fix: `say what it is: inputs: { attention_mask: '${info.name}' }`,
    });
  }
  if (info.shape.length === 2 && info.shape.every((dim) => typeof dim === 'string'))
    return { name, as: info.name, dtype: dtype as BoundInput['dtype'] }; // as has just been seen
  throw new SignalError({
    where,
    wanted: `input ${info.name} [batch, length] of any batch and length`,
    got: formatShape(info.shape),
    fix: 'export the model with dynamic axes',
  });
}

function inDtype({ shape, data, dtype }: Tensor, wanted: BoundInput['dtype']): Tensor {
  if (dtype === wanted || wanted !== 'int32') return { dtype, shape, data } as Tensor;
  return { dtype: 'int32', shape, data: Int32Array.from(data as BigInt64Array, Number) };
}

/** What float16 and 8 bits lose of a sum of 1. */
const LOST = 0.01;

/** @throws SignalError for rows that are no probabilities; one without numbers stays as it is, to be told by its place. */
function logsOf(probabilities: Float32Array, classes: number, where: string): Float32Array {
  const logs = new Float32Array(probabilities.length);
  for (let start = 0; start < logs.length; start += classes) {
    const row = Array.from(probabilities.subarray(start, start + classes));
    const sum = row.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > LOST || row.some((p) => p < -LOST)) {
      throw new SignalError({
        where,
        wanted: 'probabilities: a sum of 1 and none below 0',
        got: row.slice(0, 6).join(', '),
        fix: "leave out gives: 'probabilities' where a model ends without a softmax",
      });
    }
    logs.set(probabilityTarget(row, LEAST_FLOAT).logits, start);
  }
  return logs;
}

function unnamed(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
}

const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** Names that the file or a `config.json` beside it holds; none where there are none. */
async function storedLabels(
  metadata: ReadonlyMap<string, string>,
  folder: string,
  path: string,
): Promise<readonly string[]> {
  const stored = metadata.get('retort.labels');
  if (stored !== undefined) return namesIn(parseJson(stored, `${path}: retort.labels`));
  for (const place of new Set([dirname(path), folder])) {
    const config = join(place, 'config.json');
    if (!(await isFile(config))) continue;
    const { id2label } = objectOf(parseJson(await readText(config, MAX_CONFIG_BYTES), config));
    if (!isJsonObject(id2label)) continue;
    const names = new Map(Object.entries(id2label));
    return namesIn(Array.from({ length: names.size }, (_, i) => names.get(String(i))));
  }
  return [];
}

function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : [];
}

/** SHA-256 of the file and of those that it says its weights are in. */
async function hashOf(path: string, { externalFiles }: OnnxReferences): Promise<string> {
  const hash = createHash('sha256');
  const [folder, name] = [dirname(path), basename(path)];
  for (const part of [...new Set([name, ...externalFiles.map((location) => placeInside(location, path))])].sort()) {
    hash.update(part === name ? 'model' : part.startsWith(name) ? part.slice(name.length) : `/${part}`);
    const place = join(folder, part);
    try {
      for await (const chunk of createReadStream(place) as AsyncIterable<Buffer>) hash.update(chunk);
    } catch (error) {
      if (part === name || errorCode(error) !== 'ENOENT') throw inputFailure(error, place);
      throw new FileError({
        where: path,
        wanted: `its weights in ${part} beside it`,
        got: 'no such file',
        fix: 'copy all files of the model',
      });
    }
  }
  return hash.digest('hex');
}

/** @throws FileError for a place outside the model's folder: it would not be a file of the model. */
function placeInside(location: string, path: string): string {
  const place = posix.normalize(location.replaceAll('\\', '/'));
  if (!/^([a-z]:|\/|\.\.(\/|$))/iu.test(place)) return normalize(location);
  throw new FileError({
    where: path,
    wanted: 'weights in its own folder',
    got: `some in ${JSON.stringify(location)}`,
    fix: 'save the model with its weights beside it',
  });
}
