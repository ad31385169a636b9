/** @file The families of students that are compared, and the sets that they are compared on. */
import type { TextSetName } from '../src/entries/data.js';
import type { DistillTextsOptions } from '../src/index.js';
import { TEACHERS } from './text-students.js';

type SetEntry = {
  readonly title: string;
  /** The splits that are scored, together; nothing is chosen on them. */
  readonly scored: readonly ['dev' | 'test', ...('dev' | 'test')[]];
  readonly training: { readonly epochs: number; readonly learningRate: number; readonly seed: number };
  /** Whether the teacher is the mean of MiniLM and the linear model on n-grams. */
  readonly hasLinear?: true;
};

const ENTRIES = {
  trec: { title: 'TREC', scored: ['test'], training: TEACHERS.trec },
  banking77: {
    title: 'BANKING77',
    scored: ['test'],
    training: TEACHERS.banking77,
    hasLinear: true,
  },
  sst2: { title: 'SST-2', scored: ['dev', 'test'], training: TEACHERS.sst2 },
  mrpc: { title: 'MRPC', scored: ['test'], training: TEACHERS.mrpc },
} as const satisfies Partial<Record<TextSetName, SetEntry>>;

export type SetName = keyof typeof ENTRIES;
export const SETS: Readonly<Record<SetName, SetEntry>> = ENTRIES;

/** Of a student, as the options of `distill` have it. */
type Settings = Pick<
  DistillTextsOptions,
  | 'model'
  | 'hidden'
  | 'size'
  | 'epochs'
  | 'learningRate'
  | 'ngrams'
  | 'charNgrams'
  | 'features'
  | 'alpha'
  | 'temperature'
>;

type FamilyEntry = {
  readonly title: string;
  readonly settings: Settings;
  readonly bySet?: Readonly<Partial<Record<SetName, Settings>>>;
  /** Default: 5. */
  readonly seeds?: number;
  /** Default: all. */
  readonly sets?: readonly SetName[];
  /** Whether the linear baseline runs beside it: it is the same for all families of a set. */
  readonly hasBaseline?: true;
};

const STUDENTS = {
  ngram: { title: 'n-grams, linear', settings: { model: 'ngram' }, hasBaseline: true },
  'ngram-50k': { title: 'n-grams, linear, 50,000 features', settings: { model: 'ngram', features: 50_000 } },
  'static-nano': { title: 'static, nano', settings: { model: 'static', size: 'nano' } },
  'static-tiny': { title: 'static, tiny', settings: { model: 'static', size: 'tiny' } },
  'static-small': { title: 'static, small', settings: { model: 'static', size: 'small' } },
  'bilstm-nano': { title: 'BiLSTM, nano', settings: { model: 'bilstm', size: 'nano' } },
  'bilstm-tiny': { title: 'BiLSTM, tiny', settings: { model: 'bilstm', size: 'tiny' } },
  'bilstm-small': { title: 'BiLSTM, small', settings: { model: 'bilstm', size: 'small' } },
} as const satisfies Readonly<Record<string, FamilyEntry>>;

export type FamilyName = keyof typeof STUDENTS;
export const FAMILIES: Readonly<Record<FamilyName, FamilyEntry>> = STUDENTS;
