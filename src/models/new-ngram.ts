/** @file A model over n-gram features by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { loadTokenizer } from '../tokenizers/load-tokenizer.js';
import type { NgramTokenizer } from '../tokenizers/ngram-rows.js';
import { ngramTokenizer } from '../tokenizers/ngram-tokenizer.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { findOnHub } from './find-on-hub.js';
import { findModelFolder } from './model-folder.js';
import { ngram } from './ngram.js';
import { ngramOptions, ngramsOf } from './ngram-settings.js';
import { START_SETTINGS } from './start-settings.js';
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
  const reader = pieces === undefined ? undefined : await pieceTokenizer(pieces, events);
  const tokenizer = ngramTokenizer(ngramsOf(texts, pairs, settings, reader));
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
