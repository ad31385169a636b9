import { describe, expect, test } from 'vitest';
import { areaUnderRisk, chooseScore } from '../../src/certificates/fit-score.js';
import { scoreAnswers } from '../../src/certificates/score.js';
import { RandomStream } from '../../src/tensor/random.js';

/**
 * N rows of three classes. The student is as sure of class 2 as of the others, but a third of those answers are wrong, where of the
 * others one in twenty is.
 */
function rowsOf(count: number, seed: number, wrongOf = [0.05, 0.05, 1 / 3]) {
  const random = new RandomStream(seed, 'rows');
  const logits = new Float32Array(count * 3);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const answer = random.below(3);
    for (let c = 0; c < 3; c++) logits[row * 3 + c] = random.uniform() + (c === answer ? 2 : 0);
    labels[row] = random.uniform() < (wrongOf[answer] as number) ? (answer + 1) % 3 : answer;
  }
  return { outputs: { logits, classes: 3 }, labels };
}

const isWrongOf = (answers: Int32Array, labels: Int32Array) =>
  [...answers].map((answer, row) => answer !== labels[row]);

describe('chooseScore', () => {
  test('a ranker that sees which labels are unreliable is kept, and orders rows better that it has not seen', async () => {
    const choice = await chooseScore(rowsOf(900, 1));
    expect(choice).toMatchObject({ isRanker: true, rows: 900 });
    expect(choice.leftOut?.ranker).toBeLessThan(0.8 * (choice.leftOut?.maxProbability ?? 0));
    const fresh = rowsOf(4000, 2);
    const area = (score: typeof choice.score) => {
      const { answers, scores } = scoreAnswers(score, fresh.outputs);
      return areaUnderRisk(scores, isWrongOf(answers, fresh.labels));
    };
    expect(area(choice.score)).toBeLessThan(0.8 * area({ temperature: 1 }));
  });

  test('its scores are probabilities of being right', async () => {
    const { score } = await chooseScore(rowsOf(2000, 3));
    const fresh = rowsOf(6000, 4);
    const { answers, scores } = scoreAnswers(score, fresh.outputs);
    const isWrong = isWrongOf(answers, fresh.labels);
    const meanOf = (label: number) => {
      const own = [...answers.keys()].filter((row) => answers[row] === label);
      const right = own.filter((row) => !isWrong[row]).length / own.length;
      return [own.reduce((sum, row) => sum + (scores[row] as number), 0) / own.length, right] as const;
    };
    for (const label of [0, 1, 2]) {
      const [said, right] = meanOf(label);
      expect(Math.abs(said - right)).toBeLessThan(0.04);
    }
  });

  test('where the largest probability tells all, it stays', async () => {
    const { outputs } = rowsOf(1000, 5);
    const { answers, scores } = scoreAnswers({ temperature: 1 }, outputs);
    const median = scores.slice().sort()[200] as number;
    const labels = answers.map((answer, row) => ((scores[row] as number) < median ? (answer + 1) % 3 : answer));
    const choice = await chooseScore({ outputs, labels, temperature: 1.5 });
    expect(choice.score).toEqual({ temperature: 1.5 });
    expect(choice.wrong).toBe(200);
    expect(choice.leftOut?.ranker).toBeGreaterThanOrEqual(choice.leftOut?.maxProbability ?? 1);
  });

  test('fewer than 20 wrong answers fit nothing; rows without a label are none', async () => {
    const { outputs, labels } = rowsOf(400, 6, [0, 0, 0]);
    labels.fill(0, 0, 19).fill(-100, 19, 100);
    const choice = await chooseScore({ outputs, labels });
    expect(choice).toEqual({ score: { temperature: 1 }, isRanker: false, rows: 320 - 1, wrong: choice.wrong });
    expect(choice.wrong).toBeLessThan(20);
  });

  test('others that disagree on wrong answers are a signal; the same seed gives the same ranker', async () => {
    const { outputs, labels } = rowsOf(800, 7, [0.2, 0.2, 0.2]);
    const other = new Float32Array(800 * 3);
    for (const [row, label] of labels.entries()) other[row * 3 + label] = 3;
    const given = { outputs: { ...outputs, others: [other] }, labels, seed: 4 };
    const choice = await chooseScore(given);
    expect(choice.leftOut?.ranker).toBeLessThan(0.3 * (choice.leftOut?.maxProbability ?? 0));
    expect(choice.score.ranker?.signals.map(({ name }) => name)).toContain('spread');
    expect(await chooseScore(given)).toEqual(choice);
  });

  test('refuses labels that are not one per row', async () => {
    const { outputs, labels } = rowsOf(10, 8);
    await expect(chooseScore({ outputs, labels: labels.subarray(1) })).rejects.toThrow(/labels.*one per row, 10.*9/s);
  });
});

describe('areaUnderRisk', () => {
  test('is the mean of the risks of the first 1 … N rows', () => {
    // By hand: wrong is the second: 0, 1/2, 1/3, 1/4.
    expect(areaUnderRisk([4, 3, 2, 1], [false, true, false, false])).toBeCloseTo((1 / 2 + 1 / 3 + 1 / 4) / 4, 12);
  });

  test('rows of equal scores share their errors, in whatever order they come', () => {
    // By hand: one wrong in two of the same score: (1/2)/1, 1/2.
    expect(areaUnderRisk([1, 1], [true, false])).toBe(0.5);
    expect(areaUnderRisk([1, 1], [false, true])).toBe(0.5);
  });
});
