/**
 * @file SST-2: the student of `sst2-bert3`, with the other 57,349 training sentences as a pool: the teacher answers them, their
 * labels are not read. As many steps as there, so that most sentences are seen once or not at all; `no-teacher` passes over its
 * 10,000 rows three times. 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bert3-pool [--seeds N]
 */
import { BERT3, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  const training = { ...BERT3.training, epochs: 1, maxSteps: 939 };
  return runTextRecipe(
    { ...BERT3, name: 'sst2-bert3-pool', set: 'sst2', rows: 10_000, pool: true, training, controls: ['no-teacher'] },
    args,
  );
}
