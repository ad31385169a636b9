import { PRETRAIN_SETTINGS } from '../../../training/text/pretrain-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';

export const pretrainUsage = {
  name: 'pretrain',
  summary: 'pre-train an encoder on unlabelled texts by masked language modelling (MLM)',
  description:
    'Masked-language-model pre-training. TEXTS are data sets by name, of which the training split is used, or files of texts. ' +
    '15 % of the tokens are masked, with a new mask at each step. The result can be given to retort train and distill as --model, which give it a head for labels, ' +
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
      does: 'then a student of two of its layers, distilled from it',
      line: 'retort pretrain sst2 mr --teacher outputs/pretrained --model outputs/pretrained --from 1,4',
    },
    {
      does: 'then a classifier that starts from it',
      line: 'retort train reviews.csv --text review --label stars --model outputs/pretrained',
    },
  ],
} as const satisfies CommandUsage;
