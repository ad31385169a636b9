import { describe, expect, test } from 'vitest';
import { type AnswerScore, type Ranker, scoreAnswers } from '../../src/certificates/score.js';
import { rowView, SIGNALS, type SignalName, type StudentOutputs } from '../../src/certificates/signals.js';

/** Of probabilities 1/2, 1/4, 1/4 and 1/8, 3/4, 1/8. */
const logits = Float32Array.from([4, 2, 2, 1, 6, 1].map(Math.log));
const outputs: StudentOutputs = { logits, classes: 3 };

/** log-odds of the score itself. */
const logOdds = (score = 0.5) => Math.log(score / (1 - score));
const rankerOf = (name: SignalName, more: Partial<Ranker> = {}): Ranker => ({
  signals: [{ name, weight: 2, mean: 7 }],
  bias: 0.25,
  knownClasses: [null, null, null],
  ...more,
});

describe('scoreAnswers', () => {
  test('without a ranker the score is the largest probability under the temperature', () => {
    const { answers, scores } = scoreAnswers({ temperature: 1 }, outputs);
    expect([...answers]).toEqual([0, 1]);
    expect([...scores].map((score) => score.toFixed(6))).toEqual(['0.500000', '0.750000']);
    // By hand: √4 / (√4 + 2 √2), √6 / (√6 + 2).
    const cool = scoreAnswers({ temperature: 2 }, outputs).scores;
    expect(cool[0]).toBeCloseTo(2 / (2 + 2 * Math.SQRT2), 6);
    expect(cool[1]).toBeCloseTo(Math.sqrt(6) / (Math.sqrt(6) + 2), 6);
  });

  test('a ranker adds up its signals to the log-odds of the score', () => {
    const { scores } = scoreAnswers({ temperature: 1, ranker: rankerOf('margin') }, outputs);
    expect(logOdds(scores[0])).toBeCloseTo(0.25 + 2 * Math.log(2), 6);
    expect(logOdds(scores[1])).toBeCloseTo(0.25 + 2 * Math.log(6), 6);
  });

  test('a signal that says nothing of a row takes its mean', () => {
    const knownClasses = [null, { logOdds: 3, centroid: null }, null];
    const { scores } = scoreAnswers({ temperature: 1, ranker: rankerOf('label', { knownClasses }) }, outputs);
    expect(logOdds(scores[0])).toBeCloseTo(0.25 + 2 * 7, 4);
    expect(logOdds(scores[1])).toBeCloseTo(0.25 + 2 * 3, 4);
  });

  test('answers of a deferred class are the teacher’s, whatever their probability', () => {
    const { answers, scores } = scoreAnswers({ temperature: 1, deferred: [1] }, outputs);
    expect([...answers]).toEqual([0, 1]);
    expect(scores[1]).toBe(-Infinity);
    expect(scores[0]).toBeCloseTo(0.5, 6);
  });

  test('a score survives JSON to the last bit', () => {
    const knownClasses = [{ logOdds: 1 / 3, centroid: [0.1234, -0.1, 0] }, null, null];
    const ranker = { ...rankerOf('distance', { knownClasses }), bias: 1 / 7 };
    const score: AnswerScore = { temperature: 1.1, ranker, deferred: [2] };
    const read = JSON.parse(JSON.stringify(score)) as AnswerScore;
    expect(read).toEqual(score);
    expect(scoreAnswers(read, outputs)).toEqual(scoreAnswers(score, outputs));
  });

  test.each<[string, AnswerScore, StudentOutputs, RegExp]>([
    ['half a row', { temperature: 1 }, { logits: logits.subarray(1), classes: 3 }, /logits.*multiple of 3.*5/s],
    ['one class', { temperature: 1 }, { logits, classes: 1 }, /classes.*integer ≥ 2.*1/s],
    ['no temperature', { temperature: 0 }, outputs, /temperature.*> 0.*0/s],
    ['a deferred class that is none', { temperature: 1, deferred: [3] }, outputs, /3 classes.*label 3 deferred/s],
    [
      'a ranker of other classes',
      { temperature: 1, ranker: rankerOf('label', { knownClasses: [null] }) },
      outputs,
      /a student of 3 classes.*one of 1/s,
    ],
    ['spread of none', { temperature: 1, ranker: rankerOf('spread') }, outputs, /one at least, for its spread.*none/s],
    [
      'other students on other rows',
      { temperature: 1 },
      { ...outputs, others: [logits.subarray(3)] },
      /logits of other students.*as many.*6.*3/s,
    ],
  ])('refuses %s', (_name, score, given, message) => {
    expect(() => scoreAnswers(score, given)).toThrow(message);
  });
});

describe('SIGNALS', () => {
  const known = { logOdds: 1.5, centroid: [1, 0, -1] };
  const others = [
    Float32Array.from([1, 1, 2, 1, 1, 2].map(Math.log)),
    Float32Array.from([3, 1, 0.001, 1, 1, 1].map(Math.log)),
  ];
  const row = rowView({ ...outputs, others }, 0, 1, [known, null, null]);
  // Centred logarithms of 1/2, 1/4, 1/4 are 2/3, -1/3 and -1/3 of log 2.
  const centre = [2 / 3, -1 / 3, -1 / 3].map((part) => part * Math.log(2));
  const far = Math.sqrt(((centre[0]! - 1) ** 2 + centre[1]! ** 2 + (centre[2]! + 1) ** 2) / 3);

  test.each<[SignalName, number]>([
    ['max-probability', 0],
    ['margin', Math.log(2)],
    ['entropy', 1.5 * Math.log(2)],
    ['distance', far],
    ['label', 1.5],
    ['spread', -Math.log((1 / 4 + 3 / 4.001) / 2)],
  ])('%s is what its formula says', (name, value) => {
    expect(SIGNALS[name].read(row)).toBeCloseTo(value, 6);
  });

  test('distance and label say nothing of a class that was not met, distance of one that was never right', () => {
    const unmet = rowView(outputs, 1, 1, [known, null, null]);
    const wrong = rowView(outputs, 1, 1, [known, { logOdds: 0, centroid: null }, null]);
    expect([SIGNALS.distance.read(unmet), SIGNALS.label.read(unmet)]).toEqual([NaN, NaN]);
    expect([SIGNALS.distance.read(wrong), SIGNALS.label.read(wrong)]).toEqual([NaN, 0]);
  });
});
