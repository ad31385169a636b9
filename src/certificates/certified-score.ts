/** @file The score of an answer as a certificate names it: the same function for whoever certifies and whoever serves. */
import type { Certificate } from './certificate.schema.js';
import { type AnswerScore, scoreAnswers } from './score.js';
import type { StudentOutputs } from './signals.js';

export type CertifiedScore = Certificate['score'];

/** As much of an answer as is looked at. */
export type Answered = {
  /** The probability of its label. */
  readonly score: number;
  /** In the order of the labels. */
  readonly probabilities: readonly number[];
};

/** What a probability of 0 is taken for. */
const LEAST = -700;

/** Probabilities as logits: their logarithms, which are the student's own but for what is the same for all of a row. */
export function outputsOf(answers: readonly Answered[], classes: number): StudentOutputs {
  const logits = new Float32Array(answers.length * classes);
  for (const [row, { probabilities }] of answers.entries()) {
    for (const [c, p] of probabilities.entries()) logits[row * classes + c] = Math.max(Math.log(p), LEAST);
  }
  return { logits, classes };
}

/** From 0 to 1, the surer the higher, whatever the label. */
export function certifiedScore(score: CertifiedScore, answer: Answered): number {
  if (score.kind === 'max-probability') return answer.score;
  const { kind: _, ...ranker } = score;
  const { scores } = scoreAnswers({ temperature: 1, ranker }, outputsOf([answer], answer.probabilities.length));
  return scores[0] as number;
}

/** What a threshold is held against: the score, or -Infinity for a label that is left to the teacher. */
export function keptScore(
  { score, deferredLabels }: Pick<Certificate, 'score' | 'deferredLabels'>,
  answer: Answered & { readonly label: string },
): number {
  return deferredLabels.includes(answer.label) ? -Infinity : certifiedScore(score, answer);
}

/** Whether the student keeps a request with this answer. */
export function keepsAnswer(
  rule: Pick<Certificate, 'score' | 'deferredLabels' | 'threshold'>,
  answer: Answered & { readonly label: string },
): boolean {
  return keptScore(rule, answer) >= rule.threshold;
}

/** Whether a score looks at other students' answers besides (the signal `spread`): one student alone cannot be scored by it. */
export function needsOthers(score: CertifiedScore): boolean {
  return score.kind === 'ranker' && score.signals.some(({ name }) => name === 'spread');
}

/** A fitted score as a certificate has it. */
export function scoreToCertify({ ranker }: AnswerScore): CertifiedScore {
  if (ranker === undefined) return { kind: 'max-probability' };
  const { signals, bias, knownClasses } = ranker;
  return {
    kind: 'ranker',
    signals: signals.map((signal) => ({ ...signal })),
    bias,
    knownClasses: knownClasses.map(
      (known) => known && { logOdds: known.logOdds, centroid: known.centroid && Array.from(known.centroid) },
    ),
  };
}
