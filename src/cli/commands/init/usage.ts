import { TABLE_FILES } from '../../../data/formats/table.js';
import { COLUMN_SETTINGS, ROW_SETTINGS } from '../../../data/task-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const initUsage = {
  name: 'init',
  summary: 'look at a file of texts, and write a retort.yaml that distils on it',
  description:
    `Looks at a ${TABLE_FILES} file, or at a data set by name: which column holds the texts and which the ` +
    'labels, how many rows each label has, how long the texts are. Writes a config whose comments say why each value was ' +
    'chosen, and a JSON Schema beside it, by which editors complete its keys.',
  options: {
    data: { kind: 'operand', placeholder: 'data', required: true, help: 'a file of texts with labels, or a data set' },
    ...COLUMN_SETTINGS,
    dataDir: ROW_SETTINGS.dataDir,
    output: {
      kind: 'text',
      placeholder: 'file',
      default: 'retort.yaml',
      group: 'Output',
      help: 'the config to write',
    },
    overwrite: { kind: 'switch', group: 'Output', help: 'replace a config that is there' },
    ...messageOptions,
  },
  examples: [
    { does: 'a file of your own', line: 'retort init reviews.csv' },
    { does: 'where its columns cannot be told apart', line: 'retort init reviews.csv --text review --label stars' },
    { does: 'a data set by name', line: 'retort init sst2 --data_dir data --output sst2.yaml' },
  ],
} as const satisfies CommandUsage;
