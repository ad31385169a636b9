/** @file What the walk says of many simulated replies, against the model's own probabilities and a plain count. */
import { expect } from 'vitest';
import { readAnswer } from '../../../src/outside/chat/answer-reading.js';
import type { LabelWords } from '../../../src/outside/chat/label-words.js';
import { walkOptions } from '../../../src/outside/chat/option-trie.js';
import { RandomStream } from '../../../src/tensor/random.js';
import { SimulatedModel, type Split } from './simulated-model.js';

/** They begin no option of any of the sets. */
const OTHERS = ['?', '#none of these', '§ 12 (07)'];
const SHARPNESS = [1, 4, 12, 40, 100];
const REPLIES_OF_A_MODEL = 10;
/** Sums of products of doubles. */
const SAME = 1e-9;
/** As good as exact for a soft target. */
const CLOSE = 1e-3;

export type Walked = {
  /** Options of which the alternatives determine the probability, to nine digits and to three, of all. */
  readonly exact: number;
  readonly close: number;
  /** Replies that name an option, and those of them whose likeliest option is another. */
  readonly named: number;
  readonly differ: number;
};

/** Expects of every reply that the truth lies within the bounds, and that these are as narrow as what is told allows. */
export function walkedReplies(words: LabelWords, spelled: readonly string[], split: Split, replies: number): Walked {
  const counts = { exact: 0, close: 0, named: 0, differ: 0 };
  for (let i = 0; i < replies; i += REPLIES_OF_A_MODEL) {
    const number = i / REPLIES_OF_A_MODEL;
    const sharpness = SHARPNESS[number % SHARPNESS.length] as number;
    const model = new SimulatedModel(spelled, OTHERS, split, { seed: i, sharpness, isOdd: number % 2 === 1 });
    const random = new RandomStream(i, 'replies');
    for (let j = 0; j < REPLIES_OF_A_MODEL; j++) {
      const { text, option, tokens } = model.reply(random, j % 2 === 0);
      const walk = walkOptions(words, tokens, option);
      if (walk === undefined) throw new Error(`no walk along ${JSON.stringify(text)}`);
      const most = mostOf(spelled, tokens);
      // One expectation for all options: a hundred thousand of them take minutes.
      const wrong: string[] = [];
      for (const [c, truth] of model.truth.entries()) {
        const [low, high] = [walk.low[c] as number, walk.high[c] as number];
        const isWithin = low <= truth + SAME && truth <= high + SAME;
        const isNarrow = Math.abs(high - low - (most[c] as number)) <= SAME;
        if (!isWithin || !isNarrow) wrong.push(`${spelled[c]}: ${low} … ${high}, ${truth}, width ${most[c]}`);
        if (high - low <= SAME) counts.exact += 1;
        if (high - low <= CLOSE) counts.close += 1;
      }
      const reading = readAnswer(words, { text, isCut: false }, tokens);
      const byText = reading?.kind === 'label' ? reading.label : reading?.named;
      expect(byText, text).toBe(option);
      const logProbs = reading?.kind === 'logprobs' ? reading.logProbs : [];
      const estimate = logProbs.map((value) => (value === undefined ? 0 : Math.exp(value)));
      for (const [c, p] of estimate.entries()) {
        const least = logProbs[c] === undefined ? 0 : (walk.low[c] as number);
        if (p < least - SAME || p > (walk.high[c] as number) + SAME) wrong.push(`${spelled[c]}: estimate ${p}`);
      }
      expect(wrong, text).toEqual([]);
      if (option === undefined || estimate.length === 0) continue;
      counts.named += 1;
      if (estimate.indexOf(Math.max(...estimate)) !== option) counts.differ += 1;
    }
  }
  const all = replies * spelled.length;
  return { exact: counts.exact / all, close: counts.close / all, named: counts.named, differ: counts.differ };
}

/**
 * The mass of which each option may have any part, by what is told: of every alternative after which it and another one may
 * come, and of tokens that are not told where it may come next. Written for options of which none begins another one.
 */
function mostOf(
  spelled: readonly string[],
  tokens: readonly (readonly [string, readonly (readonly [string, number])[]])[],
) {
  const width = spelled.map(() => 0);
  let [text, mass] = ['', 1];
  const able = (begun: string) => {
    const letters = begun.trimStart().toLowerCase();
    return spelled.flatMap((option, c) => {
      const name = option.toLowerCase();
      return name.startsWith(letters) || letters.startsWith(name) ? [c] : [];
    });
  };
  const spread = (options: readonly number[], of: number) => {
    for (const c of options) width[c] = (width[c] as number) + of;
  };
  for (const [token, told] of tokens) {
    const now = able(text);
    if (now.length <= 1) break;
    const seen = told.reduce((sum, [, logProb]) => sum + Math.exp(logProb), 0);
    spread(now, mass * Math.max(0, 1 - seen));
    for (const [other, logProb] of told) {
      const then = able(text + other);
      if (other !== token && then.length > 1) spread(then, mass * Math.exp(logProb));
    }
    mass *= Math.exp(told.find(([other]) => other === token)?.[1] ?? 0);
    text += token;
  }
  return width;
}
