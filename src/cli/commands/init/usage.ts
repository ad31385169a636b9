import { TABLE_FILES } from '../../../data/formats/table.js';
import { COLUMN_SETTINGS, ROW_SETTINGS } from '../../../data/task-settings.js';
import { DISTILLATION_SETTINGS } from '../../../experiments/distillation/evidence-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const initUsage = {
  name: 'init',
  summary: 'inspect a file of texts and write a config (retort.yaml) for distillation',
  description:
    `Inspects a ${TABLE_FILES} file or a data set by name: columns, labels, lengths. Writes a config whose ` +
    'comments give the reason for each value, and a JSON Schema for completion in editors.',
  options: {
    data: { kind: 'operand', placeholder: 'data', required: true, help: 'a file of texts with labels, or a data set' },
    ...COLUMN_SETTINGS,
    dataDir: ROW_SETTINGS.dataDir,
    transfer: {
      ...DISTILLATION_SETTINGS.transfer,
      help: 'unlabelled texts of the same kind, for the teacher to label: where most of a gain comes from',
    },
    latencyUs: {
      kind: 'number',
      above: 0,
      group: 'Student',
      help: 'latency to meet: microseconds for one text at the median',
    },
    output: {
      kind: 'text',
      placeholder: 'file',
      default: 'retort.yaml',
      group: 'Output',
      help: 'the config to write, or a folder for it',
    },
    overwrite: { kind: 'switch', group: 'Output', help: 'replace a config that is there' },
    ...messageOptions,
  },
  examples: [
    { does: 'a file of your own', line: 'retort init reviews.csv' },
    { does: 'if its columns cannot be told apart', line: 'retort init reviews.csv --text review --label stars' },
    { does: 'few labels, many texts', line: 'retort init labelled.csv --transfer texts.txt' },
    { does: 'a student that answers in 100 µs', line: 'retort init reviews.csv --transfer texts.txt --latency_us 100' },
    { does: 'a data set by name', line: 'retort init sst2 --data_dir data --output sst2.yaml' },
  ],
} as const satisfies CommandUsage;
