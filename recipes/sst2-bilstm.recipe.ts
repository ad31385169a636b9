/**
 * @file SST-2: MiniLM-L6 teaches a BiLSTM of width 150 that starts from its word embeddings (Hinton, T 2, alpha 0.9) on
 * 10,000 rows, 5 paired seeds.
 *
 *   RETORT_DATA=… npm run recipe -- sst2-bilstm [--full] [--seeds N]
 */
import { hinton } from '../src/methods/hinton.js';
import { bilstmFromTeacher } from '../src/models/bilstm-embeddings.js';
import { runTextRecipe } from './text-students.js';

export function main(args: readonly string[]): Promise<void> {
  return runTextRecipe(
    {
      name: 'sst2-bilstm',
      set: 'sst2',
      student: (pretrained, task, seed) =>
        bilstmFromTeacher(pretrained, pretrained.tokenizer, { seed, config: { num_labels: task.labelNames.length } }),
      start: 'BiLSTM of width 150, word embeddings of minilm-l6 by SVD',
      method: hinton({ alpha: 0.9 }),
      training: { epochs: 10, learningRate: 1e-3, batchSize: 64 },
      rows: 10_000,
      seeds: 5,
    },
    args,
  );
}
