import { describe, expect, test } from 'vitest';
import { certificateSchema } from '../../src/certificates/certificate.schema.js';
import { certifiedScore, outputsOf, scoreToCertify } from '../../src/certificates/certified-score.js';
import { scoreAnswers } from '../../src/certificates/score.js';

const answer = (probabilities: readonly number[]) => ({ score: Math.max(...probabilities), probabilities });
const ranker = {
  signals: [
    { name: 'margin' as const, weight: 0.7, mean: 1 },
    { name: 'entropy' as const, weight: -0.4, mean: 0.5 },
    { name: 'distance' as const, weight: -0.2, mean: 2 },
  ],
  bias: -0.3,
  knownClasses: [{ logOdds: 1, centroid: Float64Array.of(1, -0.5, -0.5) }, null, { logOdds: 0, centroid: null }],
};

describe('certifiedScore', () => {
  test('is the probability of the label, or the ranker that was fitted, as a certificate keeps it', () => {
    expect(certifiedScore({ kind: 'max-probability' }, answer([0.2, 0.8]))).toBe(0.8);
    const kept = scoreToCertify({ temperature: 1, ranker });
    const read = certificateSchema.shape.score.parse(JSON.parse(JSON.stringify(kept)));
    const answers = [answer([0.7, 0.2, 0.1]), answer([0.1, 0.3, 0.6]), answer([0, 1, 0])];
    // Witness: the score of logits, of which these are the probabilities.
    const logits = Float32Array.from([0.7, 0.2, 0.1, 0.1, 0.3, 0.6], (p) => Math.log(p) + 3);
    const { scores } = scoreAnswers({ temperature: 1, ranker }, { logits, classes: 3 });
    for (const [row, wanted] of scores.entries()) {
      expect(certifiedScore(read, answers[row] ?? answer([]))).toBeCloseTo(wanted, 6);
    }
    // A probability of 0 has a score, too.
    expect(certifiedScore(read, answer([0, 1, 0]))).toBeGreaterThan(0.9);
    expect(outputsOf(answers, 3).logits.every(Number.isFinite)).toBe(true);
  });
});
