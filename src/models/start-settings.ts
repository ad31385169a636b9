/** @file The model that a training of texts starts from. */
import type { SettingTable } from '../options/setting.js';
import { MODEL_SIZES, type ModelSizeName } from './model-sizes.js';

export type StartSettings = {
  /** A short name (`minilm-l6`, `bert-tiny` …), a name on the Hugging Face hub, a folder, a run; or `bilstm`, `ngram`, `static`. Default: `minilm-l6`. */
  readonly model?: string;
  /** Of an encoder: keep only the first so many layers. */
  readonly layers?: number;
  /** Of an encoder or static model, what it starts with: `pretrained`, `random`; of an encoder also layers, such as `1,3,6`. */
  readonly from?: string;
  /**
   * Of a BiLSTM: the width of a direction. Default: 150. Of n-grams or a static model: that of a layer before the classes; 0 for
   * none. Default: none, and 64.
   */
  readonly hidden?: number;
  /**
   * Of a BiLSTM or static model: an encoder whose pieces it reads and whose vectors it starts with, or a text file of word
   * vectors. Of n-grams of pieces: a model whose pieces these are. Default: `minilm-l6`.
   */
  readonly vocabulary?: string;
  /** Of a BiLSTM or static model: vocabulary and width by name. */
  readonly size?: ModelSizeName;
  /** Of a BiLSTM or static model: the most frequent pieces of the texts, special tokens included. Default: all there are. */
  readonly vocabularySize?: number;
  /** Of a BiLSTM or static model: the width of a word's vector. Default: 300, and 256, or that of the encoder if it is less. */
  readonly embeddingSize?: number;
  /** Of a static model: the rate of tokens and n-grams that a step leaves out. Default: 0. */
  readonly tokenDropout?: number;
  /**
   * Of n-grams: the least and the most words of one, `1,2`, or pieces; or `none`. Of a static model: tokens of those that have vectors, too.
   * Default: `1,2`, and `none`.
   */
  readonly ngrams?: string;
  /** What `ngrams` counts: `words`, or the `pieces` of `vocabulary`'s tokenizer. Default: `words`. */
  readonly units?: UnitName;
  /** Of n-grams: the least and the most characters of one within a word, `3,5`; or `none`. Default: `3,5`. */
  readonly charNgrams?: string;
  /** Of n-grams: the most features, those that the most texts have. Default: all. */
  readonly features?: number;
  /** N-grams are hashed to so many: of n-grams in place of a list, of a static model's to so many vectors. Default: a list, and 50,000. */
  readonly buckets?: number;
};

/** What an n-gram is made of. */
export const UNITS = ['words', 'pieces'] as const;
export type UnitName = (typeof UNITS)[number];

/** In the place of numbers. */
export const NO_NGRAMS = 'none';

/** `1,2`, or one number for both. */
const RANGE = { pattern: /^\d+(,\d+)?$/, says: 'the least and the most n such as 1,2' } as const;

const range = {
  kind: 'choice',
  choices: [NO_NGRAMS],
  form: RANGE,
  group: 'Model',
  only: ['train', 'distill'],
  yaml: { form: 'list', takes: 'the least and the most n as a list, or none' },
} as const;

