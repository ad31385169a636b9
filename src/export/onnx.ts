/**
 * @file A trained model as a plain ONNX file: any batch and length, weights inside, what `retort-ml/inference`
 * and other runtimes need to know in `metadata_props`.
 */
import { lowerToGraph } from '../autograd/lower.js';
import { input, type Value } from '../autograd/value.js';
import { OptionError, OutputError, SignalError } from '../errors/failures.js';
import { packageVersion } from '../files/package-version.js';
import { checkedWeights } from '../models/checked-weights.js';
import { familyOf } from '../models/families.js';
import type { TrainedModel, Weights } from '../models/model.js';
import { headOf, inOwnScores, MULTI_TASK, modelOfTask, taskLogits, tasksOf } from '../models/multi-task.js';
import { evaluationContext } from '../nn/context.js';
import type { ForwardContext } from '../nn/module.js';
import { parameterCount } from '../nn/parameter-count.js';
import { inputParameters } from '../nn/parameters.js';
import { foldConstants } from '../onnx/fold-constants.js';
import type { OnnxGraph } from '../onnx/graph.js';
import { type ActivationRange, integerProducts } from '../onnx/integer-products.js';
import { layerOf, storeWeights, weightRoles } from '../onnx/stored-weights.js';
import { writeModel } from '../onnx/write.js';
import { defined } from '../options/given.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Precision } from './precisions.js';

export type OnnxContent = Pick<
  TrainedModel,
  'model' | 'weights' | 'labelNames' | 'readsPairs' | 'readAs' | 'question' | 'temperature'
> & {
  /** `tokenizerHash` of the tokenizer that makes the model's ids; whoever loads the file compares it. */
  readonly tokenizerHash?: string;
  /** What the file was made from, to find out whether it is still that. */
  readonly source?: string;
  /** Of the weights. Default: `float32`. */
  readonly precision?: Precision;
  /** Of an encoder in int8: what the inputs of its products lie between (`calibrate`). Default: a scale a token. */
  readonly ranges?: ReadonlyMap<string, ActivationRange>;
  /** Layers that stay in float32 whatever the precision, by names or beginnings of them: `encoder.layer.0`, `embed`. */
  readonly keep?: readonly string[];
  /** How the precisions did on rows with labels, for `retort.scores`; without it a file is marked unscored. */
  readonly scores?: Readonly<Partial<Record<Precision, object>>>;
};

/** A protobuf message, which an ONNX file is, ends at 2 GiB; the graph beside the weights is far below 1 MiB. */
const MOST_WEIGHT_BYTES = 2 ** 31 - 2 ** 20;

/** Names of the dynamic dimensions. */
const DIMS = { B: 'batch', S: 'sequence', S2: 'sequence_b' } as const;

/**
 * The bytes of an ONNX file (opset 21) that answers `logits` [batch, C], or [batch, sequence, C] for a token head, as
 * the model does without dropout. Inputs are the model's own, int64 [batch, sequence] for text: `input_ids`,
 * `attention_mask`, and `token_type_ids` where it reads them. An LSTM is ONNX's own operator. Weights keep their names, with
 * `/Transpose` and the like behind them where operators read them in another layout (`foldConstants`), and `/float16`, or
 * `/int8` and `/scales`, where they are stored so (`storeWeights`).
 *
 * In int8 an encoder's products with weights are taken in whole numbers (`integerProducts`); other models compute in float32.
 *
 * Of several tasks the outputs are `logits.TASK`, from one pass through the encoder, and `retort.tasks` names the tasks (JSON:
 * name, labels, readsPairs); `retort.labels` is empty.
 *
 * `metadata_props`: `retort.version`, `retort.kind`, `retort.precision` and of another than float32 `retort.scores` (JSON, or
 * `unscored`), `retort.activations` (`token`, `range`) of whole numbers, `retort.kept` (JSON), `retort.labels` (JSON, in the order of the classes),
 * `retort.max_length` and `retort.vocabulary_size` where the model has such limits, `retort.reads_pairs` (`true`,
 * `false`) and `retort.read_as` (JSON: `FileReading`) where it is known what it was trained on, `retort.question` (JSON:
 * `Question`) where its teacher was asked one, `retort.temperature` that its last layer was divided by (`tempered`: done
 * before), `retort.tokenizer_sha256`.
 *
 * @throws OptionError for layers to keep that there are not, and for a task that labels words among several; OutputError for a model of 2 GB or more; CheckpointError for
 *   weights of another model; SignalError for a model that gives no logits.
 */
export function exportOnnx(content: OnnxContent): Uint8Array {
  const { precision = 'float32', ranges, keep = [] } = content;
  const graph = exportedGraph(content);
  const { isKept, metadata } = keptLayers(graph, keep);
  const isWhole = precision === 'int8' && familyOf(plainOf(content.model).kind) !== undefined;
  const products = isWhole ? integerProducts(graph, { isKept, ...defined({ ranges }) }) : graph;
  const stored = precision === 'float32' ? graph : storeWeights(products, precision, isKept);
  const activations = isWhole && { 'retort.activations': ranges === undefined ? 'token' : 'range' };
  return writeModel(stored, { metadata: { ...metadataOf(content), ...activations, ...metadata } });
}

/** The layers of a graph that other precisions than float32 change, in its order. */
export function layersOf(graph: OnnxGraph): readonly string[] {
  return [...new Set([...weightRoles(graph).keys()].map(layerOf))];
}

