/**
 * @file Models as Hugging Face folders: `config.json`, `model.safetensors` (or shards of it by
 * `model.safetensors.index.json`) and tokenizer files, as Python's `transformers` reads and writes them.
 */

import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CheckpointError, OptionError } from '../errors/failures.js';
import { inputFailure } from '../files/file-failure.js';
import { readText } from '../files/folder-files.js';
import { expectUnchanged, writeManifest } from '../files/manifest.js';
import { isThere } from '../files/path-entry.js';
import { replaceFolderAtomic } from '../files/replace-folder.js';
import { parseJson } from '../files/stored-text.js';
import { initialiseParameters } from '../nn/parameters.js';
import { objectOf } from '../options/json.js';
import { readSafetensors, writeSafetensors } from '../tensor/safetensors-file.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { checkedWeights } from './checked-weights.js';
import type { EncoderFamily } from './encoder-family.js';
import { FAMILY_NAMES, familyOf } from './families.js';
import type { HeadName } from './heads.js';
import type { HuggingFaceConfig } from './hugging-face.schema.js';
import type { Model, TrainedModel } from './model.js';
import { MODEL_FORMAT } from './model-format.js';
import { type LoadModelOptions, parsed } from './saved-model.js';

export type HuggingFaceOptions = LoadModelOptions & {
  /** What the model answers; else what the folder's class does, or the class of a text. */
  readonly head?: HeadName;
  /** Names of the classes, where a new head is wanted; else those of `id2label`. */
  readonly labelNames?: readonly string[];
  /** Leave out the head that the folder has, and begin with a new one; of what was asked for there is no notice. */
  readonly newHead?: boolean;
  /** Draws the parts that the folder lacks. */
  readonly seed?: number;
};

export type HuggingFaceModel = TrainedModel & {
  /** What a user should know: parts that are new, tensors that were left out. One sentence each. */
  readonly notices: readonly string[];
};

const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MAX_CONFIG_BYTES = 16 * 2 ** 20;
const MAX_INDEX_BYTES = 16 * 2 ** 20;
const MAX_SHARDS = 1000;
/** Room for heads that are left out, such as a masked-LM decoder. */
const OTHER_HEADS_BYTES = 2 ** 30;

const DEFAULT_LABELS = 2;

/**
 * Loads an encoder of any family with a head from a Hugging Face folder. A head or pooler that the folder lacks is
 * new, drawn from `seed`; heads for other tasks are left out; `notices` says so. Half-precision weights become float32.
 * @throws FileError for files that are missing or torn; CheckpointError for models of another kind, for pickles, and for
 *   tensors that are missing, unknown or of another shape, naming them; OptionError for options that do not fit.
 */
export async function loadHuggingFace(folder: string, options: HuggingFaceOptions = {}): Promise<HuggingFaceModel> {
  const { newHead = false, seed = 0 } = options;
  await expectUnchanged(folder, options.onNotice);
  const path = join(folder, CONFIG);
  const { config, family } = await readConfig(path);
  const head = options.head ?? headOf(family, config.architectures ?? []) ?? 'classification';
  const labelNames = head === 'masked-lm' ? [] : (options.labelNames ?? labelNamesOf(config, path));
  const model = await modelOf(family, config, { head, labels: labelNames.length }, path);

  const files = await weightFiles(folder);
  await expectBoundedSize(folder, [...files.keys()], model);
  const where = join(folder, files.size === 1 ? ([...files.keys()][0] ?? WEIGHTS) : INDEX);
  const notices: string[] = [];
  const tensors = ourNames(await readFiles(folder, files), model, family, where, notices);
  if (newHead) for (const name of [...tensors.keys()]) if (!family.isPrefixed(name)) tensors.delete(name);
  expectSameClasses(tensors, model, family.classifierOf(head), where);
  // Before a new part is drawn: a config that is not of these weights may say that it is as large as it likes.
  checkedWeights(tensors, { ...model, parameters: model.parameters.filter(({ name }) => tensors.has(name)) }, where);
  const weights = checkedWeights(
    withNewParts(tensors, model, family, seed, where, newHead ? [] : notices),
    model,
    where,
  );
  return { model, weights, labelNames, notices };
}

type Config = { readonly family: EncoderFamily; readonly config: HuggingFaceConfig };

