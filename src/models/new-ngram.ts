/** @file A model over n-gram features by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { fitNgrams, type NgramOptions, ngramDefaults, usualMinTexts } from '../tokenizers/fit-ngrams.js';
import { loadTokenizer } from '../tokenizers/load-tokenizer.js';
import type { NgramRange } from '../tokenizers/ngram-features.js';
import type { NgramTokenizer } from '../tokenizers/ngram-rows.js';
import { ngramTokenizer } from '../tokenizers/ngram-tokenizer.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { findOnHub } from './find-on-hub.js';
import { findModelFolder } from './model-folder.js';
import { ngram } from './ngram.js';
import { NO_NGRAMS, START_SETTINGS } from './start-settings.js';
import { type ChosenStart, headLabels, type NewModel, type StartEvents, type StartTask } from './start-task.js';

export const newNgram: NewModel = {
  settings: ['hidden', 'ngrams', 'units', 'vocabulary', 'charNgrams', 'features', 'buckets'],
  startsAtRandom: false,
  check: (settings) => {
    ngramOptions(settings);
  },
  make: async (settings, task, events) => {
    const { hidden = 0, seed = 0 } = settings;
    const tokenizer = await fitted(task, settings, events);
    const { length: classes } = headLabels(task);
    const model = ngram({ vocab_size: tokenizer.vocabularySize, hidden_size: hidden, num_labels: classes });
    return { model, weights: initialiseParameters(model.parameters, seed), tokenizer };
  },
};

/** Seeds and arms of an experiment ask for the same features of the same texts. */
const FITTED = new WeakMap<StartTask['train'], { readonly key: string; readonly tokenizer: NgramTokenizer }>();

async function fitted(
  { train, transfer, isPair }: StartTask,
  settings: ChosenStart,
  events: StartEvents,
): Promise<NgramTokenizer> {
  const options = ngramOptions(settings);
  const { units, vocabulary = START_SETTINGS.model.default } = settings;
  const pieces = units === 'pieces' ? vocabulary : undefined;
  const key = JSON.stringify([options, pieces, transfer?.texts.length]);
  const known = FITTED.get(train);
  if (known?.key === key) return known.tokenizer;
  const texts = transfer === undefined ? train.texts : [...train.texts, ...transfer.texts];
  const pairs = isPair ? [...(train.pairs ?? []), ...(transfer?.pairs ?? [])] : undefined;
  const isBounded = options.most !== undefined || options.buckets !== undefined;
  const minTexts = isBounded ? undefined : usualMinTexts(texts.length);
  const reader = pieces === undefined ? undefined : await pieceTokenizer(pieces, events);
  const tokenizer = ngramTokenizer(fitNgrams(texts, pairs, { ...options, minTexts, tokenizer: reader }));
  FITTED.set(train, { key, tokenizer });
  return tokenizer;
}

/** @throws as `findModelFolder` and `loadTokenizer` do; OptionError for a model that reads features itself. */
async function pieceTokenizer(model: string, events: StartEvents): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(await findModelFolder(model, findOnHub(events)));
  if (tokenizer.pieces !== undefined) return tokenizer;
  throw new OptionError({
    where: 'vocabulary',
    wanted: 'a model whose tokenizer cuts texts into pieces, such as minilm-l6',
    got: `${model}, which reads n-grams`,
  });
}

function ngramOptions(settings: ChosenStart): NgramOptions {
  const { ngrams, units = 'words', vocabulary, charNgrams, features, buckets } = settings;
  if (vocabulary !== undefined && units !== 'pieces') {
    throw new OptionError({
      where: 'vocabulary',
      wanted: 'units pieces, since n-grams of words need no tokenizer',
      got: `units ${units}`,
      fix: 'add --units pieces, or leave it out',
    });
  }
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
  if (words === null && units === 'pieces') {
    throw new OptionError({
      where: 'ngrams',
      wanted: 'how many pieces an n-gram has, such as 1,2, where units are pieces',
      got: NO_NGRAMS,
      fix: 'leave units out',
    });
  }
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
