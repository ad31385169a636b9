/**
 * @file What a language model's answer says of the labels: its whole text names one, and the log-probabilities of its
 * tokens say how sure the model was, and of what else.
 */
import { begunBy, type LabelWords } from './label-words.js';

/** Raised whenever the same replies come to mean something else; 1 read the first token alone. */
export const READING = 2;

/** A token that might have been written, and how likely that was (natural logarithm). */
export type ScoredToken = readonly [token: string, logProb: number];

/** A place of an answer: the token that stands there, and the likely ones, with it among them. */
export type AnswerToken = readonly [token: string, likely: readonly ScoredToken[]];

export type Reading =
  | {
      readonly kind: 'logprobs';
      /** Log-probability of each label; undefined for those that share what is left. */
      readonly logProbs: readonly (number | undefined)[];
      /** The mass of what names no label. */
      readonly outside: number;
    }
  | { readonly kind: 'label'; readonly label: number };

/** How far above 1 a sum of probabilities may be for being written with few digits. */
const SUM_TOLERANCE = 0.01;
/** What is known of labels must be as much where the text names none. */
const LEAST_MASS = 0.5;

/**
 * What an answer says; undefined where no label can be told from it.
 *
 * Its tokens are followed as they stand. What might have been written in place of one counts for the label that alone can
 * begin so. Where several can, only their sum is known: it is shared among them as other tokens have shared as much or more;
 * else those labels join the ones that were not seen, of which the sum is known too. Where the tokens do not lead to
 * the label that the text names, or have no probabilities, the text alone counts.
 */
export function readAnswer(
  words: LabelWords,
  { text, isCut }: { readonly text: string; readonly isCut: boolean },
  tokens: readonly AnswerToken[],
): Reading | undefined {
  const named = words.labelOf(text, isCut);
  const byText: Reading | undefined = named === undefined ? undefined : { kind: 'label', label: named };
  const path = followed(words, tokens);
  if (path === undefined) return byText;
  const { labels, mass, masses, groups } = path;
  const leadsThere = named !== undefined && labels.has(named);
  if (leadsThere && (labels.size === 1 || words.labelOf(path.text) === named)) add(masses, named, mass);
  else if (named !== undefined) return byText;
  for (const group of groups) share(group, masses);
  const known = [...masses.values()].reduce((sum, value) => sum + value, 0);
  if (named === undefined ? known < LEAST_MASS : !((masses.get(named) ?? 0) > 0)) return byText;
  return {
    kind: 'logprobs',
    logProbs: words.labels.map((label) => {
      const value = masses.get(label) ?? 0;
      return value > 0 ? Math.log(value) : undefined;
    }),
    outside: path.outside + (named === undefined ? mass : 0),
  };
}

type Group = { readonly labels: ReadonlySet<number>; readonly mass: number };

/** Where the tokens lead, until one label is left or none; undefined for numbers that are no probabilities. */
function followed(words: LabelWords, tokens: readonly AnswerToken[]) {
  const masses = new Map<number, number>();
  const groups: Group[] = [];
  let labels: ReadonlySet<number> = new Set(words.labels);
  let text = '';
  let mass = 1;
  let outside = 0;
  for (const [token, likely] of tokens) {
    const here = begunBy(text);
    // Another case, or a space before it, makes another token of the same letters.
    const byLetters = new Map<string, number>();
    for (const [other, logProb] of likely) add(byLetters, begunBy(text + other), Math.exp(logProb));
    const total = [...byLetters.values()].reduce((sum, value) => sum + value, 0);
    if (!(total <= 1 + SUM_TOLERANCE)) return undefined;
    text += token;
    const written = begunBy(text);
    for (const [letters, share] of byLetters) {
      if (letters === written || letters === '') continue;
      // A token without letters ends the answer.
      const end = letters === here ? words.labelOf(here) : undefined;
      const able = letters === here ? new Set(end === undefined ? [] : [end]) : words.labelsFrom(letters, true);
      const [only] = able;
      if (only === undefined) outside += mass * share;
      else if (able.size === 1) add(masses, only, mass * share);
      else groups.push({ labels: able, mass: mass * share });
    }
    mass *= byLetters.get(written) ?? 0;
    if (written === '') continue;
    labels = words.labelsFrom(written);
    if (labels.size <= 1) break;
  }
  return { masses, groups, labels, text, mass, outside };
}

function share({ labels, mass }: Group, masses: Map<number, number>): void {
  const known = [...labels].filter((label) => masses.has(label));
  const total = known.reduce((sum, label) => sum + (masses.get(label) ?? 0), 0);
  for (const label of known) {
    const value = masses.get(label) ?? 0;
    // What little is known of some is less than the least that they may have.
    if (total >= mass) masses.set(label, value + (mass * value) / total);
    else masses.delete(label);
  }
}

function add<K>(masses: Map<K, number>, key: K, mass: number): void {
  masses.set(key, (masses.get(key) ?? 0) + mass);
}
