/** What the file of n-gram features is called, and what it says that it is. */
export const NGRAMS = 'ngrams.json';
export const NGRAMS_FORMAT = { name: 'retort-ngrams', version: 2 } as const;
/** What those of single texts have, and of pairs without shares: nothing that older versions cannot read. */
export const NGRAMS_WITHOUT_SHARES = 1;
