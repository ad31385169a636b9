/** @file All kinds of model, by the name under which checkpoints record them. */
import { bert } from './bert.js';
import { bilstm } from './bilstm.js';
import { distilbert } from './distilbert.js';
import { mlp } from './mlp.js';
import { multiTask } from './multi-task.js';
import { roberta } from './roberta.js';

export const MODELS = { mlp, bert, roberta, distilbert, bilstm, 'multi-task': multiTask } as const;
export type ModelKind = keyof typeof MODELS;
