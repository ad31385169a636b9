import { describe, expect, test } from 'vitest';
import { maskTokens } from '../../../src/data/masked-texts.js';
import { textDataset } from '../../../src/data/text-dataset.js';
import { withoutLabels } from '../../../src/data/text-table.js';
import { bert } from '../../../src/models/bert.js';
import { openForward } from '../../../src/models/forward.js';
import { answersAtPositions } from '../../../src/models/masked-positions.js';
import { initialiseParameters } from '../../../src/nn/parameters.js';
import { toNumbers } from '../../../src/tensor/tensor.js';
import { readPieces } from '../../../src/tokenizers/pieces.js';
import { openMaskedLmEvaluator } from '../../../src/training/evaluation/masked-lm-evaluator.js';
import { words, wordTable } from '../../data/words.js';

const model = bert({
  vocab_size: words.vocabularySize,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  initializer_range: 0.5,
  head: 'masked-lm',
});
const weights = initialiseParameters(model.parameters, 3);
const data = textDataset(withoutLabels(wordTable('dev', 70)), words, { model });
const pieces = await readPieces(words);
const at = { seed: 9, step: 0, part: 0 };

/** Witness: the plain encoder's logits at every token, and the figures from them by hand, in float64. */
async function byHand(rows: number) {
  const forward = await openForward(model, ['logits'], { threads: 1 });
  const batch = maskTokens({ pieces, answersAt: 'all' }).perturb(data.batch([...Array(rows).keys()]), at);
  const { logits } = await forward.run(weights, batch.inputs);
  await forward.release();
  const values = toNumbers(logits ?? { data: [] });
  const V = words.vocabularySize;
  let [loss, right, count] = [0, 0, 0];
  for (const [token, label] of toNumbers(batch.labels ?? { data: [] }).entries()) {
    if (label < 0) continue;
    const row = values.slice(token * V, (token + 1) * V);
    loss += Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - (row[label] as number);
    if (row.indexOf(Math.max(...row)) === label) right += 1;
    count += 1;
  }
  return { accuracy: right / count, loss: loss / count };
}

describe('openMaskedLmEvaluator', () => {
  test.each(['masked', 'all'] as const)('asked at %s, the figures are those of the logits', async (answersAt) => {
    const masking = maskTokens({ pieces, answersAt });
    const asked = answersAt === 'masked' ? answersAtPositions(model) : model;
    for (const rows of [70, 31]) {
      const evaluator = await openMaskedLmEvaluator({ model: asked, data, rows, masking, seed: at.seed, threads: 1 });
      const { metrics } = await evaluator.evaluate(weights);
      await evaluator.release();
      const { accuracy, loss } = await byHand(rows);
      expect(accuracy).toBeGreaterThan(0);
      expect(metrics.accuracy).toBeCloseTo(accuracy, 12);
      expect(Math.abs((metrics.loss ?? NaN) / loss - 1)).toBeLessThan(1e-6);
      expect(Math.abs((metrics.perplexity ?? NaN) / Math.exp(loss) - 1)).toBeLessThan(1e-5);
    }
  });
});
