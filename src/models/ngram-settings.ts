/** @file Which n-grams the settings of a start ask for. */
import { OptionError } from '../errors/failures.js';
import { fitNgrams, type NgramOptions, ngramDefaults, usualMinTexts } from '../tokenizers/fit-ngrams.js';
import type { NgramFeatures, NgramRange } from '../tokenizers/ngram-features.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { NO_NGRAMS } from './start-settings.js';
import type { ChosenStart } from './start-task.js';

/** The n-grams of these texts that the settings ask for. @param tokenizer where they are of pieces */
export function ngramsOf(
  texts: readonly string[],
  pairs: readonly string[] | undefined,
  settings: ChosenStart,
  tokenizer?: Tokenizer,
): NgramFeatures {
  const options = ngramOptions(settings);
  const isBounded = options.most !== undefined || options.buckets !== undefined;
  const minTexts = isBounded ? undefined : usualMinTexts(texts.length);
  return fitNgrams(texts, pairs, { ...options, minTexts, tokenizer });
}

/** @throws OptionError for settings that contradict each other. */
export function ngramOptions(settings: ChosenStart): NgramOptions {
  const { ngrams, units = 'words', vocabulary, charNgrams, features, buckets } = settings;
  if (vocabulary !== undefined && units !== 'pieces') {
    throw new OptionError({
      where: 'vocabulary',
      wanted: 'units pieces, since n-grams of words need no tokenizer',
      got: `units ${units}`,
      fix: 'add --units pieces, or leave it out',
    });
  }
  if (features !== undefined && buckets !== undefined) {
    throw new OptionError({
      where: 'features, buckets',
      wanted: 'at most one way to bound the features',
      got: `${features} and ${buckets}`,
      fix: 'leave one of them out',
    });
  }
  const words = rangeOf('ngrams', ngrams, ngramDefaults.words);
  const chars = rangeOf('charNgrams', charNgrams, ngramDefaults.chars);
  if (words === null && units === 'pieces') {
    throw new OptionError({
      where: 'ngrams',
      wanted: 'how many pieces an n-gram has, such as 1,2, where units are pieces',
      got: NO_NGRAMS,
      fix: 'leave units out',
    });
  }
  if (words === null && chars === null) {
    const wanted = 'n-grams of words, of characters, or of both';
    throw new OptionError({ where: 'ngrams, charNgrams', wanted, got: 'neither' });
  }
  return { words, chars, most: features, buckets };
}

/** `1,2`, or `2` for words or characters of that number alone. */
function rangeOf(where: string, given: string | undefined, usual: NgramRange): NgramRange | null {
  if (given === undefined) return usual;
  if (given === NO_NGRAMS) return null;
  const [least = 0, most = least] = given.split(',').map(Number);
  if (least >= 1 && most >= least) return [least, most];
  const wanted = `the least and the most n, from 1, such as ${usual.join()}, or ${NO_NGRAMS}`;
  throw new OptionError({ where, wanted, got: `'${given}'` });
}
