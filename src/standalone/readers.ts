/** @file What opens packed students, by their kind: each loaded when it is asked for. */
import type { Packed, Student } from './student.js';

export const READERS: Readonly<Record<string, () => Promise<{ readonly open: (packed: Packed) => Student }>>> = {
  ngram: () => import('./ngram-student.js'),
  static: () => import('./static-student.js'),
  bilstm: () => import('./bilstm-student.js'),
};
