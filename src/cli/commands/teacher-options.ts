import { RUNGS } from '../../teachers/targets.js';
import type { OptionTable } from '../options.js';
import { trainUsage } from './train.js';

const { learningRate, batchSize } = trainUsage.options;

/** Who teaches: flags that say what `--teacher` cannot say by itself, each of one kind of teacher. */
export const teacherOptions = {
  teacher: {
    kind: 'text',
    placeholder: 'name',
    required: true,
    group: 'Teacher',
    help:
      'a run, a folder, or a name on the Hugging Face hub; an .onnx file; a .jsonl or .parquet file of recorded answers; ' +
      'the URL of a language model; several, parted by commas, teach by their mean',
  },
  ensembleOf: {
    kind: 'choice',
    choices: ['probabilities', 'logits'],
    group: 'Teacher',
    help: 'of several teachers, what the mean is of [default: probabilities]',
  },
  teacherEpochs: {
    kind: 'integer',
    min: 1,
    group: 'Teacher',
    help: 'fine-tune the teacher on the training rows first, once, into OUTPUT/teacher',
  },
  teacherLearningRate: { ...learningRate, group: 'Teacher', help: 'with --teacher_epochs [default: as for train]' },
  teacherBatchSize: { ...batchSize, group: 'Teacher', help: 'with --teacher_epochs [default: as for train]' },
  teacherTokenizer: {
    kind: 'text',
    placeholder: 'folder',
    group: 'Teacher',
    help: "of an .onnx file, the folder of its tokenizer [default: the file's own]",
  },
  teacherUse: {
    kind: 'choice',
    choices: RUNGS,
    group: 'Teacher',
    help: 'of recorded answers with several kinds in a row, the one to learn from [default: the best]',
  },
  teacherModel: {
    kind: 'text',
    placeholder: 'name',
    group: 'Language model',
    help: 'what the endpoint calls the model; with a URL as --teacher',
  },
  teacherPrompt: {
    kind: 'text',
    placeholder: 'text|@file',
    group: 'Language model',
    help: 'what it is asked, or @ and a file of that; {text}, {pair} and {labels} are filled in [default: which label fits]',
  },
  teacherWords: {
    kind: 'text',
    placeholder: 'label=word|word,…',
    group: 'Language model',
    help: 'words by which its answers name a label [default: the label]',
  },
  teacherSamples: {
    kind: 'integer',
    min: 0,
    max: 128,
    group: 'Language model',
    help: 'labels to draw for a text where the endpoint gives no log-probabilities; 0 = ask once [default: 0]',
  },
  prices: {
    kind: 'text',
    placeholder: 'in,out',
    group: 'Language model',
    help: 'of a million tokens read and written, in your currency',
  },
  maxCost: {
    kind: 'number',
    above: 0,
    group: 'Language model',
    help: 'what all its answers together may cost; with --prices',
  },
  apiKeyEnv: {
    kind: 'text',
    placeholder: 'variable',
    group: 'Language model',
    help: 'environment variable with the key; none = send no key [default: OPENAI_API_KEY for https]',
  },
  allowKeyEnv: {
    kind: 'text',
    placeholder: 'variable',
    group: 'Language model',
    help: 'let a retort.yaml send the key in this environment variable, where nobody can be asked; a flag alone',
  },
  insecureHttp: {
    kind: 'switch',
    group: 'Language model',
    help: 'send the key over plain http to another machine, where everybody on the way can read it',
  },
  cacheDir: {
    kind: 'text',
    placeholder: 'folder',
    group: 'Teacher',
    help: 'where its answers are kept, for this run and others [default: OUTPUT/answers]',
  },
} as const satisfies OptionTable;
