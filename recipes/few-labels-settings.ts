/** @file Few labels, many texts: which sets and how many labels, how their teacher is fine-tuned, and the students. */
import type { TextSetName } from '../src/entries/data.js';
import type { DistillTextsOptions, FineTuneOptions } from '../src/index.js';
import { BERT3 } from './text-students.js';

export type Cell = {
  readonly title: string;
  readonly set: TextSetName;
  /** Drawn anew for each seed: rows of the training split, each label in its share; or of each label so many. */
  readonly labels: { readonly rows: number } | { readonly perClass: number };
  /** Texts of the other training rows that the teacher answers. Default: all. */
  readonly pool?: number;
  /** The splits that are scored, together; nothing is chosen on them. */
  readonly scored: readonly ['dev' | 'test', ...('dev' | 'test')[]];
  /** Of the scored rows, drawn once for all seeds. Default: all. */
  readonly scoredRows?: number;
  readonly teacher: Pick<FineTuneOptions, 'epochs' | 'learningRate' | 'layerDecay' | 'solver'>;
  readonly students?: readonly StudentName[];
};

/** Of a cell. A student that has fewer yet is in no table. */
export const SEEDS = 5;

const FEW: readonly StudentName[] = ['ngram', 'static', 'bilstm'];
const TEACHER = { epochs: 20, learningRate: 1e-4 } as const;
const BANKING77 = { set: 'banking77', labels: { perClass: 10 }, scored: ['test'] } as const;
const SST2 = { set: 'sst2', pool: 20_000, scored: ['dev', 'test'], teacher: TEACHER } as const;

const ENTRIES = {
  'sst2-500': { ...SST2, title: 'SST-2, 500 labels', labels: { rows: 500 }, students: [...FEW, 'layers'] },
  'banking77-770': {
    ...BANKING77,
    title: 'BANKING77, ten labels a class',
    // Fine-tuning on ten rows of each class does not learn what the encoder has for all of them already: the next cell.
    teacher: { solver: 'convex' },
  },
  'banking77-770-fine-tuned': {
    ...BANKING77,
    title: 'BANKING77, ten labels a class, fine-tuned teacher',
    teacher: TEACHER,
    students: ['ngram', 'static'],
  },
  'trec-500': { title: 'TREC, 500 labels', set: 'trec', labels: { rows: 500 }, scored: ['test'], teacher: TEACHER },
  'sst2-100': { ...SST2, title: 'SST-2, 100 labels', labels: { rows: 100 } },
  'sst2-2000': { ...SST2, title: 'SST-2, 2,000 labels', labels: { rows: 2000 }, teacher: { ...TEACHER, epochs: 8 } },
  'imdb-500': {
    title: 'IMDB, 500 labels',
    set: 'imdb',
    labels: { rows: 500 },
    scored: ['test'],
    scoredRows: 5000,
    teacher: TEACHER,
  },
} as const satisfies Readonly<Record<string, Cell>>;

export type CellName = keyof typeof ENTRIES;
export const CELLS: Readonly<Record<CellName, Cell>> = ENTRIES;

export type StudentName = 'ngram' | 'static' | 'bilstm' | 'layers';

export type Student = {
  readonly title: string;
  readonly settings: Pick<
    DistillTextsOptions,
    'model' | 'size' | 'layers' | 'learningRate' | 'schedule' | 'temperature'
  >;
  /** Of a run with the teacher's outputs; absent of what a solver fits. Without them as many at most, with early stopping. */
  readonly steps?: number;
};

export const STUDENTS: Readonly<Record<StudentName, Student>> = {
  ngram: { title: 'n-grams, linear', settings: { model: 'ngram', temperature: 1 } },
  static: { title: 'static, tiny', settings: { model: 'static', size: 'tiny', temperature: 1 }, steps: 2000 },
  bilstm: {
    title: 'BiLSTM, tiny',
    settings: { model: 'bilstm', size: 'tiny', schedule: 'linear', learningRate: 2e-3, temperature: 1 },
    steps: 1600,
  },
  layers: {
    title: 'three layers of MiniLM',
    settings: { model: 'minilm-l6', layers: 3, learningRate: BERT3.training.learningRate, temperature: 1 },
    steps: 1300,
  },
};
