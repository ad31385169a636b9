/**
 * @file What the alternatives of an answer's tokens determine of the probability of each option.
 *
 * A language model writes tokens t₁ t₂ …; a server tells of each place the likely tokens with their probabilities, given
 * those before it. With s the text so far and P(s) the product of its probabilities, an alternative a has the mass
 * P(s) p(a). If one option alone may come to be named by s + a, the mass is that option's; if several, only their sum is
 * known; if none, it is outside. Then the walk goes on with the token that was written. Tokens that were not told of have
 * the mass P(s) (1 − Σ p), which any option that may follow s can have. No tokenizer is needed.
 */

/** A token that might have been written, and how likely that was (natural logarithm). */
export type ScoredToken = readonly [token: string, logProb: number];

/** A place of an answer: the token that stands there, and the likely ones, with it among them. */
export type AnswerToken = readonly [token: string, likely: readonly ScoredToken[]];

/** How answers name options, by numbers from 0. */
export type OptionNames = {
  readonly count: number;
  /** What of an answer's first characters names an option: without quotes and spaces before it; '' where nothing does yet. */
  begun(text: string): string;
  /** The options that such letters may come to name, or have named. */
  ableFrom(letters: string): ReadonlySet<number>;
  /** Those of them that they likely name, where tokens mostly are whole words. */
  likelyFrom(letters: string): ReadonlySet<number>;
  /** The option that is named where the answer ends with these letters. */
  endedWith(letters: string): number | undefined;
};

/** Mass of which only the sum is known. */
export type OptionGroup = {
  readonly able: ReadonlySet<number>;
  /** Those that it likely is of. */
  readonly likely: ReadonlySet<number>;
  readonly mass: number;
};

export type OptionWalk = {
  /** [count]: the mass that is surely the option's, and the most that it may have. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly groups: readonly OptionGroup[];
  /** Mass that is surely no option's. */
  readonly outside: number;
  /** Mass of tokens that were not told of, at all places. */
  readonly unseen: number;
  /** The mass of the written tokens where they alone do not tell one option, or that it is none. */
  readonly open: number;
  /** Whether the written tokens lead to the option that the whole answer names. */
  readonly leadsToNamed: boolean;
};

/** How far above 1 a sum of probabilities may be for being written with few digits. */
const SUM_TOLERANCE = 0.01;
/** Mass that is not told apart from none. */
const LEAST_UNSEEN = 1e-12;

/**
 * Follows an answer's tokens until one option is left or none.
 * @param named the option that the whole answer names.
 * @returns undefined for numbers that are no probabilities.
 */
export function walkOptions(
  names: OptionNames,
  tokens: readonly AnswerToken[],
  named: number | undefined,
): OptionWalk | undefined {
  const low: number[] = Array.from({ length: names.count }, () => 0);
  const slack: number[] = Array.from({ length: names.count }, () => 0);
  const groups: OptionGroup[] = [];
  let labels: ReadonlySet<number> = new Set(low.keys());
  let [text, mass, outside, unseen] = ['', 1, 0, 0];
  const give = (able: ReadonlySet<number>, share: number, likely = able) => {
    const [only] = able;
    if (only === undefined) outside += share;
    else if (able.size === 1) low[only] = (low[only] as number) + share;
    else groups.push({ able, likely, mass: share });
  };
  for (const [token, likely] of tokens) {
    const here = names.begun(text);
    const total = likely.reduce((sum, [, logProb]) => sum + Math.exp(logProb), 0);
    if (!(total <= 1 + SUM_TOLERANCE)) return undefined;
    const rest = mass * Math.max(0, 1 - total);
    if (rest > LEAST_UNSEEN) {
      unseen += rest;
      for (const label of labels) slack[label] = (slack[label] as number) + rest;
    }
    let written = 0;
    for (const [other, logProb] of likely) {
      const share = mass * Math.exp(logProb);
      if (other === token) written += Math.exp(logProb);
      else give(...afterToken(names, here, text, other, share));
    }
    mass *= written;
    text += token;
    if (token === '' && here !== '') {
      const ended = names.endedWith(here);
      labels = new Set(ended === undefined ? [] : [ended]);
    } else if (names.begun(text) !== '') labels = names.ableFrom(names.begun(text));
    if (labels.size <= 1) break;
  }
  const isAlone = named !== undefined && labels.has(named) && labels.size === 1;
  if (isAlone) low[named] = (low[named] as number) + mass;
  else for (const label of labels) slack[label] = (slack[label] as number) + mass;
  for (const { able, mass: of } of groups) for (const label of able) slack[label] = (slack[label] as number) + of;
  return {
    low,
    high: low.map((value, label) => value + (slack[label] as number)),
    groups,
    outside: outside + (labels.size === 0 ? mass : 0),
    unseen,
    open: isAlone || labels.size === 0 ? 0 : mass,
    leadsToNamed: isAlone || (named !== undefined && labels.has(named) && names.endedWith(names.begun(text)) === named),
  };
}

/** What may come of a token that might have been written after a text. */
function afterToken(
  names: OptionNames,
  here: string,
  text: string,
  token: string,
  share: number,
): [able: ReadonlySet<number>, share: number, likely?: ReadonlySet<number>] {
  const letters = names.begun(text + token);
  // Before the first letter nothing is told yet: a space, a quote.
  if (letters === '') return [token === '' ? new Set() : names.ableFrom(''), share, new Set()];
  if (letters !== here) return [names.ableFrom(letters), share, names.likelyFrom(letters)];
  // A token without letters ends the answer, or may.
  const ended = names.endedWith(here);
  const end = new Set(ended === undefined ? [] : [ended]);
  return token === '' ? [end, share] : [names.ableFrom(here), share, end];
}
