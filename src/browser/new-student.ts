/** @file Students before their first step, from the texts of a page and nothing else. */
import { OptionError } from '../errors/failures.js';
import { bilstm, bilstmDefaults } from '../models/bilstm.js';
import type { Model } from '../models/model.js';
import { newStudent } from '../models/new-student.js';
import { ngram } from '../models/ngram.js';
import { ngramsOf } from '../models/ngram-settings.js';
import type { StartSettings } from '../models/start-settings.js';
import type { ChosenStart, TextStart } from '../models/start-task.js';
import { staticModel } from '../models/static-model.js';
import { staticConfig } from '../models/static-settings.js';
import { studentFromVectors, type WordSizes } from '../models/vectors-start.js';
import { initialiseParameters } from '../nn/parameters.js';
import { defined } from '../options/given.js';
import { ngramRows } from '../tokenizers/ngram-rows.js';
import { vectorsIn } from '../tokenizers/word-vectors.js';
import { frequentWords, WORD_SPECIAL_TOKENS, wordTokenizer } from '../tokenizers/word-vocabulary.js';
import type { GivenTask } from './given-texts.js';

/** A text file of word vectors, such as GloVe's. */
export type GivenVectors = { readonly name: string; readonly bytes: Uint8Array };

type Sized = Pick<ChosenStart, (typeof STUDENT_SETTINGS)[number]> & {
  readonly seed: number;
  readonly vectors?: GivenVectors | undefined;
};

/** Of the settings of a start, those that a student of a page has. */
export const STUDENT_SETTINGS = [
  ...(['hidden', 'tokenDropout', 'ngrams', 'charNgrams', 'features', 'buckets'] as const),
  ...(['vocabularySize', 'embeddingSize'] as const),
] as const satisfies readonly (keyof StartSettings)[];

type Kind = {
  /** Of `Sized`; all others are refused. */
  readonly settings: readonly (keyof Sized)[];
  readonly make: (sized: Sized, task: GivenTask) => Promise<TextStart>;
};

const STUDENTS = {
  ngram: { settings: ['hidden', 'ngrams', 'charNgrams', 'features', 'buckets'], make: newNgramStudent },
  static: {
    settings: ['hidden', 'tokenDropout', 'ngrams', 'buckets', 'vocabularySize', 'embeddingSize', 'vectors'],
    make: (sized, task) => {
      const config = staticConfig(sized, headOf(task));
      return overWords(sized, task, (sizes) => staticModel({ ...config, ...sizes }));
    },
  },
  bilstm: {
    settings: ['hidden', 'vocabularySize', 'embeddingSize', 'vectors'],
    make: (sized, task) => {
      const { hidden = bilstmDefaults.hidden_size } = sized;
      const config = { hidden_size: hidden, num_labels: task.labelNames.length, is_pair: task.isPair };
      return overWords(sized, task, (sizes) => bilstm({ ...config, ...sizes }));
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type StudentKind = keyof typeof STUDENTS;

/** @throws OptionError for a kind that there is not, settings that are another kind's, or texts without words; FileError for vectors that are none. */
export async function startOf(kind: StudentKind, sized: Sized, task: GivenTask): Promise<TextStart> {
  if (!Object.hasOwn(STUDENTS, kind)) {
    throw new OptionError({ where: 'model', wanted: Object.keys(STUDENTS).join(', '), got: String(kind) });
  }
  const { settings, make }: Kind = STUDENTS[kind];
  const idle = ([...STUDENT_SETTINGS, 'vectors'] as const).find(
    (name) => sized[name] !== undefined && !settings.includes(name),
  );
  if (idle !== undefined) {
    const kinds = Object.entries<Kind>(STUDENTS).flatMap(([name, of]) => (of.settings.includes(idle) ? [name] : []));
    throw new OptionError({ where: idle, wanted: `model ${kinds.join(' or ')}`, got: kind, fix: 'leave it out' });
  }
  return make(sized, task);
}

function headOf({ labelNames, isPair }: GivenTask) {
  return { labelNames, isPair, isRegression: false };
}

async function newNgramStudent(sized: Sized, { train, labelNames }: GivenTask): Promise<TextStart> {
  const tokenizer = ngramRows(ngramsOf(train.texts, train.pairs, sized));
  const { hidden = 0, seed } = sized;
  const model = ngram({ vocab_size: tokenizer.vocabularySize, hidden_size: hidden, num_labels: labelNames.length });
  return { model, weights: initialiseParameters(model.parameters, seed), tokenizer };
}

/** A student over the frequent words of the training texts, at random or from vectors of a file. */
async function overWords(
  { seed, vocabularySize, embeddingSize, vectors }: Sized,
  { train }: GivenTask,
  modelOf: (sizes: Pick<WordSizes, 'vocab_size' | 'pad_token_id'> & Partial<WordSizes>) => Model,
): Promise<TextStart> {
  const texts = train.pairs === undefined ? train.texts : [...train.texts, ...train.pairs];
  const bound = vocabularySize === undefined ? {} : { maxWords: vocabularySize - WORD_SPECIAL_TOKENS.length };
  if (vectors !== undefined) {
    if (embeddingSize !== undefined) {
      const wanted = `no size, since vectors of ${vectors.name} are as wide as they are`;
      throw new OptionError({ where: 'embeddingSize', wanted, got: String(embeddingSize), fix: 'leave it out' });
    }
    return studentFromVectors(vectorsIn(vectors.name, vectors.bytes), { seed, texts, ...bound }, modelOf);
  }
  const words = frequentWords(texts, bound);
  if (words.length === 0) {
    throw new OptionError({ where: 'texts', wanted: 'words that occur twice', got: 'none', fix: 'give more texts' });
  }
  const tokenizer = wordTokenizer(words);
  const { vocabularySize: vocab_size, padId: pad_token_id } = tokenizer;
  const model = modelOf({ vocab_size, pad_token_id, ...defined({ embedding_size: embeddingSize }) });
  return newStudent({ model, tokenizer, seed }, () => ({}));
}
