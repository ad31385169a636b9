/** @file Settings of data augmentation; those that say of which methods they are belong to these alone. */
import { UNLABELLED_SETTINGS, type UnlabelledSettings } from '../data/task-settings.js';
import {
  COMPUTE_SETTINGS,
  type ComputeSettings,
  OUTPUT_SETTINGS,
  RUN_SETTINGS,
  type RunSettings,
} from '../options/run-settings.js';
import type { SettingTable } from '../options/setting.js';

export const AUGMENTATIONS = ['tang', 'masking', 'pos', 'ngram', 'deletion', 'mlm'] as const;

export type AugmentSettings = {
  /** The three rules of Tang et al. or one of them; words left out; or a masked language model. Default: `tang`. */
  readonly method?: (typeof AUGMENTATIONS)[number];
  /** New texts of a row, before equal ones are left out. Default: 20; of a pair 10, with `mlm` 20, with `deletion` 2. */
  readonly copies?: number;
  /** Share of the words that are masked. Default: 0.1. */
  readonly maskRate?: number;
  /** Share of the words that become another of their part of speech. Default: 0.1. */
  readonly posRate?: number;
  /** Share of the texts of which one to five words are kept. Default: 0.25. */
  readonly ngramRate?: number;
  /** Share of the words that are left out. Default: 0.25. */
  readonly deleteRate?: number;
  /** A file of words with their parts of speech; needed for a `posRate` above 0. */
  readonly lexicon?: string;
  /** What stands for a masked word: the teacher's mask token. Default: `[MASK]`. */
  readonly maskWord?: string;
  /** The masked language model, by path or name. */
  readonly model?: string;
  /** With what probability the model replaces a word. Default: 0.4. */
  readonly replaceRate?: number;
  /** How many words may come into the place of one. Default: 15. */
  readonly candidates?: number;
  /** A file of word vectors for words of several pieces. Default: the model's own word table. */
  readonly vectors?: string;
  /** Write each row itself before its copies. */
  readonly originals?: boolean;
  /** The JSON lines to write. Default: `outputs/DATA-METHOD.jsonl`. */
  readonly outputFile?: string;
  /** Continue with a file that an interrupted call has left. */
  readonly resume?: boolean;
  /** Replace a file that is there. */
  readonly overwrite?: boolean;
} & Pick<RunSettings, 'seed'> &
  UnlabelledSettings &
  ComputeSettings;

export const AUGMENT_SETTINGS = {
  method: {
    kind: 'choice',
    choices: AUGMENTATIONS,
    default: 'tang',
    group: 'Augmentation',
    help:
      'tang: masking, replacement by part of speech and n-grams together; masking, pos, ngram: one of these; deletion: ' +
      'words left out; mlm: replacement by the predictions of a masked language model',
  },
  copies: {
    kind: 'integer',
    min: 1,
    max: 10_000,
    group: 'Augmentation',
    help: 'new texts per row, before duplicates are removed',
    defaultSays: '20; for pairs 10, with mlm 20, with deletion 2',
  },
  maskRate: {
    of: ['tang', 'masking'],
    kind: 'number',
    min: 0,
    max: 1,
    group: 'Augmentation',
    help: 'share of the words that are masked',
    defaultSays: '0.1',
  },
  posRate: {
    of: ['tang', 'pos'],
    kind: 'number',
    min: 0,
    max: 1,
    group: 'Augmentation',
    help: 'share of the words that are replaced by another of the same part of speech; 0 needs no --lexicon',
    defaultSays: '0.1',
  },
  ngramRate: {
    of: ['tang', 'ngram'],
    kind: 'number',
    min: 0,
    max: 1,
    group: 'Augmentation',
    help: 'share of the texts reduced to an n-gram of one to five words',
    defaultSays: '0.25',
  },
  deleteRate: {
    of: ['deletion'],
    kind: 'number',
    above: 0,
    max: 0.95,
    group: 'Augmentation',
    help: 'with deletion, share of the words that are left out',
    defaultSays: '0.25',
  },
  lexicon: {
    of: ['tang', 'pos'],
    kind: 'text',
    placeholder: 'file',
    group: 'Augmentation',
    help: 'words with their parts of speech: word, count, tags such as NOUN:12 VERB:3, separated by tabs',
  },
  maskWord: {
    of: ['tang', 'masking'],
    kind: 'text',
    placeholder: 'word',
    group: 'Augmentation',
    help: "replacement of a masked word: the teacher's mask token",
    defaultSays: '[MASK]',
  },
  model: {
    of: ['mlm'],
    kind: 'text',
    placeholder: 'name',
    group: 'Augmentation',
    help: 'with mlm, the masked language model: a run of retort pretrain, a folder, a name on the hub',
  },
  replaceRate: {
    of: ['mlm'],
    kind: 'number',
    above: 0,
    max: 1,
    group: 'Augmentation',
    help: 'with mlm, the probability that a word is replaced',
    defaultSays: '0.4',
  },
  candidates: {
    of: ['mlm'],
    kind: 'integer',
    min: 1,
    max: 1000,
    group: 'Augmentation',
    help: 'with mlm, how many words may come into the place of one',
    defaultSays: '15',
  },
  vectors: {
    of: ['mlm'],
    kind: 'text',
    placeholder: 'file',
    group: 'Augmentation',
    help: 'with mlm, word vectors such as GloVe for words of several pieces',
    defaultSays: "the model's own word embeddings",
  },
  originals: { kind: 'switch', group: 'Output', help: 'also write each original row, before its copies' },
  seed: { ...RUN_SETTINGS.seed, group: 'Augmentation' },
  ...UNLABELLED_SETTINGS,
  outputFile: {
    kind: 'text',
    placeholder: 'file',
    group: 'Output',
    help: 'JSON lines of the new texts',
    defaultSays: 'outputs/DATA-METHOD.jsonl',
  },
  resume: OUTPUT_SETTINGS.resume,
  overwrite: { ...OUTPUT_SETTINGS.overwrite, help: 'replace a file that is there' },
  ...COMPUTE_SETTINGS,
} as const satisfies SettingTable<AugmentSettings>;
