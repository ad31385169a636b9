/** @file The families of students that are compared, and the sets that they are compared on. */
import type { TextSetName } from '../src/entries/data.js';
import type { DistillTextsOptions } from '../src/index.js';
import { TEACHERS } from './text-students.js';

type ScoredSplit = { readonly split: 'dev' | 'test'; readonly rows: number };

type SetEntry = {
  readonly title: string;
  /** The splits that are scored, together and in this order, with their rows; nothing is chosen on them. */
  readonly scored: readonly [ScoredSplit, ...ScoredSplit[]];
  readonly training: { readonly epochs: number; readonly learningRate: number; readonly seed: number };
  /** Whether the teacher is the mean of MiniLM and the linear model on n-grams. */
  readonly hasLinear?: true;
};

const ENTRIES = {
  trec: { title: 'TREC', scored: [{ split: 'test', rows: 500 }], training: TEACHERS.trec },
  banking77: {
    title: 'BANKING77',
    scored: [{ split: 'test', rows: 3080 }],
    training: TEACHERS.banking77,
    hasLinear: true,
  },
  sst2: {
    title: 'SST-2',
    scored: [
      { split: 'dev', rows: 872 },
      { split: 'test', rows: 1821 },
    ],
    training: TEACHERS.sst2,
  },
  mrpc: { title: 'MRPC', scored: [{ split: 'test', rows: 1725 }], training: TEACHERS.mrpc },
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

/** As many passes over training rows and pool. */
const PASSES = { sst2: { epochs: 2 }, trec: { epochs: 2 }, banking77: { epochs: 8 }, mrpc: { epochs: 8 } } as const;
/** Words and characters of the features, by the cross-entropy on an inner split. */
const FEATURES = { sst2: { ngrams: '1,3' }, banking77: { charNgrams: '2,4' } } as const;
const STATIC = { model: 'static', ngrams: '2', temperature: 1 } as const;
/** N-grams of tokens are learnt by heart on SST-2's phrases unless they are slowed down. */
const STATIC_BY_SET = {
  ...PASSES,
  sst2: { epochs: 3, buckets: 100_000, tokenDropout: 0.3, adamEpsilon: 1e-3, learningRate: 5e-4 },
} as const;
const BILSTM = { model: 'bilstm', temperature: 1 } as const;

const STUDENTS = {
  ngram: {
    title: 'n-grams, linear',
    settings: { model: 'ngram', temperature: 1 },
    bySet: FEATURES,
    hasBaseline: true,
  },
  'ngram-50k': {
    title: 'n-grams, linear, 50,000 features',
    settings: { model: 'ngram', features: 50_000, temperature: 1 },
    bySet: FEATURES,
    seeds: 3,
  },
  'static-nano': { title: 'static, nano', settings: { ...STATIC, size: 'nano' }, bySet: STATIC_BY_SET },
  'static-tiny': { title: 'static, tiny', settings: { ...STATIC, size: 'tiny' }, bySet: STATIC_BY_SET },
  'static-small': { title: 'static, small', settings: { ...STATIC, size: 'small' }, bySet: STATIC_BY_SET },
  'bilstm-nano': { title: 'BiLSTM, nano', settings: { ...BILSTM, size: 'nano' }, bySet: PASSES, seeds: 3 },
  'bilstm-tiny': { title: 'BiLSTM, tiny', settings: { ...BILSTM, size: 'tiny' }, bySet: PASSES },
  'bilstm-small': { title: 'BiLSTM, small', settings: { ...BILSTM, size: 'small' }, bySet: PASSES, seeds: 3 },
} as const satisfies Readonly<Record<string, FamilyEntry>>;

export type FamilyName = keyof typeof STUDENTS;
export const FAMILIES: Readonly<Record<FamilyName, FamilyEntry>> = STUDENTS;
