/** @file A model of texts with its tokenizer, as one thing: what is fine-tuned, what teaches, what learns. */
import { OptionError } from '../errors/failures.js';
import type { DownloadProgress } from '../hub/download.js';
import { initialiseParameters } from '../nn/parameters.js';
import { defined } from '../options/given.js';
import { sameShape } from '../tensor/shape.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { openAnyModel } from './any-model.js';
import { familyOf } from './families.js';
import { fetchModel } from './fetch-model.js';
import type { TrainedModel } from './model.js';
import { loadModelTokenizer } from './model-tokenizer.js';

export type TextModel = TrainedModel & {
  /** For messages and records: a path, a name on the hub. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
};

export type LoadTextModelOptions = {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly onNotice?: (notice: string) => void;
  readonly signal?: AbortSignal;
};

/**
 * A model of texts by its path or name: a run or checkpoint of ours, a Hugging Face folder, a name on the hub, which is
 * downloaded once.
 * @throws CheckpointError, FileError as `openAnyModel`, `fetchModel` and `loadModelTokenizer` do.
 */
export async function loadTextModel(nameOrPath: string, options: LoadTextModelOptions = {}): Promise<TextModel> {
  const { path, model, weights, labelNames, readsPairs, readAs, question, temperature } = await openAnyModel(
    nameOrPath,
    {
      find: (name) => fetchModel(name, options),
      onNotice: options.onNotice,
    },
  );
  const tokenizer = await loadModelTokenizer({ path, model });
  const read = { name: nameOrPath, model, weights, labelNames, tokenizer, tokenizerFiles: tokenizer.files };
  return { ...read, ...defined({ readsPairs, readAs, question, temperature }) };
}

/** What a head is to answer. */
export type NewHead = {
  /** In the order of the classes; of a regression one name. */
  readonly labelNames: readonly string[];
  /** Draws the head, and a pooler where the model has none. */
  readonly seed: number;
  /** Default: `classification`. */
  readonly head?: 'classification' | 'mean' | undefined;
};

type WithHead = Pick<TextModel, 'model' | 'weights'> & {
  readonly name?: string;
  readonly labelNames?: readonly string[];
};

/**
 * The model with a new head for texts; the encoder and a pooler stay.
 * @throws OptionError for a model that is no encoder.
 */
export function withNewHead<T extends WithHead>(
  from: T,
  { labelNames, seed, head = 'classification' }: NewHead,
): T & WithHead {
  const { kind, config } = from.model;
  const make = familyOf(kind);
  if (make === undefined) {
    throw new OptionError({
      where: from.name ?? 'model',
      wanted: 'an encoder, which takes a new head',
      got: `a ${kind}`,
    });
  }
  const model = make({ ...config, head, num_labels: labelNames.length });
  const kept = model.parameters.flatMap(({ name, shape }) => {
    const tensor = from.weights[name];
    return make.isPrefixed(name) && tensor !== undefined && sameShape(tensor.shape, shape)
      ? [[name, tensor] as const]
      : [];
  });
  const weights = { ...initialiseParameters(model.parameters, seed), ...Object.fromEntries(kept) };
  return { ...from, model, weights, labelNames };
}
