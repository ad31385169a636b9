/** @file A BiLSTM by the settings of a start. */
import { stat } from 'node:fs/promises';
import { formatCount } from '../errors/number-text.js';
import { openAnyModel } from './any-model.js';
import { bilstmDefaults } from './bilstm.js';
import { bilstmFromTeacher, bilstmFromWordVectors } from './bilstm-embeddings.js';
import { findOnHub } from './find-on-hub.js';
import { loadModelTokenizer } from './model-tokenizer.js';
import { START_SETTINGS } from './start-settings.js';
import { headLabels, type NewModel } from './start-task.js';

export const newBilstm: NewModel = {
  settings: ['hidden', 'vocabulary'],
  startsAtRandom: true,
  make: async (settings, task, events) => {
    const { vocabulary = START_SETTINGS.model.default, hidden = bilstmDefaults.hidden_size, seed = 0 } = settings;
    const { onNotice = () => {} } = events;
    const config = { hidden_size: hidden, num_labels: headLabels(task).length, is_pair: task.isPair };
    if (await isFile(vocabulary)) {
      const { texts, pairs = [] } = task.train;
      const { withoutVector, ...made } = await bilstmFromWordVectors(vocabulary, {
        seed,
        config,
        texts: [...texts, ...pairs],
      });
      if (withoutVector.length > 0) {
        const total = formatCount(made.tokenizer.vocabularySize);
        onNotice(
          `${formatCount(withoutVector.length)} of ${total} words have no vector in ${vocabulary}: these start at random`,
        );
      }
      return made;
    }
    const teacher = await openAnyModel(vocabulary, {
      find: findOnHub(events),
      onNotice,
      head: 'classification',
      newHead: true,
    });
    return bilstmFromTeacher(teacher, await loadModelTokenizer(teacher), { seed, config });
  },
};

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
