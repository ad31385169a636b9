/** @file Who teaches: what a name of a teacher cannot say by itself, each setting of one kind of teacher. */
import { join } from 'node:path';
import { RECORDED_FILES } from '../../data/formats/table.js';
import type { SettingTable } from '../../options/setting.js';
import { RUNGS, type Rung } from '../../teachers/targets.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';

export type TeacherSettings = {
  /**
   * A run, a folder, or a name on the Hugging Face hub; an `.onnx` file; a file of recorded outputs; the URL of a language
   * model; several, separated by commas, are an ensemble.
   */
  readonly teacher?: string;
  /** Of several teachers, or of the models of `teacherFolds`, what the mean is of. Default: `probabilities`. */
  readonly ensembleOf?: 'probabilities' | 'logits';
  /** Fine-tune the teacher on the training rows first, once, into `outputDir`/teacher. */
  readonly teacherEpochs?: number;
  readonly teacherLearningRate?: number;
  readonly teacherBatchSize?: number;
  /** Of an encoder that is trained so: the rate of each layer as a share of that of the layer above it. Default: 1. */
  readonly teacherLayerDecay?: number;
  /**
   * Cross-fit that teacher: so many models, each fine-tuned on the other folds and asked about the rows of its own, into
   * `outputDir`/teacher/fold-N; texts that are no training rows get the mean of all.
   */
  readonly teacherFolds?: number;
  /** Of an `.onnx` file: the folder of its tokenizer. Default: the file's own. */
  readonly teacherTokenizer?: string;
  /** Of recorded outputs with several kinds in a row: the one to learn from. Default: the best. */
  readonly teacherUse?: Rung;
  /** What the endpoint of a language model calls the model. */
  readonly teacherModel?: string;
  /** What it is asked, or @ and a file of that; `{text}`, `{pair}` and `{labels}` are filled in. */
  readonly teacherPrompt?: string;
  /** Words by which its replies name a label: `label=word|word,…`. Default: the label. */
  readonly teacherWords?: string;
  /** Labels to draw for a text where the endpoint gives no log-probabilities; 0 asks once. Default: 0. */
  readonly teacherSamples?: number;
  /** Of a million tokens read and written: `0.15,0.6`. */
  readonly prices?: string;
  /** What all replies together may cost, in the currency of `prices`. */
  readonly maxCost?: number;
  /** The environment variable with the key; `none` sends no key. Default: `OPENAI_API_KEY` for https. */
  readonly apiKeyEnv?: string;
  /** Send the key over plain http to another machine, where it can be intercepted. */
  readonly insecureHttp?: boolean;
  /** Where the teacher's outputs are kept, for this run and others. Default: `answers` in `outputDir`. */
  readonly cacheDir?: string;
};

/** Where a teacher that is trained for an experiment lies, in the output folder. */
export const TEACHER_FOLDER = 'teacher';

/** The folders of its runs: one, or of a cross-fitted teacher one per fold, in order. */
export function teacherFolders(outputDir: string, folds: number | undefined): readonly string[] {
  const folder = join(outputDir, TEACHER_FOLDER);
  return folds === undefined ? [folder] : Array.from({ length: folds }, (_, i) => join(folder, `fold-${i + 1}`));
}

const { learningRate, batchSize, layerDecay } = TEXT_SETTINGS;
const of = { only: ['distill'] } as const;
const endpoint = { ...of, group: 'Language model' } as const;