export const START_SETTINGS = {
  model: {
    kind: 'text',
    placeholder: 'name',
    default: 'minilm-l6',
    group: 'Model',
    help:
      'where to start: a short name (minilm-l6, bert-tiny to bert-base), a name on the Hugging Face hub, a folder, a run; ' +
      'or bilstm, ngram, static',
    yaml: {
      place: 'name',
      help: 'where the student starts: a model by name, a folder, a run; or bilstm, ngram, static',
    },
  },
  layers: {
    kind: 'integer',
    min: 1,
    group: 'Model',
    saidAs: ['firstLayers'],
    help: 'for an encoder: keep only the first N layers',
  },
  from: {
    kind: 'text',
    placeholder: 'how',
    group: 'Model',
    saidAs: ['chosenLayers'],
    help:
      'for an encoder: initial weights: pretrained (the first --layers), random, or layers counted ' +
      'from 1, such as 1,3,6; for a static model: pretrained or random',
    defaultSays: 'pretrained',
    yaml: {
      form: 'list',
      takes: 'pretrained, teacher, random, or a list of layers',
      help:
        "for an encoder: initial weights: pretrained (the model's first layers), teacher (the teacher's), random (new " +
        'weights), or a list of layers counted from 1; for a static model: pretrained or random',
    },
  },
  hidden: {
    kind: 'integer',
    min: 0,
    max: 8192,
    group: 'Model',
    only: ['train', 'distill'],
    help: 'for a bilstm: hidden units per direction; for n-grams and static models: those of a layer before the classes, 0 = none',
    defaultSays: 'bilstm: 150; ngram: no layer; static: 64',
  },
  vocabulary: {
    kind: 'text',
    placeholder: 'name|file',
    group: 'Model',
    only: ['train', 'distill'],
    help:
      'for a bilstm or static model: its vocabulary and initial word embeddings: an encoder, or a text file of word ' +
      'vectors such as GloVe; for n-grams of pieces: the model whose tokenizer cuts texts into them',
    defaultSays: 'minilm-l6',
    yaml: { key: 'embeddings', place: 'name' },
  },
  size: {
    kind: 'choice',
    choices: Object.keys(MODEL_SIZES) as ModelSizeName[], // of the table by construction
    group: 'Model',
    only: ['train', 'distill'],
    help: `for a bilstm or static model: vocabulary_size and embedding_size by name: ${sizesInWords()}`,
  },
  vocabularySize: {
    kind: 'integer',
    min: 8,
    max: 1e7,
    group: 'Model',
    only: ['train', 'distill'],
    saidAs: ['vocabulary_size'],
    help: 'for a bilstm or static model: keep the N most frequent pieces of the texts, special tokens included',
    defaultSays: 'all',
  },
  embeddingSize: {
    kind: 'integer',
    min: 1,
    max: 8192,
    group: 'Model',
    only: ['train', 'distill'],
    saidAs: ['embedding_size'],
    help: 'for a bilstm or static model: width of the word embeddings',
    defaultSays: "300; static: 256; the encoder's if that is less",
  },
  tokenDropout: {
    kind: 'number',
    min: 0,
    max: 0.9,
    group: 'Model',
    only: ['train', 'distill'],
    saidAs: ['token_dropout'],
    help: 'for a static model: share of the tokens and n-grams that a training step leaves out',
    defaultSays: '0',
  },
  ngrams: {
    ...range,
    help:
      'for n-grams: words or pieces of an n-gram, punctuation marks included; for a static model: n-grams of tokens, from 2, that have ' +
      'vectors beside the tokens',
    defaultSays: '1,2; static: none',
  },
  units: {
    kind: 'choice',
    choices: UNITS,
    group: 'Model',
    only: ['train', 'distill'],
    help: 'for n-grams: what --ngrams counts: words, or the pieces of a tokenizer (--vocabulary)',
    defaultSays: 'words',
    yaml: { help: 'for n-grams: what ngrams counts: words, or the pieces of a tokenizer (embeddings)' },
  },
  charNgrams: {
    ...range,
    help: 'for n-grams: characters of an n-gram within a word',
    defaultSays: '3,5',
  },
  features: {
    kind: 'integer',
    min: 1,
    max: 100_000_000,
    group: 'Model',
    only: ['train', 'distill'],
    help: 'for n-grams: maximum features, of those that the most texts have',
    defaultSays: 'all',
  },
  buckets: {
    kind: 'integer',
    min: 1,
    max: 100_000_000,
    group: 'Model',
    only: ['train', 'distill'],
    help: 'for n-grams: hash them to N features in place of a list; for a static model: vectors that its n-grams share',
    defaultSays: 'a list; static: 50000',
  },
} as const satisfies SettingTable<StartSettings>;

function sizesInWords(): string {
  return Object.entries(MODEL_SIZES)
    .map(([name, { vocabularySize, embeddingSize }]) => `${name} ${vocabularySize} × ${embeddingSize}`)
    .join(', ');
}
