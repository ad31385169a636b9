/**
 * @file SST-2: the BiLSTM of `sst2-bilstm`, with the other 57,349 training sentences as a pool: the teacher answers them, their
 * labels are not read. Three epochs of both together; `no-teacher` takes as many steps. 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bilstm-pool [--seeds N]
 */
import { BILSTM, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  const training = { ...BILSTM.training, epochs: 3 };
  return runTextRecipe(
    { ...BILSTM, name: 'sst2-bilstm-pool', set: 'sst2', rows: 10_000, pool: true, training, controls: ['no-teacher'] },
    args,
  );
}
