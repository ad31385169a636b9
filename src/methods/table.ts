/** @file All methods, by the names of the command line. */

import { bam } from './bam.js';
import { bornAgain } from './born-again.js';
import { decoupled } from './decoupled.js';
import { deepMutualLearning } from './deep-mutual-learning.js';
import type { AnyMethodFactory } from './define-method.js';
import { distilBert } from './distilbert.js';
import { hardLabels } from './hard-labels.js';
import { hinton } from './hinton.js';
import { miniLm } from './minilm.js';
import { mixKd } from './mixkd.js';
import { mtDnn } from './mt-dnn.js';
import { patientKd } from './pkd.js';
import { selfKd } from './self-kd.js';
import { supervised } from './supervised.js';
import { takd } from './takd.js';
import { tang } from './tang.js';
import { tinyBert } from './tinybert.js';
import { wellRead } from './well-read.js';

export const METHODS = {
  hinton,
  supervised,
  'hard-labels': hardLabels,
  bam,
  'born-again': bornAgain,
  decoupled,
  'deep-mutual-learning': deepMutualLearning,
  distilbert: distilBert,
  minilm: miniLm,
  mixkd: mixKd,
  'mt-dnn': mtDnn,
  pkd: patientKd,
  'self-kd': selfKd,
  takd,
  tang,
  tinybert: tinyBert,
  'well-read': wellRead,
} as const satisfies Readonly<Record<string, AnyMethodFactory>>;

export type MethodName = keyof typeof METHODS;
