/** @file Which labelled texts a model is trained and scored on, and how they are read. */
import { type SettingTable, takenBy } from '../options/setting.js';
import { MAX_LENGTH } from '../tokenizers/token-limits.js';

/** Columns of a file of one's own. */
export type ColumnSettings = {
  /** Of the texts. Default: `text`. */
  readonly textColumn?: string;
  /** Of second texts. */
  readonly pairColumn?: string;
  /** Of the labels: names, or numbers from 0. Default: `label`. */
  readonly labelColumn?: string;
  /** Of numbers to be predicted: a regression in the place of classes. */
  readonly scoreColumn?: string;
};

const column = { kind: 'text', placeholder: 'name', group: 'Texts', ofEveryModel: true } as const;

export const COLUMN_SETTINGS = {
  textColumn: {
    ...column,
    aliases: ['text'],
    help: 'column of the texts, --text for short',
    defaultSays: 'text',
    yaml: { key: 'text', help: 'column of the texts' },
  },
  pairColumn: {
    ...column,
    aliases: ['pair'],
    help: 'column of second texts, --pair for short',
    yaml: { key: 'pair', help: 'column of second texts' },
  },
  labelColumn: {
    ...column,
    aliases: ['label'],
    only: ['train', 'distill'],
    help: 'column of the labels, names or numbers from 0, --label for short',
    defaultSays: 'label',
    yaml: { key: 'label', help: 'column of the labels, names or numbers from 0' },
  },
  scoreColumn: {
    ...column,
    aliases: ['score'],
    only: ['train', 'distill'],
    help: 'column of numbers to predict, --score for short: a regression instead of classes',
    yaml: { key: 'score', help: 'column of numbers to predict: a regression instead of classes' },
  },
} as const satisfies SettingTable<ColumnSettings>;

/** Of the rows of a data set or file. */
export type RowSettings = {
  /** Where data sets by name lie. Default: the environment variable RETORT_DATA. */
  readonly dataDir?: string;
  /** Use so many rows only; of labelled ones each label in proportion. */
  readonly rows?: number;
  /** Draws `rows` and the validation split. Default: 1. */
  readonly dataSeed?: number;
  /** What to do about a row that cannot be read. Default: `stop`. */
  readonly badRows?: 'stop' | 'skip';
};

export const ROW_SETTINGS = {
  dataDir: {
    kind: 'text',
    placeholder: 'folder',
    group: 'Data',
    help: 'folder of data sets by name',
    defaultSays: 'the environment variable RETORT_DATA',
    ofEveryModel: true,
    yaml: { key: 'dir', place: 'path' },
  },
  rows: { kind: 'integer', min: 1, group: 'Data', help: 'train on a stratified subset of N rows', ofEveryModel: true },
  dataSeed: {
    kind: 'integer',
    default: 1,
    min: 0,
    max: 2 ** 32 - 1,
    group: 'Data',
    help: 'seed of --rows and of the validation split; separate from --seed, so that runs to be compared see the same rows',
    ofEveryModel: true,
    yaml: {
      help: 'seed of rows and of the validation split; separate from the seeds of training, so that all runs see the same rows',
    },
  },
  badRows: {
    kind: 'choice',
    choices: ['stop', 'skip'],
    default: 'stop',
    group: 'Data',
    help: 'rows that cannot be read: error, or skip and count them',
    ofEveryModel: true,
  },
} as const satisfies SettingTable<RowSettings>;

/** Of texts whose labels are not read. */
export type UnlabelledSettings = RowSettings & Pick<ColumnSettings, 'textColumn' | 'pairColumn'>;

export const UNLABELLED_SETTINGS = {
  ...ROW_SETTINGS,
  rows: { ...ROW_SETTINGS.rows, help: 'use a random subset of N rows, drawn by --data_seed' },
  dataSeed: { ...ROW_SETTINGS.dataSeed, help: 'seed of --rows' },
  ...takenBy(COLUMN_SETTINGS, 'pretrain'),
} as const satisfies SettingTable<UnlabelledSettings>;

/** Which rows a model is scored on, and how much of a text it reads. */
export type SplitSettings = {
  /** A file of labelled texts to score on, columns as in the data. */
  readonly dev?: string;
  /** Without a validation split, the share of the training rows that becomes one. Default: 0.1. */
  readonly devShare?: number;
  /** Tokens of a text that are read, special ones included. Default: 128, or what the model has positions for. */
  readonly maxLength?: number;
};

export const SPLIT_SETTINGS = {
  dev: {
    kind: 'text',
    placeholder: 'file',
    group: 'Data',
    help: 'validation split: labelled texts with the columns of DATA',
    ofEveryModel: true,
    yaml: { place: 'path', help: 'validation split: labelled texts with the columns of train' },
  },
  devShare: {
    kind: 'number',
    above: 0,
    max: 0.9,
    group: 'Data',
    saidAs: ['share', 'portion'],
    help: 'without a validation split, the share of the training rows that becomes one, stratified by label',
    defaultSays: '0.1',
    ofEveryModel: true,
  },
  maxLength: {
    kind: 'integer',
    min: 3,
    max: 2 ** 20,
    group: 'Texts',
    help: 'maximum tokens per text, special tokens included; longer texts are truncated',
    defaultSays: String(MAX_LENGTH),
    ofEveryModel: true,
  },
} as const satisfies SettingTable<SplitSettings>;

/** Labelled texts, as training and distilling read them. */
export type TaskSettings = ColumnSettings & RowSettings & SplitSettings;
