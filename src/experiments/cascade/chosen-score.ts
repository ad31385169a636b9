/** @file What a threshold is set on, from rows that have no part in the proof. */
import { type CertifiedScore, outputsOf, scoreToCertify } from '../../certificates/certified-score.js';
import { chooseScore, type ScoreChoice } from '../../certificates/fit-score.js';
import { rareLabels } from '../../certificates/rare-labels.js';
import type { Answer, TextInput } from '../../inference/answer.js';
import type { Request } from './requests.js';

export type ChosenScore = {
  readonly score: CertifiedScore;
  /** How it was chosen: validation rows, how many are wrong, areas under risk by coverage; absent where nothing was fitted. */
  readonly fit?: Omit<ScoreChoice, 'score'>;
};

/** The probability of the label; with validation rows a ranker of several signals, where it orders rows better. */
export async function chosenScore(
  validation: readonly Request[],
  labels: readonly string[],
  answersTo: (inputs: readonly TextInput[]) => Promise<readonly Answer[]>,
): Promise<ChosenScore> {
  if (validation.length === 0) return { score: { kind: 'max-probability' } };
  const answers = await answersTo(validation.map(({ input }) => input));
  const right = Int32Array.from(validation, ({ choice = -1 }) => choice);
  const { score, ...fit } = await chooseScore({ outputs: outputsOf(answers, labels.length), labels: right });
  return { score: scoreToCertify(score), fit };
}

/** Fewer texts a label than these say too little of how many requests it has. */
const TEXTS_A_LABEL = 10;

/** Labels that too few calibration rows would have, by the answers to the texts of the scale; none where these are few. */
export function deferredLabels(
  scale: readonly Answer[],
  labels: readonly string[],
  { rows, fewest }: { readonly rows: number; readonly fewest: number },
): readonly string[] {
  if (fewest === 0 || scale.length < TEXTS_A_LABEL * labels.length) return [];
  const answers = scale.map(({ label }) => labels.indexOf(label));
  return rareLabels({ answers, classes: labels.length, rows, fewest }).map((label) => labels[label] as string);
}
