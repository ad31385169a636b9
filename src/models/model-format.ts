/** What `config.json` of a saved model says of itself. A change that older versions cannot read raises the number. */
export const MODEL_FORMAT = { name: 'retort-model', version: 1 } as const;
