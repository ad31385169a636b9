/**
 * @file GLUE: Wang et al. 2018, arXiv:1804.07461. Label names and their numbers are those of the Hugging Face hub's
 * `glue`, so that a model from there needs no map. Metrics are the paper's, table 1.
 */
import { OptionError } from '../errors/failures.js';
import { nearestName } from './formats/table-rows.js';
import { tableFile } from './set-sources.js';
import { type LoadTextSetOptions, readTextSet, type TextSet } from './text-set.js';
import type { TextTask } from './text-task.js';

const SOURCE = 'https://gluebenchmark.com/tasks';
const INDEXED = { label: null, id: 'index' } as const;

const SENTENCE_PAIR = { text: 'sentence1', pair: 'sentence2' } as const;
const ENTAILMENT = ['entailment', 'not_entailment'] as const;
const MRPC = { text: '#1 String', pair: '#2 String', label: 'Quality' } as const;
const COLA = { format: 'tsv', text: 4, label: 2 } as const;
const STSB = { format: 'tsv', score: 5, text: 6, pair: 7 } as const;
const STSB_GLUE = { ...SENTENCE_PAIR, score: 'score', id: 'index' } as const;
const QQP_GLUE = { text: 'question1', pair: 'question2', label: 'is_duplicate', id: 'id' } as const;

