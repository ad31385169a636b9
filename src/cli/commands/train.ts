import { SAMPLINGS } from '../../data/sampling.js';
import { OptionError } from '../../errors/failures.js';
import { METRICS, type MetricName } from '../../training/evaluation/metrics.js';
import { type CommandUsage, defineCommand } from '../command.js';
import { badRowsOption, columnOptions, computeOptions, messageOptions, runOptions } from '../shared-options.js';
import { mnistOptions } from './mnist-options.js';

export const trainUsage = {
  name: 'train',
  config: 'train',
  summary: 'fine-tune a model on texts: a teacher, or a student without one',
  description:
    'DATA is a data set by name (sst2, mrpc, cola, stsb, trec, banking77 and so on) or a .csv, .tsv, .jsonl or .parquet ' +
    'file of your own with a column of texts and one of labels; or a retort.yaml, whose teacher is trained. The model is ' +
    'scored on the dev split after each epoch; a file without --dev has a tenth of its rows set aside for that. What is ' +
    'kept can be given to retort predict, evaluate, export, and to retort train again.',
  options: {
    data: {
      kind: 'operand',
      placeholder: 'data',
      required: true,
      help: 'the name of a data set, or a file of texts with labels; several by comma are learnt by one model',
    },
    model: {
      kind: 'text',
      placeholder: 'name',
      default: 'minilm-l6',
      group: 'Model',
      help:
        'where to start: a short name (minilm-l6, bert-tiny to bert-base), a name on the Hugging Face hub, a folder, a run; ' +
        'or bilstm',
    },
    layers: { kind: 'integer', min: 1, group: 'Model', help: 'of an encoder, keep only the first so many layers' },
    from: {
      kind: 'text',
      placeholder: 'how',
      group: 'Model',
      help:
        'of an encoder, what it starts with: pretrained (the first --layers), random (new weights), or layers counted ' +
        'from 1, such as 1,3,6 [default: pretrained]',
    },
    hidden: {
      kind: 'integer',
      min: 1,
      max: 8192,
      group: 'Model',
      help: 'of a bilstm, the width of a direction [default: 150]',
    },
    vocabulary: {
      kind: 'text',
      placeholder: 'name|file',
      group: 'Model',
      help:
        'of a bilstm, where its words are from: an encoder, whose word vectors it starts with, or a text file of word ' +
        'vectors such as GloVe [default: minilm-l6]',
    },
    maxLength: {
      kind: 'integer',
      min: 3,
      max: 2 ** 20,
      group: 'Texts',
      help: 'tokens of a text that are read, special ones included; the rest is cut [default: 128]',
    },

    dataDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Data',
      help: 'where data sets by name lie [default: what the variable RETORT_DATA says]',
    },
    dev: { kind: 'text', placeholder: 'file', group: 'Data', help: 'labelled texts to score on, columns as in DATA' },
    devShare: {
      kind: 'number',
      above: 0,
      max: 0.9,
      group: 'Data',
      help: 'without a dev split, the share of the training rows that becomes one, each label in proportion [default: 0.1]',
    },
    rows: { kind: 'integer', min: 1, group: 'Data', help: 'train on so many rows only, each label in proportion' },
    dataSeed: {
      ...runOptions.seed,
      default: 1,
      group: 'Data',
      help: 'draws --rows and the dev split; apart from --seed, so that runs to be compared see the same rows',
    },
    ...badRowsOption,
    limitTrainBatches: mnistOptions.limitTrainBatches,
    ...columnOptions,
    scoreColumn: {
      kind: 'text',
      placeholder: 'name',
      aliases: ['score'],
      group: 'Texts',
      help: 'column of numbers to be predicted, --score for short: a regression instead of classes',
    },

    epochs: {
      kind: 'integer',
      min: 1,
      group: 'Training',
      help: 'passes over the training rows [default: 3; bilstm: 30]',
    },
    learningRate: {
      kind: 'number',
      above: 0,
      group: 'Training',
      help: 'step size of AdamW or Adam [default: 3e-5; bilstm: 1e-3]',
    },
    batchSize: {
      kind: 'integer',
      min: 1,
      max: 65_536,
      group: 'Training',
      help: 'rows of an optimiser step [default: 32; bilstm: 64]',
    },
    schedule: {
      kind: 'choice',
      choices: ['constant', 'constant_with_warmup', 'linear', 'cosine'],
      group: 'Training',
      help: 'how the learning rate falls [default: linear; bilstm: constant]',
    },
    warmup: {
      kind: 'number',
      min: 0,
      max: 1,
      group: 'Training',
      help: 'share of the steps over which the learning rate rises [default: 0.1; 0 with --schedule constant]',
    },
    weightDecay: {
      kind: 'number',
      min: 0,
      group: 'Training',
      help: 'of weights, not of biases and norms [default: 0.01; bilstm: 0]',
    },
    maxGradNorm: {
      kind: 'number',
      min: 0,
      group: 'Training',
      help: 'clip gradients at this global norm; 0 = off [default: 1; bilstm: 5]',
    },
    layerDecay: {
      kind: 'number',
      above: 0,
      max: 1,
      group: 'Training',
      help: 'of an encoder, the learning rate of each layer as a share of that of the layer above it [default: 1]',
    },
    sampling: {
      kind: 'choice',
      choices: SAMPLINGS,
      group: 'Training',
      help: 'of several data sets, how often each has its turn [default: proportional]',
    },
    earlyStopping: {
      kind: 'integer',
      min: 0,
      group: 'Training',
      help: 'stop after so many epochs without a better --monitor; 0 = never [default: 0; bilstm: 5]',
    },
    monitor: {
      kind: 'choice',
      choices: Object.keys(METRICS) as MetricName[],
      group: 'Training',
      help: "what epochs are ranked by [default: the task's first metric]",
    },
    maxSteps: { kind: 'integer', min: 1, group: 'Training', help: 'stop after so many steps, if that is sooner' },
    tokensPerRun: {
      kind: 'integer',
      default: 2048,
      min: 1,
      group: 'Machine',
      help: 'tokens that are computed at once; bounds the memory, a larger batch is run in parts',
    },
    seed: runOptions.seed,

    outputDir: {
      kind: 'text',
      placeholder: 'folder',
      group: 'Output',
      help: 'checkpoints, log and metrics [default: outputs/NAME of the data]',
    },
    saveTopK: { ...mnistOptions.saveTopK, help: 'keep so many best models beside the last one; 0 = none, -1 = all' },
    resume: runOptions.resume,
    overwrite: runOptions.overwrite,
    dryRun: {
      kind: 'switch',
      group: 'Output',
      help: 'print what would be trained and what that takes (steps, time, memory, disk), and stop',
    },
    strict: {
      kind: 'switch',
      group: 'Output',
      help: 'what is only warned of otherwise (truncation, duplicates, label-order and so on) is an error',
    },
    student: {
      kind: 'switch',
      group: 'Training',
      help: 'of a retort.yaml, train the student by itself instead of the teacher',
    },
    ...messageOptions,
    ...computeOptions,
  },
  examples: [
    {
      does: 'a teacher: MiniLM on the movie reviews of SST-2',
      line: 'retort train sst2 --data_dir data --output_dir outputs/teacher',
    },
    {
      does: 'a file of your own, with columns named review and stars',
      line: 'retort train reviews.csv --text review --label stars',
    },
    {
      does: 'a student of the first three layers',
      line: 'retort train sst2 --data_dir data --layers 3 --output_dir outputs/three-layers',
    },
    {
      does: 'a BiLSTM that starts from GloVe',
      line: 'retort train reviews.csv --model bilstm --vocabulary glove.6B.300d.txt',
    },
    { does: 'one model of three tasks', line: 'retort train rte,mrpc,stsb --data_dir data' },
    { does: 'try it out in a minute', line: 'retort train sst2 --data_dir data --rows 300 --max_steps 5' },
    { does: 'go on after Ctrl-C', line: 'retort train reviews.csv --text review --label stars --resume' },
  ],
} as const satisfies CommandUsage;

export const trainCommand = defineCommand({
  ...trainUsage,
  run: async (options, io) => {
    if (options.student && io.config === undefined) {
      const got = options.data;
      throw new OptionError({ where: '--student', wanted: 'a retort.yaml', got, fix: 'leave the flag out' });
    }
    if (options.data.includes(',')) {
      if (options.dryRun) {
        const got = options.data;
        throw new OptionError({ where: '--dry_run', wanted: 'one data set', got, fix: 'leave the flag out' });
      }
      const { trainOnTasks } = await import('./multi-task-training.js');
      return trainOnTasks(options, io);
    }
    if (options.sampling !== undefined) {
      const got = options.data;
      throw new OptionError({ where: '--sampling', wanted: 'several data sets', got, fix: 'leave the flag out' });
    }
    const { trainOnTexts } = await import('./text-training.js');
    return trainOnTexts(options, io);
  },
});
