/** @file The config of a static model by the settings of a start. */
import { OptionError } from '../errors/failures.js';
import { NO_NGRAMS } from './start-settings.js';
import { type ChosenStart, headLabels, type StartTask } from './start-task.js';
import { type StaticConfig, staticDefaults } from './static-model.js';

/** Of n-grams, where nobody says how many. */
const BUCKETS = 50_000;
/** Tokens of an n-gram at most: few longer ones come twice. */
const LONGEST = 8;

/** All but its vocabulary. @throws OptionError as `staticNgrams`. */
export function staticConfig(settings: ChosenStart, task: Pick<StartTask, 'isRegression' | 'labelNames' | 'isPair'>) {
  const { hidden, tokenDropout = staticDefaults.token_dropout } = settings;
  return {
    hidden_sizes: hidden === undefined ? staticDefaults.hidden_sizes : hidden === 0 ? [] : [hidden],
    token_dropout: tokenDropout,
    ...staticNgrams(settings),
    num_labels: headLabels(task).length,
    is_pair: task.isPair,
  };
}

/** `2,3`, or `2` for that alone. @throws OptionError for a range that is none, or buckets without n-grams. */
export function staticNgrams({
  ngrams = NO_NGRAMS,
  buckets,
}: ChosenStart): Pick<StaticConfig, 'ngram_sizes' | 'ngram_buckets'> {
  if (ngrams === NO_NGRAMS) {
    if (buckets === undefined) return { ngram_sizes: [], ngram_buckets: 0 };
    const wanted = 'nothing, since a static model without --ngrams has none to hash';
    throw new OptionError({ where: 'buckets', wanted, got: String(buckets), fix: 'add --ngrams 2, or leave it out' });
  }
  const [least = 0, most = least] = ngrams.split(',').map(Number);
  if (least >= 2 && most >= least && most <= LONGEST) {
    const ngram_sizes = Array.from({ length: most - least + 1 }, (_, i) => least + i);
    return { ngram_sizes, ngram_buckets: buckets ?? BUCKETS };
  }
  const wanted = `the least and the most n, from 2 to ${LONGEST} for a static model, such as 2,3, or ${NO_NGRAMS}`;
  throw new OptionError({ where: 'ngrams', wanted, got: `'${ngrams}'` });
}
