import { describe, expect, test } from 'vitest';
import { type AnswerToken, readAnswer } from '../../../src/outside/chat/answer-reading.js';
import { LabelWords } from '../../../src/outside/chat/label-words.js';

const words = new LabelWords(['no', 'not sure', 'yes'], { yes: ['yes', 'right', 'yeah'] });
const cards = new LabelWords(['card_arrival', 'card_linking', 'top_up_fee', 'top_up_limit']);

/** What an answer of these tokens says, as probabilities. */
function read(of: LabelWords, places: readonly (readonly [string, Readonly<Record<string, number>>])[], isCut = false) {
  const tokens: AnswerToken[] = places.map(([token, likely]) => [
    token,
    Object.entries(likely).map(([other, p]) => [other, Math.log(p)]),
  ]);
  const text = places.map(([token]) => token).join('');
  const reading = readAnswer(of, { text, isCut }, tokens);
  if (reading?.kind !== 'logprobs') return reading;
  const digits = (value: number | undefined) => value && Number(value.toFixed(9));
  return {
    probabilities: reading.logProbs.map((value) => digits(value && Math.exp(value))),
    outside: digits(reading.outside),
  };
}

// Each expected number is the product of the tokens' probabilities, by hand.
describe('readAnswer', () => {
  test('synonyms, spaces and case add up; beginnings count where they are of one label', () => {
    const first = { ' yes': 0.2, Yes: 0.05, Ġright: 0.1, ye: 0.05, No: 0.3, maybe: 0.04, '\n': 0.01 };
    expect(read(words, [['Yes', first]])).toEqual({ probabilities: [0.3, undefined, 0.4], outside: 0.04 });
  });

  test('probabilities multiply along the answer, and each branch counts where it can be told', () => {
    const answer = [
      ['card', { card: 0.8, top: 0.15, Hm: 0.05 }],
      ['_', { _: 1 }],
      ['arrival', { arrival: 0.75, linking: 0.25 }],
    ] as const;
    // 0.15 is of the two top-up labels together: they share what is left.
    expect(read(cards, answer)).toEqual({ probabilities: [0.6, 0.2, undefined, undefined], outside: 0.05 });
  });

  test('what several labels may have written is shared as other tokens have shared more', () => {
    const answer = [
      ['card', { card: 0.8, c: 0.1, top: 0.1 }],
      ['_arrival', { _arrival: 0.75, _linking: 0.25 }],
    ] as const;
    expect(read(cards, answer)).toEqual({ probabilities: [0.675, 0.225, undefined, undefined], outside: 0 });
    // A whole token of one of them is less than it may have: it joins the others.
    const rare = [['card_arrival', { card_arrival: 0.6, top: 0.3, top_up_fee: 0.02 }]] as const;
    expect(read(cards, rare)).toEqual({ probabilities: [0.6, undefined, undefined, undefined], outside: 0 });
  });

  test('a token that is a label and may begin another one', () => {
    const fees = new LabelWords(['card', 'card_fee', 'no', 'not sure']);
    // 'no' is hardly the first half of 'not', 'card' may well be the first word of two.
    expect(read(fees, [['no', { no: 0.5, card: 0.3, card_fee: 0.1 }]])).toEqual({
      ...{ probabilities: [undefined, undefined, 0.5, undefined], outside: 0 },
    });
  });

  test('a label that begins another one ends where the answer does', () => {
    expect(read(words, [['no', { no: 0.7, not: 0.2, yes: 0.1 }]])).toEqual({
      probabilities: [0.7, 0.2, 0.1],
      outside: 0,
    });
    const more = [
      ['no', { no: 0.7, yes: 0.3 }],
      ['t', { t: 0.5, '': 0.5 }],
      [' sure', { ' sure': 1 }],
    ] as const;
    expect(read(words, more)).toEqual({ probabilities: [0.35, 0.35, 0.3], outside: 0 });
  });

  test('the text decides where tokens lead elsewhere; what names no label and knows of none is nothing', () => {
    expect(
      read(words, [
        ['The', { The: 0.9, yes: 0.1 }],
        [' answer is no', { ' answer is no': 1 }],
      ]),
    ).toEqual({
      kind: 'label',
      label: 0,
    });
    expect(read(words, [['maybe', { maybe: 0.9, yes: 0.1 }]])).toBeUndefined();
    expect(read(words, [['maybe', { maybe: 0.4, yes: 0.35, no: 0.25 }]])).toEqual({
      ...{ probabilities: [0.25, undefined, 0.35], outside: 0.4 },
    });
    expect(read(cards, [['card', { card: 1 }]])).toBeUndefined();
    expect(read(cards, [['card_arr', { card_arr: 0.9, top_up_fee: 0.1 }]])).toBeUndefined();
    expect(read(cards, [['card_arr', { card_arr: 0.9, top_up_fee: 0.1 }]], true)).toEqual({
      ...{ probabilities: [0.9, undefined, 0.1, undefined], outside: 0 },
    });
  });

  test('numbers that are no probabilities do not count', () => {
    expect(read(words, [['yes', { yes: 3, no: 2 }]])).toEqual({ kind: 'label', label: 2 });
    expect(read(words, [['yes', { yes: 0, no: 0 }]])).toEqual({ kind: 'label', label: 2 });
    expect(read(words, [['yes', { yes: Number.NaN, no: 0 }]])).toEqual({ kind: 'label', label: 2 });
    expect(read(words, [])).toBeUndefined();
  });
});
