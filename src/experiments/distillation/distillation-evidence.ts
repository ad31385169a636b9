/** @file What a distillation's report shows besides scores: answers of the teacher and of two students, row by row. */
import type { Dataset } from '../../data/dataset.js';
import { targetsOf } from '../../data/targets.js';
import { shortened } from '../../errors/shortened.js';
import { loadModel } from '../../models/saved-model.js';
import { type Predictions, withEvaluator } from '../../training/evaluation/evaluate.js';
import { BY_TEACHER, evidenceOf, scoreEvidenceOf } from '../evidence.js';
import type { Evidence, EvidenceExample } from '../experiment-record.schema.js';

export type EvidenceSource = {
  readonly seed: number;
  /** The method's arm, and the one that it is compared with, if there is one. */
  readonly arm: string;
  readonly over?: string | undefined;
  /** Whether the rows have labels of their own. Else they are the teacher's predictions, and there is no table of how often it is right. */
  readonly isScored: boolean;
  /** The folder of an arm's run with that seed, which has kept its model. */
  readonly pathOf: (arm: string) => string;
};

/** @param teacher Its outputs for the evaluated rows, if it has them. */
export async function distillationEvidence(
  evaluation: Dataset,
  teacher: Predictions | undefined,
  { pathOf, ...pair }: EvidenceSource,
): Promise<Evidence> {
  const answers = new Map(teacher && [[BY_TEACHER, teacher]]);
  for (const arm of [pair.arm, pair.over]) {
    if (arm === undefined) continue;
    const { model, weights } = await loadModel(pathOf(arm));
    answers.set(arm, await withEvaluator({ model, data: evaluation }, (evaluator) => evaluator.predict(weights)));
  }
  const { labels, scores } = targetsOf(evaluation);
  const table = evaluation.text?.table;
  const exampleOf = (row: number): EvidenceExample => ({
    id: String(table?.ids[row] ?? row),
    ...((labels[row] as number) >= 0 && { label: labels[row] as number }),
    ...(scores && { score: scores[row] as number }),
    ...(table && { text: textOf(table.texts[row] ?? '', table.pairs?.[row]) }),
  });
  if (scores !== undefined) return scoreEvidenceOf({ ...pair, answers, scores, exampleOf });
  return evidenceOf({ ...pair, answers, classes: evaluation.labelNames, labels, exampleOf });
}

const SHOWN_LETTERS = 400;

/** The texts of a row, a line each, shortened by themselves: a long first one leaves the second its room. */
export function textOf(text: string, pair: string | undefined): string {
  const lines = pair === undefined ? [text] : [text, pair];
  return lines.map((one) => shortened(one, SHOWN_LETTERS)).join('\n');
}
