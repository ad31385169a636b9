/** @file All kinds of model, by the name under which checkpoints record them. */
import { bilstm } from './bilstm.js';
import { FAMILIES } from './families.js';
import { mlp } from './mlp.js';
import { multiTask } from './multi-task.js';
import { ngram } from './ngram.js';
import { staticModel } from './static-model.js';

export const MODELS = { mlp, ...FAMILIES, bilstm, ngram, static: staticModel, 'multi-task': multiTask } as const;
export type ModelKind = keyof typeof MODELS;
