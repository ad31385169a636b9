/** @file A BiLSTM by the settings of a start. */
import { bilstmDefaults } from './bilstm.js';
import { bilstmFromTeacher, bilstmFromWordVectors } from './bilstm-embeddings.js';
import { headLabels, type NewModel } from './start-task.js';
import { openVocabulary, sizesOf, tellWithout, VOCABULARY_SETTINGS } from './start-vocabulary.js';

export const newBilstm: NewModel = {
  settings: ['hidden', ...VOCABULARY_SETTINGS],
  startsAtRandom: true,
  make: async (settings, task, events) => {
    const { hidden = bilstmDefaults.hidden_size, seed = 0 } = settings;
    const config = { hidden_size: hidden, num_labels: headLabels(task).length, is_pair: task.isPair };
    const vocabulary = await openVocabulary(settings, task, events);
    if (vocabulary.kind === 'file') {
      const made = await bilstmFromWordVectors(vocabulary.path, { ...vocabulary, seed, config });
      tellWithout(made, vocabulary.path, events);
      return made;
    }
    const { encoder, tokenizer, smaller } = vocabulary;
    const { embeddingSize: width } = sizesOf(settings);
    const sized = { ...config, ...(width !== undefined && { embedding_size: width }) };
    return bilstmFromTeacher(encoder, tokenizer, { seed, config: sized, smaller });
  },
};
