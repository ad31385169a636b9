import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import { messageOptions } from '../../shared-options.js';
import { unlabelledOptions } from '../pretrain/usage.js';

export const augmentUsage = {
  name: 'augment',
  summary: 'make more texts of the ones there are, for a teacher to label',
  description:
    'DATA is a data set by name, whose training rows are used, or a file of texts. Labels are not read: the teacher labels ' +
    'the new texts. They are written row by row; the command stopped at any moment goes on with --resume, to the same bytes.',
  options: {
    data: { kind: 'operand', placeholder: 'data', required: true, help: 'the name of a data set, or a file of texts' },
    method: {
      kind: 'choice',
      choices: ['tang', 'masking', 'pos', 'ngram', 'mlm'],
      default: 'tang',
      group: 'Augmentation',
      help:
        'tang: words masked, replaced by others of the same part of speech, stretches kept; masking, pos, ngram: one of these ' +
        'rules; mlm: words replaced by what a masked language model puts in their places',
    },
    copies: {
      kind: 'integer',
      min: 1,
      max: 10_000,
      group: 'Augmentation',
      help: 'new texts of a row, before equal ones are left out',
      defaultSays: '20; of pairs 10, with mlm 20',
    },
    maskRate: {
      kind: 'number',
      min: 0,
      max: 1,
      group: 'Augmentation',
      help: 'share of the words that are masked',
      defaultSays: '0.1',
    },
    posRate: {
      kind: 'number',
      min: 0,
      max: 1,
      group: 'Augmentation',
      help: 'share of the words that become another of their part of speech; 0 needs no --lexicon',
      defaultSays: '0.1',
    },
    ngramRate: {
      kind: 'number',
      min: 0,
      max: 1,
      group: 'Augmentation',
      help: 'share of the texts of which one to five words are kept',
      defaultSays: '0.25',
    },
    lexicon: {
      kind: 'text',
      placeholder: 'file',
      group: 'Augmentation',
      help: 'words with their parts of speech: word, count, tags such as NOUN:12 VERB:3, with tabs between',
    },
    maskWord: {
      kind: 'text',
      placeholder: 'word',
      group: 'Augmentation',
      help: "what stands for a masked word: the teacher's mask token",
      defaultSays: '[MASK]',
    },
    model: {
      kind: 'text',
      placeholder: 'name',
      group: 'Augmentation',
      help: 'of mlm, the masked language model: a run of retort pretrain, a folder, a name on the hub',
    },
    replaceRate: {
      kind: 'number',
      above: 0,
      max: 1,
      group: 'Augmentation',
      help: 'of mlm, with what probability a word is replaced',
      defaultSays: '0.4',
    },
    candidates: {
      kind: 'integer',
      min: 1,
      max: 1000,
      group: 'Augmentation',
      help: 'of mlm, how many words may come into the place of one',
      defaultSays: '15',
    },
    vectors: {
      kind: 'text',
      placeholder: 'file',
      group: 'Augmentation',
      help: 'of mlm, word vectors such as GloVe for words of several pieces',
      defaultSays: "the model's own word table",
    },
    originals: { kind: 'switch', group: 'Output', help: 'write each row itself before its copies' },
    seed: { ...RUN_SETTINGS.seed, group: 'Augmentation' },
    ...unlabelledOptions,
    outputFile: {
      kind: 'text',
      placeholder: 'file',
      group: 'Output',
      help: 'JSON lines of the new texts',
      defaultSays: 'outputs/DATA-METHOD.jsonl',
    },
    resume: OUTPUT_SETTINGS.resume,
    overwrite: { ...OUTPUT_SETTINGS.overwrite, help: 'replace a file that is there' },
    ...messageOptions,
    ...COMPUTE_SETTINGS,
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
