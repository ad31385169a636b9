/** What the files of an experiment say of themselves. A change that older versions cannot read raises the number. */
export const RESULTS_FORMAT = { name: 'retort-results', version: 3 } as const;
export const EXPERIMENT_FORMAT = { name: 'retort-experiment', version: 3 } as const;
/** From this version on, each line and record has a checksum of its own. */
export const SEALED_EXPERIMENT_VERSION = 3;

/** An experiment's record, and where its finished runs are beside it. */
export const RECORD = 'experiment.json';
export const RESULTS = 'results.jsonl';

/** Where a distillation keeps the teacher's outputs, below its own folder. */
export const ANSWERS_FOLDER = 'answers';
