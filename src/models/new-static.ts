/** @file A static model by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import type { NewModel } from './start-task.js';
import { openVocabulary, sizesOf, tellWithout, VOCABULARY_SETTINGS } from './start-vocabulary.js';
import { staticFromEncoder, staticFromTokenizer, staticFromWordVectors } from './static-embeddings.js';
import { staticConfig, staticNgrams } from './static-settings.js';

const RANDOM = 'random';
const PRETRAINED = 'pretrained';
export const newStatic: NewModel = {
  settings: ['hidden', 'from', 'tokenDropout', 'ngrams', 'buckets', ...VOCABULARY_SETTINGS],
  startsAtRandom: true,
  check: (settings) => {
    staticNgrams(settings);
  },
  make: async (settings, task, events) => {
    const { from = PRETRAINED, seed = 0 } = settings;
    if (from !== PRETRAINED && from !== RANDOM) {
      throw new OptionError({ where: 'from', wanted: `${PRETRAINED} or ${RANDOM}, for a static model`, got: from });
    }
    const config = staticConfig(settings, task);
    const vocabulary = await openVocabulary(settings, task, events);
    if (vocabulary.kind === 'file') {
      const made = await staticFromWordVectors(vocabulary.path, { ...vocabulary, seed, config });
      tellWithout(made, vocabulary.path, events);
      return made;
    }
    const { encoder, tokenizer, smaller } = vocabulary;
    const { embeddingSize: width } = sizesOf(settings);
    const sized = { ...config, ...(width !== undefined && { embedding_size: width }) };
    return from === RANDOM
      ? staticFromTokenizer(smaller?.tokenizer ?? tokenizer, { seed, config: sized })
      : staticFromEncoder(encoder, tokenizer, { seed, config: sized, smaller });
  },
};
