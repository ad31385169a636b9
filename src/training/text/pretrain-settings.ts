/** @file Settings of masked-language-model pre-training. */
import {
  SPLIT_SETTINGS,
  type SplitSettings,
  UNLABELLED_SETTINGS,
  type UnlabelledSettings,
} from '../../data/task-settings.js';
import { START_SETTINGS, type StartSettings } from '../../models/start-settings.js';
import {
  COMPUTE_SETTINGS,
  type ComputeSettings,
  OUTPUT_SETTINGS,
  type OutputSettings,
  RUN_SETTINGS,
  type RunSettings,
} from '../../options/run-settings.js';
import { forEncoders, type SettingTable, type TakenBy, takenBy } from '../../options/setting.js';
import { TEXT_SETTINGS, type TextSettings } from './text-settings.js';

export type PretrainSettings = {
  /** Share of the tokens that are masked. Default: 0.15. */
  readonly maskRate?: number;
  /** A model that has been trained so, by path or name, from which the student learns too; of the same tokenizer. */
  readonly teacher?: string;
  /** How it learns from the teacher; `minilm` and `tinybert` match layers alone, and take any encoder. Default: `distilbert`. */
  readonly method?: 'distilbert' | 'minilm' | 'tinybert';
  /** Options of the method: `cosineWeight=0,temperature=1`. */
  readonly methodOptions?: string;
  /** Where the teacher is asked: at masked tokens, or at all, which takes several times the memory. Default: `masked`. */
  readonly answersAt?: 'masked' | 'all';
} & Pick<StartSettings, keyof TakenBy<typeof START_SETTINGS, 'pretrain'>> &
  Omit<SplitSettings, 'test'> &
  UnlabelledSettings &
  Pick<TextSettings, keyof TakenBy<typeof TEXT_SETTINGS, 'pretrain'>> &
  Pick<RunSettings, keyof TakenBy<typeof RUN_SETTINGS, 'pretrain'>> &
  OutputSettings &
  ComputeSettings;

export const PRETRAIN_SETTINGS = {
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
    help: 'share of the tokens that are masked',
  },
  ...UNLABELLED_SETTINGS,
  dev: { ...SPLIT_SETTINGS.dev, help: 'validation split: a file with the columns of TEXTS' },
  devShare: {
    ...SPLIT_SETTINGS.devShare,
    help: 'without --dev, the share of the texts that becomes the validation split, at most 2,000 texts',
    defaultSays: '0.05',
  },
  teacher: {
    kind: 'text',
    placeholder: 'name',
    group: 'Teacher',
    help: 'a masked language model (a run of retort pretrain, a folder, a name on the hub) to distil from; same tokenizer',
  },
  method: {
    kind: 'choice',
    choices: ['distilbert', 'minilm', 'tinybert'],
    group: 'Teacher',
    help: 'distillation method; minilm and tinybert compare layers alone, with any encoder as teacher',
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
    help: 'which tokens the teacher predicts: the masked ones, or all, which takes several times the memory',
    defaultSays: 'masked',
  },
  ...forEncoders(takenBy(TEXT_SETTINGS, 'pretrain')),
  epochs: { ...TEXT_SETTINGS.epochs, default: 3, help: 'number of epochs' },
  learningRate: { ...TEXT_SETTINGS.learningRate, default: 1e-4, help: 'learning rate of AdamW' },
  ...takenBy(RUN_SETTINGS, 'pretrain'),
  ...OUTPUT_SETTINGS,
  outputDir: { ...OUTPUT_SETTINGS.outputDir, defaultSays: 'outputs/pretrain-NAME of the texts' },
  ...COMPUTE_SETTINGS,
} as const satisfies SettingTable<PretrainSettings>;
