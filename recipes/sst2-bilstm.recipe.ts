/**
 * @file SST-2: MiniLM-L6 teaches a BiLSTM of width 150 that starts from its word embeddings (Hinton, T 2, alpha 0.9) on
 * 10,000 rows, 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bilstm [--full] [--seeds N]
 */
import { BILSTM, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe({ ...BILSTM, name: 'sst2-bilstm', set: 'sst2', rows: 10_000 }, args);
}
