/** @file Scoring a model that labels tokens: every token with a label counts as a row does elsewhere. */
import { batchesByLength } from '../../data/length-order.js';
import { OptionError } from '../../errors/failures.js';
import { checkedMetrics, metricsOf } from '../../metrics/measure.js';
import { classesOf, openForward } from '../../models/forward.js';
import { NO_LABEL } from '../../tensor/no-label.js';
import { type Evaluator, type EvaluatorOptions, expectFinite } from './evaluate.js';

/**
 * Opens a model that labels tokens on texts with labels [B, S]. It runs without dropout.
 * @throws OptionError for rows that are not texts, or a metric that is not of classes.
 */
export async function openTokenEvaluator(options: EvaluatorOptions): Promise<Pick<Evaluator, 'evaluate' | 'release'>> {
  const { model, data } = options;
  const rows = Math.min(options.rows ?? data.size, data.size);
  const lengths = data.text?.lengths.subarray(0, rows);
  if (lengths === undefined || rows < 1) {
    throw new OptionError({ where: data.name, wanted: 'at least one text to evaluate', got: String(rows) });
  }
  const classes = classesOf(model);
  const metrics = checkedMetrics(options.metrics, classes);
  const forward = await openForward(model, ['logits'], options);
  return {
    evaluate: async (weights) => {
      const logits: number[] = [];
      const labels: number[] = [];
      for (const numbers of batchesByLength(lengths)) {
        const batch = data.batch(numbers);
        const answers = (await forward.run(weights, batch.inputs)).logits?.data ?? []; // [B, S, C]
        for (const [token, label] of (batch.labels?.data ?? []).entries()) {
          if (Number(label) === NO_LABEL) continue;
          labels.push(Number(label));
          const own = Array.from({ length: classes }, (_, c) => Number(answers[token * classes + c]));
          expectFinite(own, data.name);
          logits.push(...own);
        }
      }
      const scored = { logits: Float32Array.from(logits), classes, labels: Int32Array.from(labels) };
      return { metrics: metricsOf(scored, metrics), rows };
    },
    release: () => forward.release(),
  };
}
