/** What the file of n-gram features is called, and what it says that it is. */
export const NGRAMS = 'ngrams.json';
export const NGRAMS_FORMAT = { name: 'retort-ngrams', version: 3 } as const;
/** What those of words and characters have, with shares of pairs and without: nothing that older versions cannot read. */
export const NGRAMS_WITH_SHARES = 2;
export const NGRAMS_WITHOUT_SHARES = 1;
/** N-grams of a million texts have less. */
export const MAX_NGRAMS_BYTES = 256 * 2 ** 20;
