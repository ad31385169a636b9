/** @file Which labelled texts a model is trained and scored on, and how they are read. */
import { type SettingTable, takenBy } from '../options/setting.js';
import { MAX_LENGTH } from '../tokenizers/token-limits.js';

/** Columns of a file of one's own, by name or, without a header, by number from 1; and how the file is written. */
export type ColumnSettings = {
  /** Of the texts. Default: `text`. */
  readonly textColumn?: string;
  /** Of second texts. */
  readonly pairColumn?: string;
  /** Of the labels: names, or numbers from 0. Default: `label`. */
  readonly labelColumn?: string;
  /** Of numbers to be predicted: a regression in the place of classes. */
  readonly scoreColumn?: string;
  /** Of the split that each row is of: train, dev (validation, valid, val) or test. Default: `split` where there is one; `none` reads none. */
  readonly splitColumn?: string;
  /** A file of lines `0`, a tab, `anger`: what cells of the label column hold, and the label that it stands for. */
  readonly labelNames?: string;
  /** Whether the first line of CSV or TSV names the columns. Default: true. */
  readonly header?: boolean;
  /** Between the fields of a line. Default: `,` in CSV, a tab in TSV. */
  readonly delimiter?: string;
  /** Whether `"` quotes fields, or is a character like any other. Default: true in CSV, false in TSV. */
  readonly quote?: boolean;
};

const column = { kind: 'text', placeholder: 'name', group: 'Texts', ofEveryModel: true } as const;
const layout = { group: 'Texts', ofEveryModel: true } as const;

export const COLUMN_SETTINGS = {
  textColumn: {
    ...column,
    aliases: ['text'],
    help: 'column of the texts, --text for short',
    defaultSays: 'text',
    yaml: { key: 'text', form: 'column', help: 'column of the texts' },
  },
  pairColumn: {
    ...column,
    aliases: ['pair'],
    help: 'column of second texts, --pair for short',
    yaml: { key: 'pair', form: 'column', help: 'column of second texts' },
  },
  labelColumn: {
    ...column,
    aliases: ['label'],
    only: ['train', 'distill'],
    help: 'column of the labels, names or numbers from 0, --label for short',
    defaultSays: 'label',
    yaml: { key: 'label', form: 'column', help: 'column of the labels, names or numbers from 0' },
  },
  scoreColumn: {
    ...column,
    aliases: ['score'],
    only: ['train', 'distill'],
    help: 'column of numbers to predict, --score for short: a regression instead of classes',
    yaml: { key: 'score', form: 'column', help: 'column of numbers to predict: a regression instead of classes' },
  },
  splitColumn: {
    ...column,
    aliases: ['split'],
    only: ['train', 'distill'],
    help: 'column of the split that each row is of (train, dev or test), --split for short; none: no column is',
    defaultSays: 'split, where there is one',
    yaml: {
      key: 'split',
      form: 'column',
      help: 'column of the split that each row is of (train, dev or test); none: no column is',
    },
  },
  labelNames: {
    ...layout,
    kind: 'text',
    placeholder: 'file',
    only: ['train', 'distill'],
    saidAs: ['labelMap'],
    help: 'names of the labels: lines of what a cell holds, a tab, and the name',
    yaml: { place: 'path' },
  },
  header: {
    ...layout,
    kind: 'yes-no',
    help: 'CSV, TSV: whether the first line names the columns; with no, columns are numbers from 1 (--text 2 --label 1)',
    defaultSays: 'yes',
    yaml: {
      help: 'CSV, TSV: whether the first line names the columns; with false, columns are numbers from 1 (text: 2, label: 1)',
      defaultSays: 'true',
    },
  },
  delimiter: {
    ...layout,
    kind: 'text',
    placeholder: 'character',
    help: 'CSV, TSV: between fields, such as ; or tab',
    defaultSays: 'by extension',
  },
  quote: {
    ...layout,
    kind: 'yes-no',
    help: 'CSV, TSV: whether " quotes fields, or is a plain character',
    defaultSays: 'yes in CSV, no in TSV',
    yaml: { defaultSays: 'true in CSV, false in TSV' },
  },
} as const satisfies SettingTable<ColumnSettings>;

/** What is said of a file whose labels are not read. */
export type UnlabelledColumns = Omit<ColumnSettings, 'labelColumn' | 'scoreColumn' | 'splitColumn' | 'labelNames'>;

export const UNLABELLED_COLUMNS = takenBy(COLUMN_SETTINGS, 'pretrain') satisfies SettingTable<UnlabelledColumns>;

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
export type UnlabelledSettings = RowSettings & UnlabelledColumns;

export const UNLABELLED_SETTINGS = {
  ...ROW_SETTINGS,
  rows: { ...ROW_SETTINGS.rows, help: 'use a random subset of N rows, drawn by --data_seed' },
  dataSeed: { ...ROW_SETTINGS.dataSeed, help: 'seed of --rows' },
  ...UNLABELLED_COLUMNS,
} as const satisfies SettingTable<UnlabelledSettings>;

/** Which rows a model is scored on, and how much of a text it reads. */
export type SplitSettings = {
  /** A file of labelled texts to score on, columns as in the data. */
  readonly dev?: string;
  /** A file of labelled texts that the finished model is scored on once, columns as in the data; `none`: on no test split. */
  readonly test?: string;
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
  test: {
    kind: 'text',
    placeholder: 'file',
    group: 'Data',
    help: 'test split: labelled texts with the columns of DATA, scored once at the end and never chosen by; none: no test split is scored',
    defaultSays: 'that of a data set by name, of the column of splits, or test.csv beside train.csv',
    ofEveryModel: true,
    yaml: {
      place: 'name',
      takes: 'a path, or none',
      help: 'test split: labelled texts with the columns of train, scored once at the end and never chosen by; none: no test split is scored',
    },
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
    defaultSays: `${MAX_LENGTH}; ngram: whole texts`,
    ofEveryModel: true,
  },
} as const satisfies SettingTable<SplitSettings>;

/** Labelled texts, as training and distilling read them. */
export type TaskSettings = ColumnSettings & RowSettings & SplitSettings;
