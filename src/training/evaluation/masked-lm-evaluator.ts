/** @file Scoring a masked language model: how many hidden words it guesses, and how sure it is of the right ones. */
import { toProgram } from '../../autograd/lower.js';
import { and, cast, equal, greaterOrEqual } from '../../autograd/ops/compare.js';
import { argMax } from '../../autograd/ops/reduce.js';
import { input } from '../../autograd/value.js';
import { batchesByLength } from '../../data/length-order.js';
import type { Perturbation } from '../../data/perturbation.js';
import { OptionError } from '../../errors/failures.js';
import { crossEntropy } from '../../losses/cross-entropy.js';
import { rowLoss } from '../../losses/row-loss.js';
import { evaluationContext } from '../../nn/context.js';
import { inputParameters } from '../../nn/parameters.js';
import { openSession } from '../../runtime/session.js';
import { type Tensor, toNumbers } from '../../tensor/tensor.js';
import { type Evaluator, type EvaluatorOptions, expectFinite } from './evaluate.js';

/** Step 0 is none of the training's: the same words are hidden at each evaluation. */
const EVALUATION_STEP = 0;

export type MaskedLmEvaluatorOptions = EvaluatorOptions & {
  readonly masking: Perturbation;
  /** Of what is hidden. */
  readonly seed: number;
};

/**
 * Opens a masked language model on texts: `accuracy` of its guesses of hidden words, their mean cross-entropy as `loss` in
 * nats, and `perplexity`, e to that. It runs without dropout.
 * @throws OptionError for a data set without rows, or without texts.
 */
export async function openMaskedLmEvaluator(
  options: MaskedLmEvaluatorOptions,
): Promise<Pick<Evaluator, 'evaluate' | 'release'>> {
  const { model, data, masking, seed } = options;
  const rows = Math.min(options.rows ?? data.size, data.size);
  const lengths = data.text?.lengths.subarray(0, rows);
  if (lengths === undefined || !(Number.isInteger(rows) && rows >= 1)) {
    throw new OptionError({ where: data.name, wanted: 'at least one text to evaluate', got: String(rows) });
  }
  const inputs = model.inputs({ B: 'N', S: 'S' });
  const values = inputs.map(({ name, dtype, shape }) => [name, input(name, dtype, shape)] as const);
  const { logits } = model.forward(evaluationContext(inputParameters(model.parameters)), Object.fromEntries(values));
  const labels = input('labels', 'int64', logits.shape.slice(0, -1)); // [N, P]
  const isRight = and(equal(argMax(logits, { axis: -1 }), labels), greaterOrEqual(labels, 0));
  const { sum, count } = crossEntropy(logits, labels);
  const { sum: right } = rowLoss(cast(isRight, { to: 'float32' })); // [N, P] -> [N]
  const session = await openSession(toProgram({ outputs: { sum, count, right }, form: 'export' }), {
    threads: options.threads,
    device: options.device,
  });
  const read = new Set(session.inputs.map(({ name }) => name));
  return {
    evaluate: async (weights) => {
      const totals = { sum: 0, count: 0, right: 0 };
      for (const numbers of batchesByLength(lengths)) {
        const batch = masking.perturb(data.batch(numbers), { seed, step: EVALUATION_STEP, part: 0 });
        const fed: Record<string, Tensor> = { ...weights, ...batch.inputs };
        if (batch.labels !== undefined) fed.labels = batch.labels;
        const found = await session.run(Object.fromEntries(Object.entries(fed).filter(([name]) => read.has(name))));
        for (const name of ['sum', 'count', 'right'] as const) totals[name] += total(found[name]);
      }
      expectFinite([totals.sum], data.name);
      if (totals.count === 0) return { metrics: {}, rows };
      const loss = totals.sum / totals.count;
      return { metrics: { accuracy: totals.right / totals.count, loss, perplexity: Math.exp(loss) }, rows };
    },
    release: () => session.release(),
  };
}

function total(values: Tensor | undefined): number {
  return toNumbers(values ?? { data: [] }).reduce((sum, value) => sum + value, 0);
}
