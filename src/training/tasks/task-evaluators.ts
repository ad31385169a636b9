/** @file Scoring a model of several tasks: each task as the ordinary model that it is, in its own scores. */
import type { Dataset } from '../../data/dataset.js';
import type { MetricName } from '../../metrics/table.js';
import type { Model, Weights } from '../../models/model.js';
import { modelOfTask, taskModel } from '../../models/multi-task.js';
import type { SessionOptions } from '../../runtime/backend.js';
import { type Evaluator, openEvaluator } from '../evaluation/evaluate.js';
import { openTokenEvaluator } from '../evaluation/evaluate-tokens.js';

/** The mean over the tasks of each one's first metric. */
export const MEAN = 'mean';

type EvaluatedTask = {
  readonly name: string;
  readonly data: { readonly evaluation?: Dataset };
  readonly metrics?: readonly MetricName[];
};

/** Opens an evaluator for each task that has rows for it. Metrics are named `TASK.METRIC`. @throws as `openEvaluator`. */
export async function openTaskEvaluators(
  whole: Model,
  tasks: readonly EvaluatedTask[],
  { threads, device }: Pick<SessionOptions, 'threads' | 'device'>,
): Promise<Pick<Evaluator, 'evaluate' | 'release'>> {
  const opened = new Map<string, Pick<Evaluator, 'evaluate' | 'release'>>();
  const release = async () => {
    for (const evaluator of opened.values()) await evaluator.release();
  };
  try {
    for (const { name, data, metrics } of tasks) {
      if (data.evaluation === undefined) continue;
      const model = modelOfTask(whole, name);
      const open = model.config.head === 'tokens' ? openTokenEvaluator : openEvaluator;
      opened.set(name, await open({ model, data: data.evaluation, metrics, threads, device }));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return {
    evaluate: async (weights: Weights) => {
      const metrics: Record<string, number> = {};
      const firsts: number[] = [];
      let rows = 0;
      for (const [name, evaluator] of opened) {
        const own = await evaluator.evaluate(taskModel({ model: whole, weights }, name).weights);
        for (const [metric, value] of Object.entries(own.metrics)) metrics[`${name}.${metric}`] = value;
        const [first] = Object.values(own.metrics);
        if (first !== undefined) firsts.push(first);
        rows += own.rows;
      }
      const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
      return { metrics: firsts.length === 0 ? metrics : { [MEAN]: mean, ...metrics }, rows };
    },
    release,
  };
}
