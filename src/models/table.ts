/** @file All kinds of model, by the name under which checkpoints record them. */
import { bert } from './bert.js';
import { mlp } from './mlp.js';

export const MODELS = { mlp, bert } as const;
export type ModelKind = keyof typeof MODELS;
