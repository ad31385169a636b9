import { TABLE_FILES } from '../../../data/formats/table.js';
import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../../data/task-settings.js';
import { START_SETTINGS } from '../../../models/start-settings.js';
import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import { takenBy } from '../../../options/setting.js';
import { TEXT_SETTINGS } from '../../../training/text/text-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const trainUsage = {
  name: 'train',
  config: 'train',
  summary: 'fine-tune a model on labelled texts: a teacher, or a student without one',
  description:
    `DATA is a data set by name (sst2, mrpc, cola, stsb, trec, banking77 and so on) or a ${TABLE_FILES} ` +
    'file of your own with a column of texts and one of labels; or a retort.yaml, whose teacher is trained. The model is ' +
    'evaluated on the validation split after each epoch; for a file without --dev, a tenth of its rows becomes that ' +
    'split. A test split is scored once, at the end. The result can be given to retort predict, evaluate, export, and to retort train again.',
  options: {
    data: {
      kind: 'operand',
      placeholder: 'data',
      required: true,
      help: 'the name of a data set, or a file of texts with labels; several, separated by commas, are learnt by one multi-task model',
    },
    ...takenBy(START_SETTINGS, 'train'),
    ...takenBy(SPLIT_SETTINGS, 'train'),
    ...takenBy(ROW_SETTINGS, 'train'),
    ...takenBy(COLUMN_SETTINGS, 'train'),
    ...takenBy(TEXT_SETTINGS, 'train'),
    ...takenBy(RUN_SETTINGS, 'train'),
    ...OUTPUT_SETTINGS,
    dryRun: { kind: 'switch', group: 'Output', help: 'print the plan (arms, steps, time, memory, disk) and stop' },
    student: {
      kind: 'switch',
      group: 'Training',
      help: 'with a retort.yaml: train the student alone instead of the teacher',
    },
    ...messageOptions,
    ...COMPUTE_SETTINGS,
  },
  examples: [
    {
      does: 'a teacher: MiniLM on the movie reviews of SST-2',
      line: 'retort train sst2 --data_dir data --output_dir outputs/teacher',
    },
    {
      does: 'a file of your own, with columns named review and stars',
      line: 'retort train reviews.csv --text review --label stars',
    },
    {
      does: 'with splits of your own: choices by one, a score at the end on the other',
      line: 'retort train reviews.csv --text review --label stars --dev dev.csv --test test.csv',
    },
    {
      does: 'a student of the first three layers',
      line: 'retort train sst2 --data_dir data --layers 3 --output_dir outputs/three-layers',
    },
    {
      does: 'a BiLSTM that starts from GloVe',
      line: 'retort train reviews.csv --model bilstm --vocabulary glove.6B.300d.txt',
    },
    { does: 'one model of three tasks', line: 'retort train rte,mrpc,stsb --data_dir data' },
    { does: 'a quick trial', line: 'retort train sst2 --data_dir data --rows 300 --max_steps 5' },
    { does: 'continue after Ctrl-C', line: 'retort train reviews.csv --text review --label stars --resume' },
  ],
} as const satisfies CommandUsage;
