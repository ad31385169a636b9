import { COLUMN_SETTINGS } from '../../data/task-settings.js';
import { SPLITS } from '../../data/text-task.js';
import { JUDGED_METRICS } from '../../metrics/table.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';
import { findOnHub } from './hub-models.js';
import { mnistOptions } from './mnist-options.js';
import { trainedModelOptions } from './trained-model-options.js';

// In the order of the help.
const { model, maxLength, ...compute } = trainedModelOptions;

export const evaluateUsage = {
  name: 'evaluate',
  summary: 'score a trained model on labelled data',
  description:
    'A model of text is scored on a data set by name (sst2, mrpc, stsb and so on) or on a file with a column of labels; ' +
    'a model of digits on the test set of MNIST. Each figure comes with its 95 % interval.',
  options: {
    model,
    data: {
      kind: 'operand',
      placeholder: 'data',
      help: 'the name of a set of texts, or a .csv, .tsv, .jsonl or .parquet file; of digits the folder of the IDX files',
    },
    dataDir: {
      ...mnistOptions.dataDir,
      help: 'where data sets lie; for texts RETORT_DATA says it too [digits: data/mnist]',
    },
    split: { kind: 'choice', choices: SPLITS, group: 'Texts', help: 'of a set by name', defaultSays: 'dev' },
    metric: {
      ...{ kind: 'choice', choices: JUDGED_METRICS, group: 'Texts' },
      help: 'measured first, besides the usual ones',
    },
    textColumn: COLUMN_SETTINGS.textColumn,
    pairColumn: COLUMN_SETTINGS.pairColumn,
    labelColumn: {
      ...COLUMN_SETTINGS.labelColumn,
      help: 'column of the labels, names or numbers from 0; of a regression the values',
    },
    maxLength,
    ...compute,
    ...messageOptions,
  },
  examples: [
    { does: 'a data set by name', line: 'retort evaluate outputs/student sst2 --split dev --data_dir data' },
    { does: 'a file of your own', line: 'retort evaluate outputs/student reviews.csv --label_column stars' },
    { does: 'accuracy on the test set', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist' },
    { does: 'the same for a program', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist --json' },
  ],
} as const satisfies CommandUsage;

export const evaluateCommand = defineCommand({
  ...evaluateUsage,
  run: async (options, io) => {
    const { readsDigits } = await import('./text-model.js');
    if (await readsDigits(options.model, findOnHub(io))) {
      const { evaluateDigits } = await import('./digit-evaluation.js');
      return evaluateDigits(options, io);
    }
    const { evaluateTexts } = await import('./text-evaluation.js');
    return evaluateTexts(options, io);
  },
});
