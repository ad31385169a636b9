/** @file The model that a training of texts starts from. */
import type { SettingTable } from '../options/setting.js';

export type StartSettings = {
  /** A short name (`minilm-l6`, `bert-tiny` …), a name on the Hugging Face hub, a folder, a run; or `bilstm`. Default: `minilm-l6`. */
  readonly model?: string;
  /** Of an encoder: keep only the first so many layers. */
  readonly layers?: number;
  /** Of an encoder, what it starts with: `pretrained`, `random`, or layers counted from 1, such as `1,3,6`. */
  readonly from?: string;
  /** Of a BiLSTM: the width of a direction. Default: 150. */
  readonly hidden?: number;
  /** Of a BiLSTM: an encoder whose word vectors it starts with, or a text file of word vectors. Default: `minilm-l6`. */
  readonly vocabulary?: string;
};

export const START_SETTINGS = {
  model: {
    kind: 'text',
    placeholder: 'name',
    default: 'minilm-l6',
    group: 'Model',
    help:
      'where to start: a short name (minilm-l6, bert-tiny to bert-base), a name on the Hugging Face hub, a folder, a run; ' +
      'or bilstm',
    yaml: { place: 'name', help: 'where the student starts: a model by name, a folder, a run; or bilstm' },
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
      'from 1, such as 1,3,6',
    defaultSays: 'pretrained',
    yaml: {
      form: 'list',
      takes: 'pretrained, teacher, random, or a list of layers',
      help:
        "for an encoder: initial weights: pretrained (the model's first layers), teacher (the teacher's), random (new " +
        'weights), or a list of layers counted from 1',
    },
  },
  hidden: {
    kind: 'integer',
    min: 1,
    max: 8192,
    group: 'Model',
    only: ['train', 'distill'],
    help: 'for a bilstm: hidden units per direction',
    defaultSays: '150',
  },
  vocabulary: {
    kind: 'text',
    placeholder: 'name|file',
    group: 'Model',
    only: ['train', 'distill'],
    saidAs: ['embedding_size'],
    help:
      'for a bilstm: its vocabulary and initial word embeddings: an encoder, or a text file of word ' +
      'vectors such as GloVe',
    defaultSays: 'minilm-l6',
    yaml: { key: 'embeddings', place: 'name' },
  },
} as const satisfies SettingTable<StartSettings>;
