import { PRETRAIN_SETTINGS } from '../../../training/text/pretrain-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const pretrainUsage = {
  name: 'pretrain',
  summary: 'train an encoder to guess hidden words of texts without labels',
  description:
    'TEXTS are data sets by name, whose training rows are used, or files of texts. 15 % of the words are to be guessed, ' +
    'drawn anew at each step. The result can be given to retort train and distill as --model, which give it a head for labels, ' +
    'and to retort augment --method mlm.',
  options: {
    texts: {
      kind: 'operand',
      placeholder: 'texts',
      required: true,
      many: true,
      help: 'names of data sets, or files of texts',
    },
    ...PRETRAIN_SETTINGS,
    ...messageOptions,
  },
  examples: [
    {
      does: 'MiniLM on the sentences of two data sets',
      line: 'retort pretrain sst2 mr --data_dir data --output_dir outputs/pretrained',
    },
    { does: 'texts of your own', line: 'retort pretrain reviews.csv notes.txt --text review --epochs 10' },
    {
      does: 'then a student of two of its layers, which learns from it',
      line: 'retort pretrain sst2 mr --teacher outputs/pretrained --model outputs/pretrained --from 1,4',
    },
    {
      does: 'then a classifier that starts from it',
      line: 'retort train reviews.csv --text review --label stars --model outputs/pretrained',
    },
  ],
} as const satisfies CommandUsage;
