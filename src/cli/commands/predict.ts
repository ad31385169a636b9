import { type CommandUsage, defineCommand } from '../command.js';
import { messageOptions } from '../shared-options.js';
import { findOnHub } from './hub-models.js';
import { trainedModelOptions } from './trained-model-options.js';

// In the order of the help.
const { model, maxLength, ...compute } = trainedModelOptions;

export const predictUsage = {
  name: 'predict',
  summary: 'answer for new inputs with a trained model',
  description:
    'A model of text answers for the texts that are given, for those of a file (.txt: one a line; .csv, .tsv, .jsonl: by ' +
    'column), or for the lines of standard input: the label, a tab, its probability. A model of digits answers for IDX ' +
    'files of images.',
  options: {
    model,
    inputs: {
      kind: 'operand',
      placeholder: 'input',
      many: true,
      help: 'texts or files of them; of digits IDX files, raw or gzipped; - reads stdin',
    },
    file: { kind: 'text', placeholder: 'path', group: 'Texts', help: 'a file of texts, whatever its name' },
    pair: { kind: 'text', placeholder: 'text', group: 'Texts', help: 'the second text, for a model of pairs' },
    textColumn: {
      kind: 'text',
      placeholder: 'name',
      group: 'Texts',
      help: 'column of the texts',
      defaultSays: 'text, or sentence where there is no text',
    },
    pairColumn: { kind: 'text', placeholder: 'name', group: 'Texts', help: 'column of second texts' },
    maxLength,
    ...compute,
    ...messageOptions,
    json: { ...messageOptions.json, help: 'print one JSON object on stdout; for many texts one a line' },
  },
  examples: [
    { does: 'one sentence', line: 'retort predict outputs/student "a gripping, funny film"' },
    { does: 'a file, for a program', line: 'retort predict outputs/student reviews.csv --json' },
    { does: 'the lines of standard input', line: 'retort predict outputs/student - < lines.txt' },
    {
      does: 'one line per image: its class and the probability',
      line: 'retort predict ./outputs/mnist/last.ckpt ./data/mnist/t10k-images-idx3-ubyte',
    },
  ],
} as const satisfies CommandUsage;

export const predictCommand = defineCommand({
  ...predictUsage,
  run: async (options, io) => {
    const { readsDigits } = await import('./text-model.js');
    if (await readsDigits(options.model, findOnHub(io))) {
      const { predictDigits } = await import('./digit-prediction.js');
      return predictDigits(options, io);
    }
    const { predictTexts } = await import('./text-prediction.js');
    return predictTexts(options, io);
  },
});
