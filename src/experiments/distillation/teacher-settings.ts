/** @file Who teaches: what a name of a teacher cannot say by itself, each setting of one kind of teacher. */
import { join } from 'node:path';
import { RECORDED_FILES } from '../../data/formats/table.js';
import type { Given } from '../../options/given.js';
import type { SettingTable } from '../../options/setting.js';
import { RUNGS, type Rung } from '../../teachers/targets.js';
import { TERMS_STATUSES, type TermsStatus } from '../../teachers/terms.js';
import { SOLVERS, type SolverName, TEXT_SETTINGS } from '../../training/text/text-settings.js';
import { ENDPOINT_FORMAT_NAMES, type EndpointFormatName } from './endpoint-formats.js';

export type TeacherSettings = {
  /**
   * A run, a folder, or a name on the Hugging Face hub; an `.onnx` file; a file of recorded outputs; the URL of a language
   * or decision model; several, separated by commas, are an ensemble.
   */
  readonly teacher?: string;
  /** Of several teachers, or of the models of `teacherFolds`, what the mean is of. Default: `probabilities`. */
  readonly ensembleOf?: 'probabilities' | 'logits';
  /** Fine-tune the teacher on the training rows first, once, into `outputDir`/teacher. */
  readonly teacherEpochs?: number;
  /** In place of epochs: fit a last layer to a teacher that stays as it is, or n-grams, by the convex solver. */
  readonly teacherSolver?: SolverName;
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
  /** What the server at a URL speaks: it is set, and never told from the URL. Default: `chat`. */
  readonly teacherFormat?: EndpointFormatName;
  /** The path of the requests below the URL. Default: that of the format. */
  readonly teacherPath?: string;
  /** What the server at a URL calls the model. */
  readonly teacherModel?: string;
  /** The question, or @ and a file of that. */
  readonly teacherInstructions?: string;
  /** Labels with their descriptions, as JSON, or @ and a file of that; null for one that needs none. */
  readonly teacherCriteria?: string;
  /** What it is asked, or @ and a file of that; `{text}`, `{pair}` and `{labels}` are filled in. */
  readonly teacherPrompt?: string;
  /** Words by which its replies name a label: `label=word|word,…`. Default: the label. */
  readonly teacherWords?: string;
  /** Labels to draw for a text where the endpoint gives no log-probabilities; 0 asks once. Default: 0. */
  readonly teacherSamples?: number;
  /** Whether a chat model replies with a label or the code of one. Default: codes with many labels or descriptions. */
  readonly teacherAnswers?: 'labels' | 'codes';
  /** Ask about each text so many times, each with the labels in another order, and take the mean. Default: 1. */
  readonly teacherRotations?: number;
  /** Ask a chat model for JSON with one of the labels, as far as the server has that. */
  readonly teacherStructured?: boolean;
  /** Show a chat model so many labelled rows first, which are in no scored split. Default: none. */
  readonly teacherExamples?: number;
  /** Requests that are under way at once. Default: 4. */
  readonly teacherConcurrency?: number;
  /** Of a million tokens read and written: `0.15,0.6`. */
  readonly prices?: string;
  /** What all replies together may cost, in the currency of `prices`. */
  readonly maxCost?: number;
  /** The environment variable with the key; `none` sends no key. Default: `OPENAI_API_KEY` for https. */
  readonly apiKeyEnv?: string;
  /** Send the key over plain http to another machine, where it can be intercepted. */
  readonly insecureHttp?: boolean;
  /** Whether its terms let one train on its outputs. Default: as they were read for its host. */
  readonly teacherTerms?: TermsStatus;
  /** Where that is said, and when it was read: YYYY-MM-DD. */
  readonly termsSource?: string;
  readonly termsDate?: string;
  /** Where the teacher's outputs are kept, for this run and others. Default: `answers` in `outputDir`. */
  readonly cacheDir?: string;
};

/** Whether the teacher is trained for the experiment, on its training rows. */
export function isTrainedFirst({
  teacherEpochs,
  teacherSolver,
}: Given<Pick<TeacherSettings, 'teacherEpochs' | 'teacherSolver'>>): boolean {
  return teacherEpochs !== undefined || teacherSolver === 'convex';
}

/** Where a teacher that is trained for an experiment lies, in the output folder. */
export const TEACHER_FOLDER = 'teacher';

/** The folders of its runs: one, or of a cross-fitted teacher one per fold, in order. */
export function teacherFolders(outputDir: string, folds: number | undefined): readonly string[] {
  const folder = join(outputDir, TEACHER_FOLDER);
  return folds === undefined ? [folder] : Array.from({ length: folds }, (_, i) => join(folder, `fold-${i + 1}`));
}

