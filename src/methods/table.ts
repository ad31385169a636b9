/** @file All methods, by the names of the command line. */
import type { AnyMethodFactory } from './define-method.js';
import { hardLabels } from './hard-labels.js';
import { hinton } from './hinton.js';
import { supervised } from './supervised.js';

export const METHODS = { hinton, supervised, 'hard-labels': hardLabels } as const satisfies Readonly<
  Record<string, AnyMethodFactory>
>;

export type MethodName = keyof typeof METHODS;