async function readConfig(path: string): Promise<Config> {
  const json = parseJson(await readText(path, MAX_CONFIG_BYTES), path);
  const { configSchema, modelTypeSchema } = await import('./hugging-face.schema.js');
  if (objectOf(json).format === MODEL_FORMAT.name) {
    throw new CheckpointError({
      where: path,
      wanted: "a Hugging Face model's config",
      got: "one of retort's own",
      fix: 'read that folder with loadModel',
    });
  }
  const { model_type: type } = parsed(modelTypeSchema.safeParse(json), path);
  const { kind } = objectOf(objectOf(json).retort);
  if (typeof kind === 'string' && familyOf(kind) === undefined) {
    throw new CheckpointError({
      where: path,
      wanted: 'a model with weights to train or export again',
      got: `the export of a ${kind}, called ${type} for programs that do not know it, with weights in its ONNX files alone`,
      fix: 'use the run that was exported; retort predict and evaluate read the export',
    });
  }
  const family = familyOf(type);
  if (family === undefined) {
    throw new CheckpointError({
      where: `${path}: model_type`,
      wanted: FAMILY_NAMES.join(', '),
      got: JSON.stringify(type),
      fix: 'use a model of a supported kind',
    });
  }
  return { family, config: parsed(configSchema.safeParse(json), path) };
}

/** The head that the first known class of a config's `architectures` has. */
function headOf({ huggingFace }: EncoderFamily, architectures: readonly string[]): HeadName | undefined {
  const heads = Object.entries(huggingFace.classes) as [HeadName, string][];
  return heads.find(([, name]) => architectures.includes(name))?.[0];
}

/** `id2label` in the order of its numbers; empty where there is none. */
function labelNamesOf({ id2label }: HuggingFaceConfig, path: string): readonly string[] {
  const labels = id2label ?? {};
  return Object.keys(labels).map((_, i) => {
    const label = Object.hasOwn(labels, String(i)) ? labels[String(i)] : undefined;
    if (label !== undefined) return label;
    throw new CheckpointError({ where: `${path}: id2label`, wanted: `a name for class ${i}`, got: 'none' });
  });
}

async function modelOf(
  family: EncoderFamily,
  json: HuggingFaceConfig,
  { head, labels }: { readonly head: HeadName; readonly labels: number },
  path: string,
): Promise<Model> {
  const config: Record<string, unknown> = {};
  for (const [key, usual] of Object.entries(family.huggingFace.defaults)) {
    config[key] = Object.hasOwn(json, key) ? json[key] : usual;
  }
  const num_labels = labels || (json.num_labels ?? DEFAULT_LABELS);
  const { schemaOf } = await import('./saved-model.schema.js');
  try {
    return parsed(schemaOf(family).safeParse({ ...config, head, num_labels }), path);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { wanted, got } = error;
    throw new CheckpointError({ where: `${path}: ${error.where}`, wanted, got, cause: error });
  }
}

/** The files of the weights, each with the names that an index says are in it; undefined without an index. */
async function weightFiles(folder: string): Promise<ReadonlyMap<string, ReadonlySet<string> | undefined>> {
  if (await isThere(join(folder, WEIGHTS))) return new Map([[WEIGHTS, undefined]]);
  const path = join(folder, INDEX);
  if (!(await isThere(path))) throw await noWeights(folder);
  const json = parseJson(await readText(path, MAX_INDEX_BYTES), path);
  const { indexSchema } = await import('./hugging-face.schema.js');
  const { weight_map: map } = parsed(indexSchema.safeParse(json), path);
  const files = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(map)) {
    const names = files.get(file) ?? new Set();
    files.set(file, names.add(name));
  }
  if (files.size === 0 || files.size > MAX_SHARDS) {
    throw new CheckpointError({ where: path, wanted: `1 to ${MAX_SHARDS} shards`, got: String(files.size) });
  }
  return files;
}

async function noWeights(folder: string): Promise<CheckpointError> {
  for (const name of ['pytorch_model.bin', 'pytorch_model.bin.index.json']) {
    if (!(await isThere(join(folder, name)))) continue;
    return new CheckpointError({
      where: join(folder, name),
      wanted: WEIGHTS,
      got: 'a pickle (torch.save), which can execute code when it is opened, so retort does not',
      fix: "on a machine where you trust it, convert it: AutoModel.from_pretrained(DIR).save_pretrained(NEW_DIR) in Python's transformers",
    });
  }
  return new CheckpointError({
    where: folder,
    wanted: `${WEIGHTS} or ${INDEX}`,
    got: 'neither',
    fix: 'copy or download the whole folder of the model',
  });
}

