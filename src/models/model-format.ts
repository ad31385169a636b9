/** What `config.json` of a saved model says of itself. A change that older versions cannot read raises the number: 2 has `readAs`, 3 `question`. */
export const MODEL_FORMAT = { name: 'retort-model', version: 3 } as const;

/** Kinds of model that read images, known without loading what makes them; all others read texts. */
export const IMAGE_KINDS: ReadonlySet<string> = new Set(['mlp']);

/** The same of `calibration.json` beside it. */
export const CALIBRATION_FORMAT = { name: 'retort-calibration', version: 1 } as const;