/** @throws OptionError for a name that no layer has or begins with. */
function keptLayers(graph: OnnxGraph, keep: readonly string[]) {
  const layers = layersOf(graph);
  const isOf = (layer: string, name: string) => layer === name || layer.startsWith(`${name}.`);
  const unknown = keep.find((name) => !layers.some((layer) => isOf(layer, name)));
  if (unknown !== undefined) {
    throw new OptionError({ where: 'keep', wanted: `layers among ${layers.join(', ')}`, got: `'${unknown}'` });
  }
  const metadata: Record<string, string> = keep.length === 0 ? {} : { 'retort.kept': JSON.stringify(keep) };
  return { isKept: (weight: string) => keep.some((name) => isOf(layerOf(weight), name)), metadata };
}

/** The graph of the file in float32, weights as its initialisers. @throws as `exportOnnx` does. */
export function exportedGraph(content: Pick<OnnxContent, 'model' | 'weights'>): OnnxGraph {
  const { model } = content;
  expectRoom(content);
  const checked = checkedWeights(new Map<string, Tensor>(Object.entries(content.weights)), model, model.kind);
  const weights = model.kind === MULTI_TASK ? inOwnScores({ model, weights: checked }) : checked;
  const inputs = model.inputs(DIMS).map(({ name, dtype, shape }) => [name, input(name, dtype, shape)] as const);
  const outputs = outputsOf(model, evaluationContext(inputParameters(model.parameters)), Object.fromEntries(inputs));
  const graph = lowerToGraph({ outputs, inputs: inputs.map(([, value]) => value), form: 'export' });
  return foldConstants(withWeights(graph, weights));
}

/** `logits`, or of several tasks `logits.TASK` of each. @throws SignalError for a model that gives none. */
function outputsOf(
  model: OnnxContent['model'],
  context: ForwardContext,
  inputs: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  if (model.kind === MULTI_TASK) {
    return Object.fromEntries(
      Object.entries(taskLogits(model, context, inputs)).map(([task, logits]) => [`logits.${task}`, logits]),
    );
  }
  const { logits } = model.forward(context, inputs);
  if (logits !== undefined) return { logits };
  throw new SignalError({ where: model.kind, wanted: 'logits to export', got: model.signals.join(', ') });
}

/** What stands for the encoder of a model of several tasks; any other model as it is. */
function plainOf(model: OnnxContent['model']): OnnxContent['model'] {
  return model.kind === MULTI_TASK ? modelOfTask(model, tasksOf(model)[0] as string) : model;
}

/** @throws OptionError for a task that labels words, which are other tokens than those of texts. */
function tasksText(model: OnnxContent['model']): string {
  return JSON.stringify(
    tasksOf(model).map((name) => {
      const { head, labels, readsPairs } = headOf(model, name);
      if (head === 'classification') return { name, labels, ...defined({ readsPairs }) };
      throw new OptionError({
        where: `task ${name}`,
        wanted: 'tasks that label or score texts, in one file',
        got: 'one that labels words',
        fix: `export it by itself, MODEL#${name}, and the others so, too`,
      });
    }),
  );
}

/** The graph with its parameters as initialisers in place of inputs. */
function withWeights(graph: OnnxGraph, weights: Weights): OnnxGraph {
  const initializers = [...graph.initializers];
  const inputs = graph.inputs.filter(({ name }) => {
    const tensor = Object.hasOwn(weights, name) ? weights[name] : undefined;
    if (tensor !== undefined) initializers.push({ name, tensor });
    return tensor === undefined;
  });
  return { ...graph, inputs, initializers };
}

/** Whether its weights are more than one ONNX file can hold. */
export function isTooLarge(model: OnnxContent['model']): boolean {
  return weightBytes(model) > MOST_WEIGHT_BYTES;
}

function weightBytes(model: OnnxContent['model']): number {
  return 4 * parameterCount(model);
}

function expectRoom({ model }: Pick<OnnxContent, 'model'>): void {
  if (!isTooLarge(model)) return;
  throw new OutputError({
    where: 'ONNX export',
    wanted: 'a model of less than 2 GB, as one ONNX file can hold',
    got: `${(weightBytes(model) / 1e9).toFixed(1)} GB of weights`,
    fix: 'export a smaller student, or the Hugging Face format',
  });
}

function metadataOf({
  model,
  labelNames,
  readsPairs,
  readAs,
  question,
  temperature,
  tokenizerHash,
  source,
  precision = 'float32',
  scores,
}: OnnxContent): Record<string, string> {
  const { config, maxTokens: length } = plainOf(model);
  const metadata: Record<string, string> = {
    'retort.version': packageVersion(),
    'retort.kind': model.kind,
    'retort.precision': precision,
    'retort.labels': JSON.stringify(labelNames),
  };
  const score = scores?.[precision];
  if (precision !== 'float32') metadata['retort.scores'] = score === undefined ? 'unscored' : JSON.stringify(score);
  if (length !== undefined) metadata['retort.max_length'] = String(length);
  if (typeof config.vocab_size === 'number') metadata['retort.vocabulary_size'] = String(config.vocab_size);
  if (readsPairs !== undefined) metadata['retort.reads_pairs'] = String(readsPairs);
  if (readAs !== undefined) metadata['retort.read_as'] = JSON.stringify(readAs);
  if (question !== undefined) metadata['retort.question'] = JSON.stringify(question);
  if (temperature !== undefined) metadata['retort.temperature'] = String(temperature);
  if (tokenizerHash !== undefined) metadata['retort.tokenizer_sha256'] = tokenizerHash;
  if (source !== undefined) metadata['retort.source'] = source;
  if (model.kind === MULTI_TASK) metadata['retort.tasks'] = tasksText(model);
  return metadata;
}