/** Refuses files that are far larger than a model of this config, before a byte of their elements is read. */
async function expectBoundedSize(folder: string, files: readonly string[], model: Model): Promise<void> {
  let most = OTHER_HEADS_BYTES;
  for (const { shape } of model.parameters) most += 8 * sizeOf(shape);
  let bytes = 0;
  for (const file of files) {
    try {
      bytes += (await stat(join(folder, file))).size;
    } catch (error) {
      throw inputFailure(error, join(folder, file));
    }
    if (bytes <= most) continue;
    throw new CheckpointError({
      where: join(folder, file),
      wanted: `at most ${most} bytes for a model of these sizes`,
      got: `${bytes}`,
      fix: `check that ${CONFIG} and the weights belong together`,
    });
  }
}

async function readFiles(
  folder: string,
  files: ReadonlyMap<string, ReadonlySet<string> | undefined>,
): Promise<ReadonlyMap<string, Tensor>> {
  const all = new Map<string, Tensor>();
  for (const [file, wanted] of files) {
    const path = join(folder, file);
    const { tensors } = await readSafetensors(path);
    for (const name of wanted ?? []) {
      if (tensors.has(name)) continue;
      throw new CheckpointError({
        where: path,
        wanted: `tensor '${name}', as ${INDEX} says`,
        got: 'none of that name',
      });
    }
    for (const [name, tensor] of tensors) {
      if (wanted?.has(name) === false) {
        throw new CheckpointError({
          where: path,
          wanted: `the tensors that ${INDEX} names`,
          got: `'${name}' beside them`,
        });
      }
      all.set(name, tensor);
    }
  }
  return all;
}

/** The tensors under the names that the model has; what belongs to other heads goes into a notice. */
function ourNames(
  tensors: ReadonlyMap<string, Tensor>,
  model: Model,
  { huggingFace: { prefix }, isOfEncoder }: EncoderFamily,
  where: string,
  notices: string[],
): Map<string, Tensor> {
  const wanted = new Set(model.parameters.map(({ name }) => name));
  const named = new Map<string, Tensor>();
  const others: string[] = [];
  for (const [stored, tensor] of tensors) {
    const bare = stored.startsWith(prefix) ? stored.slice(prefix.length) : stored;
    // The oldest checkpoints have TensorFlow's names of a norm's parameters.
    const name = bare.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
    // A buffer of 0, 1, 2, …, which old versions of `transformers` saved.
    if (name === 'embeddings.position_ids') continue;
    if (!wanted.has(name) && !isOfEncoder(name)) {
      others.push(stored);
      continue;
    }
    if (named.has(name)) {
      const got = 'it twice, also under its old name or prefix';
      throw new CheckpointError({ where, wanted: `tensor '${name}' once`, got });
    }
    named.set(name, tensor);
  }
  if (others.length > 0) {
    const shown = others.sort().slice(0, 3).join(', ');
    const more = others.length > 3 ? ` and ${others.length - 3} more` : '';
    notices.push(`left out the tensors of other heads: ${shown}${more}`);
  }
  return named;
}

/** Said before the general check of shapes, because here the way out is an option. */
function expectSameClasses(
  tensors: ReadonlyMap<string, Tensor>,
  { parameters }: Model,
  classifier: string | undefined,
  where: string,
): void {
  const name = `${classifier}.weight`;
  const stored = tensors.get(name)?.shape[0];
  const classes = parameters.find((spec) => spec.name === name)?.shape[0];
  if (stored === undefined || stored === classes) return;
  throw new CheckpointError({
    where: `${where}: tensor '${name}'`,
    wanted: `a head for ${classes} classes`,
    got: `one for ${stored}`,
    fix: 'pass newHead: true to start with a new one',
  });
}

