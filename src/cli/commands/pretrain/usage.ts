import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS } from '../../../data/task-settings.js';
import { START_SETTINGS } from '../../../models/start-settings.js';
import { COMPUTE_SETTINGS, OUTPUT_SETTINGS, RUN_SETTINGS } from '../../../options/run-settings.js';
import { forEncoders, takenBy } from '../../../options/setting.js';
import { TEXT_SETTINGS } from '../../../training/text/text-settings.js';
import type { CommandUsage } from '../../command.js';
import type { OptionTable } from '../../options.js';
import { messageOptions } from '../../shared-options.js';

/** Flags of commands that read texts without labels; apart from the reading, which `--help` should not load. */
export const unlabelledOptions = {
  dataDir: ROW_SETTINGS.dataDir,
  rows: { ...ROW_SETTINGS.rows, help: 'use so many rows only, drawn by --data_seed' },
  dataSeed: { ...ROW_SETTINGS.dataSeed, help: 'draws --rows' },
  badRows: ROW_SETTINGS.badRows,
  ...takenBy(COLUMN_SETTINGS, 'pretrain'),
} as const satisfies OptionTable;

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
    ...takenBy(START_SETTINGS, 'pretrain'),
    model: {
      ...START_SETTINGS.model,
      help: 'where to start: a short name (minilm-l6, bert-tiny to bert-base), a name on the Hugging Face hub, a folder, a run',
    },
    maxLength: SPLIT_SETTINGS.maxLength,
    maskRate: {
      kind: 'number',
      default: 0.15,
      above: 0,
      max: 0.9,
      group: 'Texts',
      saidAs: ['mask rate'],
      help: 'share of the words that are to be guessed',
    },
    ...unlabelledOptions,
    dev: { ...SPLIT_SETTINGS.dev, help: 'texts to score on, columns as in TEXTS' },
    devShare: {
      ...SPLIT_SETTINGS.devShare,
      help: 'without --dev, the share of the texts that is set aside for that, at most 2,000',
      defaultSays: '0.05',
    },
    teacher: {
      kind: 'text',
      placeholder: 'name',
      group: 'Teacher',
      help: 'a model that has been trained so, as a run of retort pretrain, from which the student learns too; of the same tokenizer',
    },
    method: {
      kind: 'choice',
      choices: ['distilbert', 'minilm', 'tinybert'],
      group: 'Teacher',
      help: 'how it learns from the teacher; minilm and tinybert match layers alone, and take any encoder as teacher',
      defaultSays: 'distilbert',
    },
    methodOptions: {
      kind: 'text',
      placeholder: 'name=value,…',
      group: 'Teacher',
      help: 'options of the method, such as cosineWeight=0,temperature=1',
    },
    answersAt: {
      kind: 'choice',
      choices: ['masked', 'all'],
      group: 'Teacher',
      help: 'which tokens the teacher answers: those to be guessed, or all, which takes several times the memory',
      defaultSays: 'masked',
    },
    ...forEncoders(takenBy(TEXT_SETTINGS, 'pretrain')),
    epochs: { ...TEXT_SETTINGS.epochs, default: 3, help: 'passes over the texts' },
    learningRate: { ...TEXT_SETTINGS.learningRate, default: 1e-4, help: 'step size of AdamW' },
    seed: RUN_SETTINGS.seed,
    ...OUTPUT_SETTINGS,
    outputDir: { ...OUTPUT_SETTINGS.outputDir, defaultSays: 'outputs/pretrain-NAME of the texts' },
    ...messageOptions,
    ...COMPUTE_SETTINGS,
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
