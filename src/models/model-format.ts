/** What `config.json` of a saved model says of itself. A change that older versions cannot read raises the number. */
export const MODEL_FORMAT = { name: 'retort-model', version: 1 } as const;

/** Kinds of model that read images, known without loading what makes them; all others read texts. */
export const IMAGE_KINDS: ReadonlySet<string> = new Set(['mlp']);
