/**
 * @file BANKING77: MiniLM-L6, fine-tuned on all 10,003 questions to a bank, teaches a BiLSTM of width 150 (Hinton, T 2, alpha 0.9)
 * on 5,000 of them, 5 paired seeds, scored on the 3,080 of the test split.
 *
 *   RETORT_DATA=… npm run recipe -- banking77-bilstm [--full] [--seeds N]
 */
import { BILSTM, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe({ ...BILSTM, name: 'banking77-bilstm', set: 'banking77', split: 'test', rows: 5000 }, args);
}
