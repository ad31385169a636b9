/** @file A linear model of texts: n-gram features of a table, weights by a convex fit, and a model like any other of both. */
import type { TextTable } from '../../data/text-table.js';
import { ngram } from '../../models/ngram.js';
import type { TextModel } from '../../models/text-model.js';
import type { ConvexLossName } from '../../optim/convex-loss.js';
import { defined } from '../../options/given.js';
import type { SparseRows } from '../../tensor/sparse-rows.js';
import { tensor } from '../../tensor/tensor.js';
import { fitNgrams, type NgramOptions, usualMinTexts } from '../../tokenizers/fit-ngrams.js';
import type { NgramFeatures } from '../../tokenizers/ngram-features.js';
import type { NgramTokenizer } from '../../tokenizers/ngram-rows.js';
import { ngramTokenizer } from '../../tokenizers/ngram-tokenizer.js';
import { tokenizerHash } from '../../tokenizers/tokenizer-hash.js';
import { fitLinear, type LinearFit, type TriedStrength } from './fit-linear.js';

export type LinearModelOptions = {
  /** Decides which rows choose the strength of the penalty, and the order of the rows in each epoch. */
  readonly seed: number;
  /** Default: words of 1 and 2, characters of 3 to 5; of 5,000 rows or more those that two of them have. */
  readonly ngrams?: NgramOptions | undefined;
  readonly loss?: ConvexLossName | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStrength?: ((tried: TriedStrength) => void) | undefined;
};

/** Without the weights, which the model has. */
export type LinearModel = TextModel & { readonly fit: Omit<LinearFit, 'weights' | 'bias'> };

/**
 * Fits a linear model to the labels or scores of a table: `fitNgrams`, then `fitLinear`, whose strength is chosen by the
 * cross-entropy (accuracy picks models that predict one class where there are few rows), or of a regression the mean squared
 * error. Rows without label or score take no part.
 * The features of a table are counted once, however many seeds are fitted.
 * @throws OptionError for a table without labels and scores, or one class; as `fitNgrams` and `fitLinear` do.
 */
export async function fitLinearModel(train: TextTable, options: LinearModelOptions): Promise<LinearModel> {
  const { ngrams = { minTexts: usualMinTexts(train.size) }, ...how } = options;
  const { labelNames, labels, scores, pairs, readAs } = train;
  const classes = scores === undefined ? labelNames.length : 1;
  const { features, rows, tokenizer } = featuresOf(train, ngrams);
  const { weights, bias, ...fit } = await fitLinear({ ...how, metric: 'loss', rows, classes, labels, scores });
  const model = ngram({ vocab_size: features.size, hidden_size: 0, num_labels: classes });
  return {
    name: `linear, ${train.name}`,
    model,
    weights: {
      'embed.weight': tensor('float32', [features.size, classes], weights),
      'fc.bias': tensor('float32', [classes], bias),
    },
    labelNames: scores === undefined ? labelNames : ['score'],
    readsPairs: pairs !== undefined,
    ...defined({ readAs }),
    tokenizer,
    tokenizerFiles: tokenizer.files,
    fit,
  };
}

type Counted = {
  readonly key: string;
  readonly features: NgramFeatures;
  readonly rows: SparseRows;
  readonly tokenizer: NgramTokenizer;
};

/** Seeds of an experiment ask for the same features of the same table. */
const COUNTED = new WeakMap<TextTable, Counted>();

function featuresOf(train: TextTable, options: NgramOptions): Counted {
  const { tokenizer: pieces, ...plain } = options;
  const key = JSON.stringify([plain, pieces && tokenizerHash(pieces)]);
  const known = COUNTED.get(train);
  if (known?.key === key) return known;
  const features = fitNgrams(train.texts, train.pairs, options);
  const rows = features.rows(train.texts, train.pairs);
  const counted = { key, features, rows, tokenizer: ngramTokenizer(features) };
  COUNTED.set(train, counted);
  return counted;
}
