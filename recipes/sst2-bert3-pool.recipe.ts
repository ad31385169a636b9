/**
 * @file SST-2: the student of `sst2-bert3`, with the other 57,349 training sentences as a pool: the teacher answers them, their
 * labels are not read. As many steps as there, so that no sentence is seen twice; `no-teacher` passes over its 10,000 rows three
 * times. More to learn from wants larger steps, for both: 2e-4 at most, in the range that Turc et al. (arXiv:1908.08962) search
 * for small BERTs. 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bert3-pool [--seeds N]
 */
import { BERT3, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  const training = { ...BERT3.training, epochs: 1, maxSteps: 939, learningRate: 2e-4 };
  return runTextRecipe(
    {
      ...BERT3,
      name: 'sst2-bert3-pool',
      set: 'sst2',
      rows: 10_000,
      pool: true,
      training,
      controls: ['no-teacher'],
    },
    args,
  );
}