export const GLUE_SETS = {
  sst2: {
    title: 'SST-2 (movie reviews, positive or negative; GLUE)',
    folders: ['sst2', 'SST-2'],
    source: SOURCE,
    licence: 'for research, by the authors of the Stanford Sentiment Treebank',
    layout:
      'train.tsv and dev.tsv with the columns sentence, label; test-gold.tsv (the same) or test.tsv (index, sentence)',
    labelNames: ['negative', 'positive'],
    metrics: ['accuracy'],
    splits: {
      train: [tableFile('train.tsv', { text: 'sentence', label: 'label' })],
      dev: [tableFile('dev.tsv', { text: 'sentence', label: 'label' })],
      test: [
        tableFile('test-gold.tsv', { text: 'sentence', label: 'label' }),
        tableFile('test.tsv', { text: 'sentence', ...INDEXED }),
      ],
    },
  },
  mrpc: {
    title: 'MRPC (paraphrases; GLUE)',
    folders: ['mrpc', 'MRPC'],
    source: 'https://www.microsoft.com/en-us/download/details.aspx?id=52398',
    licence: 'for research, Microsoft Research',
    layout:
      'train.tsv and dev.tsv with the columns Quality, #1 ID, #2 ID, #1 String, #2 String; msr_paraphrase_test.txt (the same) ' +
      'or test.tsv (index instead of Quality)',
    labelNames: ['not_equivalent', 'equivalent'],
    metrics: ['f1', 'accuracy'],
    isPair: true,
    splits: {
      train: [tableFile('train.tsv', MRPC)],
      dev: [tableFile('dev.tsv', MRPC)],
      test: [
        tableFile('msr_paraphrase_test.txt', { ...MRPC, format: 'tsv' }),
        tableFile('test.tsv', { text: '#1 String', pair: '#2 String', ...INDEXED }),
      ],
    },
  },
  rte: {
    title: 'RTE (entailment; GLUE)',
    folders: ['rte', 'RTE'],
    source: SOURCE,
    licence: 'for research, by the sources of the RTE challenges',
    layout: 'train.tsv and dev.tsv with the columns index, sentence1, sentence2, label; test.tsv without label',
    labelNames: ENTAILMENT,
    metrics: ['accuracy'],
    isPair: true,
    splits: {
      train: [tableFile('train.tsv', { ...SENTENCE_PAIR, label: 'label', id: 'index' })],
      dev: [tableFile('dev.tsv', { ...SENTENCE_PAIR, label: 'label', id: 'index' })],
      test: [tableFile('test.tsv', { ...SENTENCE_PAIR, ...INDEXED })],
    },
  },
  qnli: {
    title: 'QNLI (does the sentence answer the question; GLUE)',
    folders: ['qnli', 'QNLI', 'QNLIv2'],
    source: SOURCE,
    licence: 'CC BY-SA 4.0, as SQuAD',
    layout: 'train.tsv and dev.tsv with the columns index, question, sentence, label; test.tsv without label',
    labelNames: ENTAILMENT,
    metrics: ['accuracy'],
    isPair: true,
    splits: {
      train: [tableFile('train.tsv', { text: 'question', pair: 'sentence', label: 'label', id: 'index' })],
      dev: [tableFile('dev.tsv', { text: 'question', pair: 'sentence', label: 'label', id: 'index' })],
      test: [tableFile('test.tsv', { text: 'question', pair: 'sentence', ...INDEXED })],
    },
    advice: { train: `add train.tsv (${SOURCE}), or use dev for scoring or as a transfer set only` },
  },
  cola: {
    title: 'CoLA (is the sentence acceptable English; GLUE)',
    folders: ['cola', 'CoLA'],
    source: 'https://nyu-mll.github.io/CoLA/',
    licence: 'for research, by the sources of its sentences',
    layout: 'train.tsv and dev.tsv without a header (column 2 label, column 4 sentence); test.tsv with index, sentence',
    labelNames: ['unacceptable', 'acceptable'],
    metrics: ['matthews', 'accuracy'],
    splits: {
      train: [tableFile('train.tsv', COLA)],
      dev: [tableFile('dev.tsv', COLA)],
      test: [tableFile('test.tsv', { text: 'sentence', ...INDEXED })],
    },
  },
  stsb: {
    title: 'STS-B (similarity of two sentences from 0 to 5; GLUE)',
    folders: ['stsb', 'STS-B'],
    source: 'https://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark',
    licence: 'CC BY-SA 4.0, and for research by the sources of its sentences',
    layout:
      'sts-train.tsv, sts-dev.tsv, sts-test.tsv without a header (column 5 score, columns 6 and 7 sentences), or train.tsv, ' +
      'dev.tsv, test.tsv with the columns index, sentence1, sentence2, score',
    metrics: ['pearson', 'spearman'],
    isPair: true,
    isRegression: true,
    splits: {
      train: [tableFile('sts-train.tsv', STSB), tableFile('train.tsv', STSB_GLUE)],
      dev: [tableFile('sts-dev.tsv', STSB), tableFile('dev.tsv', STSB_GLUE)],
      test: [tableFile('sts-test.tsv', STSB), tableFile('test.tsv', { ...SENTENCE_PAIR, ...INDEXED })],
    },
  },
  qqp: {
    title: 'QQP (duplicate questions; GLUE)',
    folders: ['qqp', 'QQP'],
    source: SOURCE,
    licence: 'terms of Quora, not for commercial use',
    layout:
      'train.tsv and dev.tsv with the columns id, qid1, qid2, question1, question2, is_duplicate; or subset.tsv, the same ' +
      'columns without a header',
    labelNames: ['not_duplicate', 'duplicate'],
    metrics: ['f1', 'accuracy'],
    isPair: true,
    splits: {
      train: [
        tableFile('train.tsv', QQP_GLUE),
        tableFile('subset.tsv', { format: 'tsv', id: 1, text: 4, pair: 5, label: 6 }),
      ],
      dev: [tableFile('dev.tsv', QQP_GLUE)],
      test: [tableFile('test.tsv', { text: 'question1', pair: 'question2', label: null, id: 'id' })],
    },
  },
} as const satisfies Record<string, TextSet>;

export type GlueName = keyof typeof GLUE_SETS;

/**
 * A task of GLUE from a folder with its files as they are published: every split that is there, label names and
 * metrics. Test sets without published labels have none.
 * @throws FileError saying where the data is to be had and how to lay it out if it is absent; or naming file and line of
 * a row that cannot be read. OptionError for a name that is none.
 */
export async function glue(name: GlueName, options: LoadTextSetOptions): Promise<TextTask> {
  if (!Object.hasOwn(GLUE_SETS, name)) {
    const fix = `did you mean '${nearestName(name, Object.keys(GLUE_SETS))}'?`;
    throw new OptionError({ where: 'glue', wanted: Object.keys(GLUE_SETS).join(', '), got: `'${name}'`, fix });
  }
  return await readTextSet(name, GLUE_SETS[name], options);
}
