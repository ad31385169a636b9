/** @file A model over n-gram features by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import {
  fitNgrams,
  type NgramOptions,
  type NgramRange,
  ngramDefaults,
  usualMinTexts,
} from '../tokenizers/ngram-features.js';
import { type NgramTokenizer, ngramTokenizer } from '../tokenizers/ngram-tokenizer.js';
import { ngram } from './ngram.js';
import { NO_NGRAMS } from './start-settings.js';
import { type ChosenStart, headLabels, type NewModel, type StartTask } from './start-task.js';

export const newNgram: NewModel = {
  settings: ['hidden', 'ngrams', 'charNgrams', 'features', 'buckets'],
  startsAtRandom: false,
  check: (settings) => {
    ngramOptions(settings);
  },
  make: async (settings, task) => {
    const { hidden = 0, seed = 0 } = settings;
    const tokenizer = fitted(task, ngramOptions(settings));
    const { length: classes } = headLabels(task);
    const model = ngram({ vocab_size: tokenizer.vocabularySize, hidden_size: hidden, num_labels: classes });
    return { model, weights: initialiseParameters(model.parameters, seed), tokenizer };
  },
};

/** Seeds and arms of an experiment ask for the same features of the same texts. */
const FITTED = new WeakMap<StartTask['train'], { readonly key: string; readonly tokenizer: NgramTokenizer }>();

function fitted({ train, transfer, isPair }: StartTask, options: NgramOptions): NgramTokenizer {
  const key = JSON.stringify([options, transfer?.texts.length]);
  const known = FITTED.get(train);
  if (known?.key === key) return known.tokenizer;
  const texts = transfer === undefined ? train.texts : [...train.texts, ...transfer.texts];
  const pairs = isPair ? [...(train.pairs ?? []), ...(transfer?.pairs ?? [])] : undefined;
  const isBounded = options.most !== undefined || options.buckets !== undefined;
  const minTexts = isBounded ? undefined : usualMinTexts(texts.length);
  const tokenizer = ngramTokenizer(fitNgrams(texts, pairs, { ...options, minTexts }));
  FITTED.set(train, { key, tokenizer });
  return tokenizer;
}

function ngramOptions({ ngrams, charNgrams, features, buckets }: ChosenStart): NgramOptions {
  if (features !== undefined && buckets !== undefined) {
    throw new OptionError({
      where: 'features, buckets',
      wanted: 'at most one way to bound the features',
      got: `${features} and ${buckets}`,
      fix: 'leave one of them out',
    });
  }
  const words = rangeOf('ngrams', ngrams, ngramDefaults.words);
  const chars = rangeOf('charNgrams', charNgrams, ngramDefaults.chars);
  if (words === null && chars === null) {
    const wanted = 'n-grams of words, of characters, or of both';
    throw new OptionError({ where: 'ngrams, charNgrams', wanted, got: 'neither' });
  }
  return { words, chars, most: features, buckets };
}

/** `1,2`, or `2` for words or characters of that number alone. */
function rangeOf(where: string, given: string | undefined, usual: NgramRange): NgramRange | null {
  if (given === undefined) return usual;
  if (given === NO_NGRAMS) return null;
  const [least = 0, most = least] = given.split(',').map(Number);
  if (least >= 1 && most >= least) return [least, most];
  const wanted = `the least and the most n, from 1, such as ${usual.join()}, or ${NO_NGRAMS}`;
  throw new OptionError({ where, wanted, got: `'${given}'` });
}
