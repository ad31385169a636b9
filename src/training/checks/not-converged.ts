/** @file A linear model whose solver was ended by the number of its epochs: its weights are not those of the least loss. */
import { check } from './check.js';

export const notConverged = check('fit', {
  says: 'the convex solver ended before it was near the least loss',
  find: ({ converged, epochs, gap }) =>
    converged
      ? undefined
      : {
          text: `the linear fit has not converged: after ${epochs} epochs its loss may be ${(100 * gap).toPrecision(2)} % above the least`,
          fix: 'use a smaller strength, which is a stricter L2 penalty',
        },
});
