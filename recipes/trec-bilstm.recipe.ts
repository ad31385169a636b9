/**
 * @file TREC's six kinds of question: MiniLM-L6 teaches a BiLSTM of width 150 that starts from its word embeddings (Hinton, T 2,
 * alpha 0.9) on all 5,452 questions, 5 paired seeds (8 are in the results), scored on the 500 of the test split.
 *
 *   RETORT_DATA=… npm run recipe -- trec-bilstm [--seeds N]
 */
import { BILSTM, runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe({ ...BILSTM, name: 'trec-bilstm', set: 'trec', split: 'test' }, args);
}
