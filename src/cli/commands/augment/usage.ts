import { AUGMENT_SETTINGS } from '../../../augment/augment-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const augmentUsage = {
  name: 'augment',
  summary: 'data augmentation: make new texts for a teacher to label',
  description:
    'DATA is a data set by name, of which the training rows are used, or a file of texts. Labels are not read: the teacher labels ' +
    'the new texts. An interrupted command continues with --resume, to the same bytes.',
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
      does: 'without a lexicon: masking and n-grams alone',
      line: 'retort augment reviews.csv --text review --pos_rate 0 --output_file pool.jsonl',
    },
    {
      does: 'by a masked language model',
      line: 'retort augment reviews.csv --text review --method mlm --model outputs/pretrained --output_file pool.jsonl',
    },
  ],
} as const satisfies CommandUsage;
