/** @file A static model by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { headLabels, type NewModel } from './start-task.js';
import { openVocabulary, sizesOf, tellWithout, VOCABULARY_SETTINGS } from './start-vocabulary.js';
import { staticFromEncoder, staticFromTokenizer, staticFromWordVectors } from './static-embeddings.js';
import { staticDefaults } from './static-model.js';

const RANDOM = 'random';
const PRETRAINED = 'pretrained';

export const newStatic: NewModel = {
  settings: ['hidden', 'from', ...VOCABULARY_SETTINGS],
  startsAtRandom: true,
  make: async (settings, task, events) => {
    const { hidden, from = PRETRAINED, seed = 0 } = settings;
    if (from !== PRETRAINED && from !== RANDOM) {
      throw new OptionError({ where: 'from', wanted: `${PRETRAINED} or ${RANDOM}, for a static model`, got: from });
    }
    const config = {
      hidden_sizes: hidden === undefined ? staticDefaults.hidden_sizes : hidden === 0 ? [] : [hidden],
      num_labels: headLabels(task).length,
      is_pair: task.isPair,
    };
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
