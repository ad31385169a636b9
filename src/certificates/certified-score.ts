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

/** From 0 to 1, the surer the higher; labels that are left to the teacher are the caller's to know. */
export function certifiedScore(score: CertifiedScore, answer: Answered): number {
  if (score.kind === 'max-probability') return answer.score;
  const { kind: _, ...ranker } = score;
  const { scores } = scoreAnswers({ temperature: 1, ranker }, outputsOf([answer], answer.probabilities.length));
  return scores[0] as number;
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
