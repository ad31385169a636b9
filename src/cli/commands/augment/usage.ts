import { AUGMENT_SETTINGS } from '../../../augment/augment-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const augmentUsage = {
  name: 'augment',
  summary: 'make more texts of the ones there are, for a teacher to label',
  description:
    'DATA is a data set by name, whose training rows are used, or a file of texts. Labels are not read: the teacher labels ' +
    'the new texts. They are written row by row; the command stopped at any moment goes on with --resume, to the same bytes.',
  options: {
    data: { kind: 'operand', placeholder: 'data', required: true, help: 'the name of a data set, or a file of texts' },
    ...AUGMENT_SETTINGS,
    ...messageOptions,
  },
  examples: [
    {
      does: 'twenty copies of each sentence, by rules',
      line: 'retort augment sst2 --data_dir data --lexicon lexicon.tsv --output_file pool.jsonl',
    },
    {
      does: 'the same without a lexicon: masks and stretches alone',
      line: 'retort augment reviews.csv --text review --pos_rate 0 --output_file pool.jsonl',
    },
    {
      does: 'by a masked language model',
      line: 'retort augment reviews.csv --text review --method mlm --model outputs/pretrained --output_file pool.jsonl',
    },
  ],
} as const satisfies CommandUsage;
