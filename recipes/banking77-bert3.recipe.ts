/**
 * @file BANKING77: MiniLM-L6 teaches its own first three layers (Hinton, T 2, alpha 0.5) on 5,000 of the 10,003
 * questions to a bank, 5 paired seeds, scored on the 3,080 of the test split. 77 classes want a larger learning rate than two:
 * 1e-4, the teacher too, which has all rows.
 *
 *   RETORT_DATA=… npm run recipe -- banking77-bert3 [--full] [--seeds N]
 */
import { BERT3, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe(
    {
      ...BERT3,
      name: 'banking77-bert3',
      set: 'banking77',
      split: 'test',
      teacher: { epochs: 5, learningRate: 1e-4 },
      training: { epochs: 4, learningRate: 1e-4, batchSize: 32 },
      rows: 5000,
    },
    args,
  );
}
