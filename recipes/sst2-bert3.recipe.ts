/**
 * @file SST-2: MiniLM-L6 teaches its own first three layers (Hinton, T 2, alpha 0.5) on 10,000 rows, 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bert3 [--full] [--seeds N]
 */
import { hinton } from '../src/methods/hinton.js';
import { firstLayers } from '../src/models/chosen-layers.js';
import { withHeadFor } from '../src/training/fine-tune.js';
import { runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe(
    {
      name: 'sst2-bert3',
      set: 'sst2',
      student: (pretrained, task, seed) => firstLayers(withHeadFor(pretrained, task, seed), 3),
      start: 'first 3 layers of minilm-l6',
      method: hinton(),
      training: { epochs: 3, learningRate: 5e-5, batchSize: 32 },
      rows: 10_000,
      seeds: 5,
    },
    args,
  );
}
