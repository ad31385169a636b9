/**
 * @file What a language model's answer says of the labels: its whole text names one, and the log-probabilities of its
 * tokens say how sure the model was, and of what else.
 */
import { type AnswerToken, type OptionGroup, type OptionNames, walkOptions } from './option-trie.js';

export type { AnswerToken } from './option-trie.js';

/** Raised whenever the same replies come to mean something else; 1 read the first token alone. */
export const READING = 3;

export type Reading =
  | {
      readonly kind: 'logprobs';
      /** Log-probability of each label; undefined for those that share what is left. */
      readonly logProbs: readonly (number | undefined)[];
      /** The mass of what names no label. */
      readonly outside: number;
      /** [C]: what each label surely has, and the most that it may have; equal where the tokens determine it. */
      readonly low: readonly number[];
      readonly high: readonly number[];
      /** The label that the text names. */
      readonly named: number | undefined;
    }
  | { readonly kind: 'label'; readonly label: number };

/** What is known of labels must be as much where the text names none. */
const LEAST_MASS = 0.5;

/** What a whole reply names, and what its tokens may come to name. */
export type ReplyNames = {
  labelOf(reply: string, isCut: boolean): number | undefined;
  readonly names: OptionNames;
};

/**
 * What an answer says; undefined where no label can be told from it.
 *
 * Its tokens are followed as they stand. What might have been written in place of one counts for the label that alone can
 * begin so. Where several can, only their sum is known: it is shared among them as other tokens have shared as much or more;
 * else those labels join the ones that were not seen, of which the sum is known too. Where the tokens do not lead to
 * the label that the text names, or have no probabilities, the text alone counts.
 */
export function readAnswer(
  by: ReplyNames,
  { text, isCut }: { readonly text: string; readonly isCut: boolean },
  tokens: readonly AnswerToken[],
): Reading | undefined {
  const named = by.labelOf(text, isCut);
  const byText: Reading | undefined = named === undefined ? undefined : { kind: 'label', label: named };
  const path = walkOptions(by.names, tokens, named);
  if (path === undefined || (named !== undefined && !path.leadsToNamed)) return byText;
  const { low, high, groups, open, outside } = path;
  const masses = new Map([...low.entries()].filter(([, value]) => value > 0));
  if (named !== undefined && open > 0) add(masses, named, open);
  for (const group of groups) {
    const [only] = group.likely;
    if (group.likely.size === 1 && only !== undefined) add(masses, only, group.mass);
  }
  // A server that cannot score the token that it wrote.
  if (named !== undefined && !((masses.get(named) ?? 0) > 0)) return byText;
  for (const group of groups) if (group.likely.size > 1) share(group, masses);
  const known = [...masses.values()].reduce((sum, value) => sum + value, 0);
  if (named === undefined ? known < LEAST_MASS : !(known > 0)) return byText;
  const logProbs = low.map((_, label) => {
    const value = masses.get(label) ?? 0;
    return value > 0 ? Math.log(value) : undefined;
  });
  return { kind: 'logprobs', logProbs, outside: outside + (named === undefined ? open : 0), low, high, named };
}

function share({ likely, mass }: OptionGroup, masses: Map<number, number>): void {
  const known = [...likely].filter((label) => masses.has(label));
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
