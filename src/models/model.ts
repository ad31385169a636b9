import type { Value } from '../autograd/value.js';
import type { ForwardContext, ParameterSpec } from '../nn/module.js';
import type { FileReading } from '../options/file-reading.js';
import type { ModelSort } from '../options/option-spec.js';
import type { Question } from '../options/question.js';
import type { Dtype } from '../tensor/dtype.js';
import type { Dim, Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * What a model can tell a loss. Letters: B batch, S sequence, H hidden size, A heads, C classes, L layers.
 */
export type Signals = {
  /** Before softmax, [B, C]; of a model that labels tokens [B, S, C]. */
  readonly logits: Value;
  /** [B, H] */
  readonly pooledOutput?: Value;
  /** L + 1 tensors [B, S, H]; index 0 is the embedding output. */
  readonly hiddenStates?: readonly Value[];
  /** L tensors [B, A, S, S], before the mask and softmax. */
  readonly attentionScores?: readonly Value[];
  /** What attention compares and mixes: L tensors [B, S, H] each, all heads side by side; queries are not yet scaled. */
  readonly queries?: readonly Value[];
  readonly keys?: readonly Value[];
  readonly values?: readonly Value[];
  /** Word, position and type embeddings after normalisation, [B, S, H]. */
  readonly embeddings?: Value;
  /** 1 = real token, [B, S]. */
  readonly attentionMask?: Value;
  /** bool [B, P]: which of the logits [B, P, C] are asked for, of a model that answers at some tokens alone. */
  readonly logitsMask?: Value;
  /** The classifier's weight, one row a class, [C, H]. It belongs to the model, not to a row of data. */
  readonly classRows?: Value;
};

export type SignalName = Exclude<keyof Signals, 'attentionMask' | 'logitsMask' | 'classRows'>;

/** Words as vectors [B, S, H], by the input of ids that they are the vectors of. */
export type WordVectors = Readonly<Record<string, Value>>;

/** One tensor that a model reads; `shape` from the batch's dimensions, which may be names. */
export type ModelInput = { readonly name: string; readonly dtype: Dtype; readonly shape: Shape };

/** The dimensions of a batch: rows, and tokens for text. */
export type BatchDims = {
  readonly B: Dim;
  readonly S?: Dim;
  /** Tokens of a second text that is an input of its own; as S unless given. */
  readonly S2?: Dim;
};

/** A network as data and one function; its weights live elsewhere. */
export type Model = {
  /** The kind, as checkpoints record it: `mlp`, `bert`, `bilstm`, `static`. */
  readonly kind: string;
  /** Plain JSON from which the model can be made again. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: readonly ParameterSpec[];
  /** The longest row that it has positions for; absent where any will do. */
  readonly maxTokens?: number;
  /** Which defaults of settings it is trained with; absent: those of encoders. */
  readonly sort?: ModelSort;
  /** What `forward` returns. */
  readonly signals: readonly SignalName[];
  inputs(dims: BatchDims): readonly ModelInput[];
  /** The rows of the word table that the inputs ask for, before positions and norms. Absent where no words are read. */
  words?(context: ForwardContext, inputs: Readonly<Record<string, Value>>): WordVectors;
  /** @param words what to read in place of the word table's rows; default: those rows. */
  forward(context: ForwardContext, inputs: Readonly<Record<string, Value>>, words?: WordVectors): Signals;
};

/** Whether its inputs are tokens. */
export function readsText(model: Pick<Model, 'inputs'>): boolean {
  return model.inputs({ B: 1, S: 1 }).some(({ name }) => name === 'input_ids');
}

export type Weights = Readonly<Record<string, Tensor<'float32'>>>;

export type TrainedModel = {
  readonly model: Model;
  readonly weights: Weights;
  /** In the order of the classes; empty where they have no names. */
  readonly labelNames: readonly string[];
  /** Of a model that reads text: whether it was trained on two texts a row. Absent where nothing is known of it. */
  readonly readsPairs?: boolean;
  /** Of a model that was trained on a file of somebody's own: how that was read, for the files that it meets next. */
  readonly readAs?: FileReading;
  /** The same of a model of several tasks, by their names. */
  readonly tasksReadAs?: Readonly<Record<string, FileReading>>;
  /** What its teacher was asked, of one that learnt from a decision or language model: what it answers in their place. */
  readonly question?: Question;
  /** What exports divide its logits by, so that its probabilities mean what they say; absent where nothing was chosen. */
  readonly temperature?: number;
  /** What it was trained with. */
  readonly method?: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /**
   * Of a model that reads text: its tokenizer's files, contents by name (`Tokenizer.files`). They are written beside the
   * model, where `loadTokenizer` finds them, and are no part of its hash.
   */
  readonly tokenizerFiles?: ReadonlyMap<string, string>;
};

export type SavedModel = TrainedModel & {
  readonly path: string;
  /** SHA-256 over kind, config and weights: what answers of this model are cached under. */
  readonly contentHash: string;
};
