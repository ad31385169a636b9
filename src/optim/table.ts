import { adam } from './adam.js';
import { adamw } from './adamw.js';
import { sgd } from './sgd.js';

/** All update rules, by the name a user types. */
export const OPTIMIZERS = { sgd, adam, adamw } as const;
export type OptimizerName = keyof typeof OPTIMIZERS;