export const TEACHER_SETTINGS = {
  teacher: {
    ...of,
    kind: 'text',
    placeholder: 'name',
    required: true,
    group: 'Teacher',
    saidAs: ['url'],
    help:
      `a run, a folder, or a name on the Hugging Face hub; an .onnx file; a ${RECORDED_FILES} file of recorded outputs; ` +
      'the URL of a language model; several, separated by commas, are an ensemble',
    yaml: [
      { key: 'model', ofTeacher: 'model', place: 'name', help: 'a run, a folder, a model by name, an .onnx file' },
      { key: 'models', place: 'name', form: 'list', help: 'several: an ensemble' },
      { key: 'recorded', place: 'path', help: `a ${RECORDED_FILES} file of recorded outputs` },
      { key: 'url', takes: 'a URL', help: 'the endpoint of a language model' },
    ],
  },
  teacherEpochs: {
    ...of,
    kind: 'integer',
    min: 1,
    group: 'Teacher',
    help: 'fine-tune the teacher on the training rows first, once, into OUTPUT/teacher',
    yaml: {
      key: 'epochs',
      ofTeacher: 'epochs',
      help: 'fine-tune the model on the training rows first, once, into the folder teacher of the output',
    },
  },
  teacherLearningRate: {
    ...of,
    kind: 'number',
    above: learningRate.above,
    group: 'Teacher',
    help: 'with --teacher_epochs',
    defaultSays: 'as for train',
    yaml: { key: 'learningRate', ofTeacher: 'learningRate', help: 'learning rate of that training' },
  },
  teacherBatchSize: {
    ...of,
    kind: 'integer',
    min: batchSize.min,
    max: batchSize.max,
    group: 'Teacher',
    help: 'with --teacher_epochs',
    defaultSays: 'as for train',
    yaml: { key: 'batchSize', ofTeacher: 'batchSize', help: 'rows per batch of that training' },
  },
  teacherLayerDecay: {
    ...of,
    kind: 'number',
    above: layerDecay.above,
    max: layerDecay.max,
    group: 'Teacher',
    help: 'with --teacher_epochs, for an encoder: layer-wise learning-rate decay',
    defaultSays: layerDecay.defaultSays,
    yaml: {
      key: 'layerDecay',
      ofTeacher: 'layerDecay',
      help: "for an encoder: layer-wise learning-rate decay of that training, each layer's rate as a share of that of the layer above",
    },
  },
  teacherFolds: {
    ...of,
    kind: 'integer',
    min: 2,
    max: 20,
    group: 'Teacher',
    help:
      'with --teacher_epochs: cross-fit the teacher: N models, each trained without a fold of the rows and asked about ' +
      'that; other texts get their mean',
    yaml: {
      key: 'folds',
      help:
        'with epochs: cross-fit the teacher: N models, each trained without a fold of the rows and asked about that; other ' +
        'texts get their mean',
    },
  },
  ensembleOf: {
    ...of,
    kind: 'choice',
    choices: ['probabilities', 'logits'],
    group: 'Teacher',
    help: 'with several teachers, or folds: what is averaged',
    defaultSays: 'probabilities',
  },
  teacherTokenizer: {
    ...of,
    kind: 'text',
    placeholder: 'folder',
    group: 'Teacher',
    help: 'for an .onnx file: folder of its tokenizer',
    defaultSays: "the file's own",
    yaml: { key: 'tokenizer', place: 'path' },
  },
  teacherUse: {
    ...of,
    kind: 'choice',
    choices: RUNGS,
    group: 'Teacher',
    help: 'for recorded outputs: which kind to use if a row has several',
    defaultSays: 'the best',
    yaml: { key: 'use' },
  },
  teacherModel: {
    ...endpoint,
    kind: 'text',
    placeholder: 'name',
    help: 'name of the model at the endpoint',
    yaml: { key: 'name', help: 'name of the model at the endpoint' },
  },
  teacherPrompt: {
    ...endpoint,
    kind: 'text',
    placeholder: 'text|@file',
    help: 'prompt, or @FILE; {text}, {pair} and {labels} are filled in',
    defaultSays: 'a question for the label',
    yaml: { key: 'prompt', place: 'prompt' },
  },
  teacherWords: {
    ...endpoint,
    kind: 'text',
    placeholder: 'label=word|word,…',
    help: 'words in a reply that stand for a label',
    defaultSays: 'the label',
    yaml: { key: 'words', form: 'words', takes: 'labels, each with a word or a list of words' },
  },
  teacherSamples: {
    ...endpoint,
    kind: 'integer',
    min: 0,
    max: 128,
    help: 'labels to sample per text if the endpoint gives no log-probabilities; 0 = one hard label',
    defaultSays: '0',
    yaml: { key: 'samples' },
  },
  prices: {
    ...endpoint,
    kind: 'text',
    placeholder: 'in,out',
    help: 'price of a million input and output tokens, in your currency',
    yaml: { form: 'numbers' },
  },
  maxCost: {
    ...endpoint,
    kind: 'number',
    above: 0,
    help: 'maximum cost of all replies; needs --prices',
    yaml: { help: 'maximum cost of all replies; needs prices' },
  },
  apiKeyEnv: {
    ...endpoint,
    kind: 'text',
    placeholder: 'variable',
    saidAs: ['apiKey'],
    help: 'environment variable with the key; none = send no key',
    defaultSays: 'OPENAI_API_KEY for https',
    yaml: { takes: 'a name' },
  },
  insecureHttp: {
    ...endpoint,
    kind: 'switch',
    help: 'send the key over plain http to another machine, where it can be intercepted',
    // The user's word on a config that somebody else may have written.
    yaml: 'flag alone',
  },
  cacheDir: {
    ...of,
    kind: 'text',
    placeholder: 'folder',
    group: 'Teacher',
    help: 'cache folder of its outputs, for this run and others',
    defaultSays: 'OUTPUT/answers',
    yaml: { place: 'path' },
    decidesNothing: 'a path',
  },
} as const satisfies SettingTable<TeacherSettings>;
