/** @file The op table: every op of the engine by its name. Tests for gradients, shapes and kernels are made from it. */

import type { Op } from '../value.js';
import { gelu } from './activations.js';
import { and, cast, equal, greater, greaterOrEqual, less, lessOrEqual, not, or, where } from './compare.js';
import {
  abs,
  add,
  div,
  erf,
  exp,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sqrt,
  stopGradient,
  sub,
  tanh,
} from './elementwise.js';
import { gramSums } from './grams.js';
import { gateRows, gather, ngramBuckets, pick, positions, scatterRows } from './indexing.js';
import { lstm } from './lstm.js';
import { linearProduct, matmul } from './matmul.js';
import { layerNorm, logSoftmax, softmax } from './normalise.js';
import { randomBits } from './random.js';
import { argMax, largest, mean, reduceMax, reduceMin, sum } from './reduce.js';
import { scan } from './scan.js';
import { expand, expandLike, reshape, transpose } from './shaping.js';
import { concat, pad, padLike, slice } from './slicing.js';

export const OPS = {
  abs,
  add,
  and,
  argMax,
  cast,
  concat,
  div,
  equal,
  erf,
  exp,
  expand,
  expandLike,
  gateRows,
  gather,
  gelu,
  gramSums,
  greater,
  greaterOrEqual,
  largest,
  layerNorm,
  less,
  lessOrEqual,
  linearProduct,
  log,
  logSoftmax,
  lstm,
  matmul,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  ngramBuckets,
  not,
  or,
  pad,
  padLike,
  pick,
  positions,
  pow,
  randomBits,
  reciprocal,
  reduceMax,
  reduceMin,
  relu,
  reshape,
  scan,
  scatterRows,
  sigmoid,
  sign,
  slice,
  softmax,
  sqrt,
  stopGradient,
  sub,
  sum,
  tanh,
  transpose,
  where,
} as const satisfies Readonly<Record<string, { readonly op: Op }>>;

export type OpName = keyof typeof OPS;
