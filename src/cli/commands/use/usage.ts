import { TABLE_FILES } from '../../../data/formats/table.js';
import { COLUMN_SETTINGS, ROW_SETTINGS, SPLIT_SETTINGS, UNLABELLED_COLUMNS } from '../../../data/task-settings.js';
import { SPLITS } from '../../../data/text-task.js';
import { DIGIT_SETTINGS } from '../../../experiments/primer/digit-settings.js';
import { SCORED_EXPORT_SETTINGS } from '../../../experiments/scored-export-settings.js';
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS } from '../../../export/formats.js';
import { EXPORT_LAYOUTS, HUB_PRECISIONS, PRECISION_HELP, PRECISION_NAMES } from '../../../export/precisions.js';
import { ASKED_METRICS } from '../../../metrics/table.js';
import { COMPUTE_SETTINGS } from '../../../options/run-settings.js';
import type { CommandUsage } from '../../command.js';
import type { FlagSpec, OptionTable } from '../../options.js';
import { messageOptions } from '../../shared-options.js';

// Of the commands that run a model on texts or digits: already trained.
const model = {
  kind: 'operand',
  placeholder: 'model',
  required: true,
  help: 'an export, a checkpoint, a run that has one, an experiment (its student to ship), a Hugging Face folder, or a name on its hub',
} as const satisfies FlagSpec;
const maxLength = {
  ...SPLIT_SETTINGS.maxLength,
  help: 'maximum tokens per text',
  defaultSays: "the model's maximum, at most 512",
} as const satisfies FlagSpec;
// What is not said of a file is as it was of the training file, where this one has its columns.
const columns = {
  ...UNLABELLED_COLUMNS,
  textColumn: { ...UNLABELLED_COLUMNS.textColumn, defaultSays: 'as in training, or text' },
  pairColumn: { ...UNLABELLED_COLUMNS.pairColumn, defaultSays: 'as in training' },
  header: { ...UNLABELLED_COLUMNS.header, defaultSays: 'as in training, or yes' },
  delimiter: { ...UNLABELLED_COLUMNS.delimiter, defaultSays: 'as in training, or by extension' },
  quote: { ...UNLABELLED_COLUMNS.quote, defaultSays: 'as in training, or by extension' },
} as const satisfies OptionTable;
const computeOptions = {
  ...COMPUTE_SETTINGS,
  threads: {
    ...COMPUTE_SETTINGS.threads,
    help: 'CPU threads',
    defaultSays: 'the physical cores; 1 for a digit model',
  },
} as const satisfies OptionTable;