const { learningRate, batchSize, layerDecay } = TEXT_SETTINGS;
const of = { only: ['distill'] } as const;
const endpoint = { ...of, group: 'Language or decision model' } as const;

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
      'the URL of a language or decision model; several, separated by commas, are an ensemble',
    yaml: [
      { key: 'model', ofTeacher: 'model', place: 'name', help: 'a run, a folder, a model by name, an .onnx file' },
      { key: 'models', place: 'name', form: 'list', help: 'several: an ensemble' },
      { key: 'recorded', place: 'path', help: `a ${RECORDED_FILES} file of recorded outputs` },
      { key: 'url', takes: 'a URL', help: 'the endpoint of a language or decision model' },
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
  teacherSolver: {
    ...of,
    kind: 'choice',
    choices: SOLVERS,
    group: 'Teacher',
    help:
      'convex: in seconds, fit the teacher to the training rows first without --teacher_epochs: a last layer on the mean over ' +
      'the tokens of an encoder that stays as it is. What few labels of many classes want',
    defaultSays: 'steps',
    yaml: {
      key: 'solver',
      ofTeacher: 'solver',
      help: 'convex, in place of epochs: fit a last layer on the mean over the tokens of an encoder that stays as it is, in seconds',
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
  teacherFormat: {
    ...endpoint,
    kind: 'choice',
    choices: ENDPOINT_FORMAT_NAMES,
    help: 'what the server speaks: chat completions, System One or OpenAI decisions; never told from the URL',
    defaultSays: 'chat',
    yaml: { key: 'format' },
  },
  teacherPath: {
    ...endpoint,
    kind: 'text',
    placeholder: 'path',
    help: 'path of the requests below the URL',
    defaultSays: 'chat/completions, systemone, decisions',
    yaml: { key: 'path', takes: 'a path of a URL' },
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
  teacherInstructions: {
    ...endpoint,
    kind: 'text',
    placeholder: 'text|@file',
    help: 'the question, or @FILE',
    defaultSays: 'which label fits',
    yaml: { key: 'instructions', place: 'prompt' },
  },
  teacherCriteria: {
    ...endpoint,
    kind: 'text',
    placeholder: 'json|@file',
    help: 'descriptions of the labels, in JSON, or @FILE: {"label": "what it means", "other": null}',
    defaultSays: 'the labels alone',
    yaml: {
      key: 'criteria',
      form: 'descriptions',
      takes: 'labels, each with a description or nothing',
      help: 'descriptions of the labels; without labels in the data, these are the labels',
    },
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
  teacherAnswers: {
    ...endpoint,
    kind: 'choice',
    choices: ['labels', 'codes'],
    help: 'what a chat model replies with: a label in its own words, or a code, which one or two tokens tell',
    defaultSays: 'codes with more than 20 labels, or described ones',
    yaml: { key: 'answers' },
  },
  teacherRotations: {
    ...endpoint,
    kind: 'integer',
    min: 1,
    max: 1000,
    help: 'ask about each text N times, with the labels beginning at other places, and take the mean',
    defaultSays: '1',
    yaml: { key: 'rotations' },
  },
  teacherStructured: {
    ...endpoint,
    kind: 'switch',
    help: 'ask a chat model for JSON with one of the labels or codes, as far as the server has structured outputs',
    yaml: { key: 'structured' },
  },
  teacherExamples: {
    ...endpoint,
    kind: 'integer',
    min: 1,
    max: 1000,
    help: 'show a chat model N labelled rows first, which are then not scored',
    defaultSays: 'none',
    yaml: { key: 'examples' },
  },
  teacherConcurrency: {
    ...endpoint,
    kind: 'integer',
    min: 1,
    max: 1024,
    help: 'requests under way at once',
    defaultSays: '4',
    yaml: { key: 'concurrency' },
    decidesNothing: 'how fast replies come',
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
    defaultSays: 'for https OPENAI_API_KEY, with systemone TYPESAFE_API_KEY',
    yaml: { takes: 'a name' },
  },
  insecureHttp: {
    ...endpoint,
    kind: 'switch',
    help: 'send the key over plain http to another machine, where it can be intercepted',
    // The user's word on a config that somebody else may have written.
    yaml: 'flag alone',
  },
  teacherTerms: {
    ...of,
    kind: 'choice',
    choices: TERMS_STATUSES,
    group: 'Teacher',
    help: 'of a URL or recorded outputs: whether the terms let you train on the outputs; printed and recorded, blocks nothing',
    defaultSays: 'as read for the host',
    yaml: { key: 'terms' },
    decidesNothing: 'a note',
  },
  termsSource: {
    ...of,
    kind: 'text',
    placeholder: 'text',
    group: 'Teacher',
    help: 'with --teacher_terms: where that is said',
    yaml: { takes: 'a text', help: 'with terms: where that is said' },
    decidesNothing: 'a note',
  },
  termsDate: {
    ...of,
    kind: 'text',
    placeholder: 'date',
    group: 'Teacher',
    help: 'with --teacher_terms: when that was read, YYYY-MM-DD',
    yaml: { takes: 'a date, YYYY-MM-DD', help: 'with terms: when that was read' },
    decidesNothing: 'a note',
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
