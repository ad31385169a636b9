/**
 * @file SST-2: MiniLM-L6 teaches its own first three layers (Hinton, T 2, alpha 0.5) on 10,000 rows, 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bert3 [--full] [--seeds N]
 */
import { BERT3, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe({ ...BERT3, name: 'sst2-bert3', set: 'sst2', rows: 10_000 }, args);
}
