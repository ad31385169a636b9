/** @file The parts of the page, in their order; the first is shown first. */
import type { Part } from '../part.js';

export const PARTS: readonly Part[] = [
  { name: 'primer', title: 'The primer, live', load: () => import('./primer.js') },
  { name: 'train', title: 'Train in the tab', load: () => import('./train.js') },
  { name: 'distil', title: 'Distil in the tab', load: () => import('./distil.js') },
  { name: 'student', title: 'Your student', load: () => import('./student.js') },
];