export const evaluateUsage = {
  name: 'evaluate',
  summary: 'score a trained model on labelled data',
  description:
    'Scores a text model on a data set by name (sst2, mrpc, stsb and so on) or a file with labels, a digit model on ' +
    "MNIST's test split. Each metric has a 95 % confidence interval.",
  options: {
    model,
    data: {
      kind: 'operand',
      placeholder: 'data',
      help: `a data set by name, or a ${TABLE_FILES} file; for digits the folder of the IDX files`,
    },
    dataDir: {
      ...DIGIT_SETTINGS.dataDir,
      help: 'folder of data sets; for texts also the environment variable RETORT_DATA [digits: data/mnist]',
    },
    split: {
      kind: 'choice',
      choices: SPLITS,
      group: 'Texts',
      help: 'split of a data set by name, or of a file with a column of splits',
      defaultSays: 'dev',
    },
    splitColumn: {
      ...COLUMN_SETTINGS.splitColumn,
      aliases: [],
      help: 'column of the split that each row is of; none: no column is',
    },
    metric: {
      ...{ kind: 'choice', choices: ASKED_METRICS, group: 'Texts' },
      help: 'metric to report first, besides the usual ones',
    },
    badRows: { ...ROW_SETTINGS.badRows, group: 'Texts' },
    ...columns,
    labelNames: COLUMN_SETTINGS.labelNames,
    labelColumn: {
      ...COLUMN_SETTINGS.labelColumn,
      help: 'column of the labels, names or numbers from 0, --label for short',
      defaultSays: 'as in training, or label',
    },
    scoreColumn: {
      ...COLUMN_SETTINGS.scoreColumn,
      help: 'of a regression: column of the values, --score for short',
      defaultSays: 'as in training, or label',
    },
    maxLength,
    ...computeOptions,
    ...messageOptions,
  },
  examples: [
    { does: 'a data set by name', line: 'retort evaluate outputs/student sst2 --split dev --data_dir data' },
    { does: 'a file of your own', line: 'retort evaluate outputs/student reviews.csv --label_column stars' },
    { does: 'accuracy on the test set', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist' },
    { does: 'the same for a program', line: 'retort evaluate ./outputs/mnist/last.ckpt ./data/mnist --json' },
  ],
} as const satisfies CommandUsage;

export const predictUsage = {
  name: 'predict',
  summary: 'predict labels or scores of new inputs with a trained model',
  description:
    'Prints one prediction per text: the label, a tab, its probability. Texts are arguments, a file (.txt: one per line; ' +
    `${TABLE_FILES}: by column) or standard input. A digit model reads IDX files of images.`,
  options: {
    model,
    inputs: {
      kind: 'operand',
      placeholder: 'input',
      many: true,
      help: 'texts or files of them; for digits IDX files, raw or gzipped; - reads stdin',
    },
    file: { kind: 'text', placeholder: 'path', group: 'Texts', help: 'a file of texts, whatever its name' },
    pair: { kind: 'text', placeholder: 'text', group: 'Texts', help: 'the second text, for a model of pairs' },
    ...columns,
    textColumn: { ...columns.textColumn, defaultSays: 'as in training, or text, or sentence' },
    pairColumn: {
      ...{ kind: 'text', placeholder: 'name', group: 'Texts', help: 'column of second texts' },
      defaultSays: 'as in training',
    },
    maxLength,
    outputFile: {
      ...{ kind: 'text', placeholder: 'path', group: 'Texts' },
      help: 'write the predictions there instead of stdout; can be resumed',
    },
    outputFormat: {
      ...{ kind: 'choice', choices: ['tsv', 'jsonl'], default: 'tsv', group: 'Texts' },
      help: 'label, tab, probability; or JSON with all of them',
    },
    resume: { kind: 'switch', group: 'Texts', help: 'continue the --output_file of a command that was stopped' },
    overwrite: { kind: 'switch', group: 'Texts', help: 'replace an --output_file that is there' },
    ...computeOptions,
    ...messageOptions,
    json: { ...messageOptions.json, help: 'print one JSON object on stdout; for many texts one per line' },
  },
  examples: [
    { does: 'one sentence', line: 'retort predict outputs/student "a gripping, funny film"' },
    { does: 'a file, for a program', line: 'retort predict outputs/student reviews.csv --json' },
    { does: 'the lines of standard input', line: 'retort predict outputs/student - < lines.txt' },
    {
      does: 'a large file, to be resumed if it is stopped',
      line: 'retort predict outputs/student reviews.jsonl --output_file predictions.tsv --resume',
    },
    {
      does: 'one line per image: its class and the probability',
      line: 'retort predict ./outputs/mnist/last.ckpt ./data/mnist/t10k-images-idx3-ubyte',
    },
  ],
} as const satisfies CommandUsage;

export const exportUsage = {
  name: 'export',
  summary: 'write a trained model for other programs: ONNX, a Hugging Face folder, or one JavaScript file',
  description: Object.entries(EXPORT_FORMATS)
    .map(([name, { holds }]) => `${name}: ${holds}`)
    .join(' '),
  options: {
    model: {
      kind: 'operand',
      placeholder: 'model',
      required: true,
      help: 'a run, a checkpoint, an experiment (its student to ship), a Hugging Face folder, or a name on its hub',
    },
    to: { kind: 'choice', choices: EXPORT_FORMAT_NAMES, default: 'onnx', group: 'Output', help: 'the format' },
    precision: {
      kind: 'choice',
      choices: PRECISION_NAMES,
      form: { pattern: /^\w+(,\w+)+$/, says: 'for hf several of them, separated by commas' },
      group: 'Output',
      help: `of the ONNX file's weights. ${PRECISION_HELP}`,
      defaultSays: `float32; hf: ${HUB_PRECISIONS.join(',')}`,
    },
    layout: {
      kind: 'choice',
      choices: EXPORT_LAYOUTS,
      group: 'Output',
      help: 'of hf: a version for each precision in the subfolder onnx, or one as model.onnx',
      defaultSays: 'onnx',
    },
    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      required: true,
      fixWhenMissing: 'say where to write it: --output_dir student',
      group: 'Output',
      help: 'a folder, new or empty',
    },
    labelNames: {
      kind: 'text',
      placeholder: 'names',
      group: 'Output',
      help: 'new names of the labels, in their order, separated by commas',
    },
    with: {
      kind: 'text',
      placeholder: 'student',
      group: 'Output',
      help: 'another export of the same labels: both become one student, whose probabilities are the geometric mean of theirs; MODEL is an export too, and each stays in its precision',
    },
    aloneFrom: {
      ...{ kind: 'number', above: 0, max: 0.999999, group: 'Output' },
      help: 'beside --with: where its label has this probability or more, it answers alone and MODEL is not run: a cheap student in front of a slow one',
      defaultSays: 'both always',
    },
    question: {
      kind: 'text',
      placeholder: 'file',
      group: 'Output',
      help: 'the question that it answers (YAML or JSON), for retort cascade, serve and the AI SDK; a student of recorded outputs has its own',
    },
    overwrite: { kind: 'switch', group: 'Output', help: 'replace an earlier export' },
    ...SCORED_EXPORT_SETTINGS,
    ...messageOptions,
  },
  examples: [
    { does: 'a student to ship', line: 'retort export outputs/student --to onnx --output_dir student' },
    {
      does: 'the same for the Hugging Face hub and transformers.js',
      line: 'retort export outputs/student --to hf --output_dir student-hf',
    },
    {
      does: 'one file for workers and browsers',
      line: 'retort export outputs/student --to js --output_dir student-js',
    },
    {
      does: 'in 8 bits, if that costs no accuracy on rows with labels',
      line: 'retort export outputs/student --precision int8 --data dev.csv --output_dir student-int8',
    },
    {
      does: 'two exports as one student',
      line: 'retort export student-int8 --with student-ngram --output_dir both',
    },
    {
      does: 'n-grams first, and an encoder for what they are unsure of',
      line: 'retort export student-int8 --with student-ngram --alone_from 0.98 --output_dir both',
    },
  ],
} as const satisfies CommandUsage;