/** Adds a new pooler or head where the checkpoint has nothing of it, once all else is known to be there. */
function withNewParts(
  tensors: ReadonlyMap<string, Tensor>,
  model: Model,
  { isOfEncoder, isPrefixed }: EncoderFamily,
  seed: number,
  where: string,
  notices: string[],
): ReadonlyMap<string, Tensor> {
  const partOf = (name: string) => (isOfEncoder(name) ? 'encoder' : isPrefixed(name) ? 'pooler' : 'head');
  const present = new Set(['encoder', ...[...tensors.keys()].map(partOf)]);
  for (const { name, shape } of model.parameters) {
    if (tensors.has(name) || !present.has(partOf(name))) continue;
    throw new CheckpointError({
      where: `${where}: tensor '${name}'`,
      wanted: `float32${formatShape(shape)}`,
      got: 'none of that name',
      fix: `use the ${CONFIG} and the weights of one model`,
    });
  }
  const missing = model.parameters.filter(({ name }) => !present.has(partOf(name)));
  for (const part of new Set(missing.map(({ name }) => partOf(name)))) {
    notices.push(`the ${part} is newly initialised (seed ${seed}): train the model before you use it`);
  }
  return new Map([...tensors, ...Object.entries(initialiseParameters(missing, seed))]);
}

export type HuggingFaceContent = Pick<TrainedModel, 'model' | 'weights' | 'labelNames'> & {
  /** Its files are written beside the model. */
  readonly tokenizer?: Tokenizer;
};

/**
 * Saves an encoder of any family as a folder that `transformers` loads (`AutoModelForSequenceClassification` and so
 * on), in one piece: an earlier folder of that name is replaced, or stays if writing fails.
 * @throws OptionError for a model of another kind, or label names that do not fit; OutputError naming the place that
 *   cannot be written.
 */
export async function saveHuggingFace(folder: string, content: HuggingFaceContent): Promise<void> {
  const config = `${JSON.stringify(huggingFaceConfig(content), null, 2)}\n`;
  const weights = huggingFaceWeights(content);
  await replaceFolderAtomic(folder, async (inside) => {
    await writeFile(join(inside, CONFIG), config);
    await writeSafetensors(join(inside, WEIGHTS), weights, { format: 'pt' });
    for (const [name, text] of content.tokenizer?.files ?? []) await writeFile(join(inside, basename(name)), text);
    await writeManifest(inside);
  });
}

function familyOfModel({ kind }: Model): EncoderFamily {
  const family = familyOf(kind);
  if (family !== undefined) return family;
  throw new OptionError({ where: 'saveHuggingFace', wanted: FAMILY_NAMES.join(', '), got: `a ${kind}` });
}

/**
 * The `config.json` of a model for `transformers`.
 * @throws OptionError for a model of another kind, or label names that do not fit.
 */
export function huggingFaceConfig({ model, labelNames }: Omit<HuggingFaceContent, 'weights'>): Record<string, unknown> {
  const { classes } = familyOfModel(model).huggingFace;
  const { num_labels: count, head, ...sizes } = model.config;
  const name = classes[head as HeadName];
  if (name === undefined) {
    const wanted = 'a head that transformers has a class for';
    throw new OptionError({ where: 'saveHuggingFace', wanted, got: String(head), fix: 'export to ONNX' });
  }
  const config = {
    architectures: [name],
    model_type: model.kind,
    ...sizes,
    torch_dtype: 'float32',
  };
  if (head === 'masked-lm') return config;
  const names = labelNames.length > 0 ? labelNames : Array.from({ length: Number(count) }, (_, i) => `LABEL_${i}`);
  if (names.length !== count || new Set(names).size !== names.length) {
    throw new OptionError({
      where: 'saveHuggingFace labelNames',
      wanted: `${count} different names, or none`,
      got: `${new Set(names).size} different of ${names.length}`,
    });
  }
  return {
    ...config,
    id2label: Object.fromEntries(names.entries()),
    label2id: Object.fromEntries([...names.entries()].map(([i, name]) => [name, i])),
  };
}

/** The weights of a model under the names that `transformers` has. @throws OptionError for a model of another kind. */
export function huggingFaceWeights({ model, weights }: HuggingFaceContent): Record<string, Tensor> {
  const { huggingFace, isPrefixed } = familyOfModel(model);
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor]) => [isPrefixed(name) ? `${huggingFace.prefix}${name}` : name, tensor]),
  );
}
