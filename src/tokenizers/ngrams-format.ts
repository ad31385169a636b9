/** What the file of n-gram features is called, and what it says that it is. */
export const NGRAMS = 'ngrams.json';
export const NGRAMS_FORMAT = { name: 'retort-ngrams', version: 1 } as const;
