/** @file The vocabulary that a new model reads, and the embeddings it starts from: an encoder's, or a file of word vectors. */
import { stat } from 'node:fs/promises';
import { OptionError } from '../errors/failures.js';
import { formatCount } from '../errors/number-text.js';
import { type SmallerVocabulary, smallerVocabulary } from '../tokenizers/smaller-vocabulary.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { type OpenedModel, openAnyModel } from './any-model.js';
import { findOnHub } from './find-on-hub.js';
import { MODEL_SIZES, type ModelSize } from './model-sizes.js';
import { loadModelTokenizer } from './model-tokenizer.js';
import { START_SETTINGS } from './start-settings.js';
import type { ChosenStart, StartEvents, StartTask } from './start-task.js';

/** Settings of it. */
export const VOCABULARY_SETTINGS = ['vocabulary', 'size', 'vocabularySize', 'embeddingSize'] as const;

export type StartVocabulary =
  | { readonly kind: 'file'; readonly path: string; readonly texts: readonly string[]; readonly maxWords?: number }
  | {
      readonly kind: 'encoder';
      readonly encoder: OpenedModel;
      readonly tokenizer: Tokenizer;
      readonly smaller?: SmallerVocabulary;
    };

/** The sizes that are asked for, one by one or by name. */
export function sizesOf({ size, vocabularySize, embeddingSize }: ChosenStart): Partial<ModelSize> {
  const named = size === undefined ? {} : MODEL_SIZES[size];
  return {
    ...named,
    ...(vocabularySize !== undefined && { vocabularySize }),
    ...(embeddingSize !== undefined && { embeddingSize }),
  };
}

/** @throws as `openAnyModel` and `smallerVocabulary` do; OptionError for another width than that of a file's vectors. */
export async function openVocabulary(
  settings: ChosenStart,
  task: StartTask,
  events: StartEvents,
): Promise<StartVocabulary> {
  const { vocabulary = START_SETTINGS.model.default } = settings;
  const { onNotice = () => {} } = events;
  const { vocabularySize, embeddingSize } = sizesOf(settings);
  const texts = joined([task.train, task.transfer].flatMap((set) => [set?.texts ?? [], set?.pairs ?? []]));
  if (await isFile(vocabulary)) {
    if (embeddingSize !== undefined) {
      const wanted = `no size, since vectors of ${vocabulary} are as wide as they are`;
      const fix = 'leave it out, or start from an encoder';
      throw new OptionError({ where: 'embedding_size', wanted, got: String(embeddingSize), fix });
    }
    const maxWords = vocabularySize === undefined ? {} : { maxWords: vocabularySize };
    return { kind: 'file', path: vocabulary, texts: joined([task.train.texts, task.train.pairs ?? []]), ...maxWords };
  }
  const encoder = await openAnyModel(vocabulary, {
    find: findOnHub(events),
    onNotice,
    head: 'classification',
    newHead: true,
  });
  const tokenizer = await loadModelTokenizer(encoder);
  const isSmaller = vocabularySize !== undefined && vocabularySize < tokenizer.vocabularySize;
  return {
    kind: 'encoder',
    encoder,
    tokenizer,
    ...(isSmaller && { smaller: await smallerVocabulary(tokenizer, texts, vocabularySize) }),
  };
}

/** Texts one after the other; a single column as it is, for a million of its strings would be made here at once. */
function joined(columns: readonly (readonly string[])[]): readonly string[] {
  const [only = [], ...more] = columns.filter(({ length }) => length > 0);
  return more.length === 0 ? only : [only, ...more].flat();
}

/** Tells of words that a file of vectors lacks. */
export function tellWithout(
  { withoutVector, tokenizer }: { readonly withoutVector: readonly string[]; readonly tokenizer: Tokenizer },
  path: string,
  { onNotice }: StartEvents,
): void {
  if (withoutVector.length === 0) return;
  const total = formatCount(tokenizer.vocabularySize);
  onNotice?.(`${formatCount(withoutVector.length)} of ${total} words have no vector in ${path}: these start at random`);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
