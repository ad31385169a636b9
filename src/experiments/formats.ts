/** What the files of an experiment say of themselves. A change that older versions cannot read raises the number. */
export const RESULTS_FORMAT = { name: 'retort-results', version: 3 } as const;
export const RECORD_FORMAT = { name: 'retort-experiment', version: 3 } as const;
/** From this version on, each line and record has a checksum of its own. */
export const SEALED_VERSION = 3;

/** Where an experiment's finished runs are, beside its record. */
export const RESULTS = 'results.jsonl';
