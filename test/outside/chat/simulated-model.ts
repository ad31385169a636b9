/** @file A language model of known probabilities that answers with options, token by token, as a server tells of it. */
import type { AnswerToken } from '../../../src/outside/chat/option-trie.js';
import { RandomStream } from '../../../src/tensor/random.js';

/** Text to tokens, as strings. */
export type Split = (text: string) => readonly string[];

/** What an end of the answer is called among alternatives. */
const END = '<|end|>';
const TOP = 20;

type Node = { p: number; readonly next: Map<string, Node> };

export type SimulatedReply = {
  readonly text: string;
  /** The option that it names; undefined for other texts. */
  readonly option: number | undefined;
  readonly tokens: readonly AnswerToken[];
};

export class SimulatedModel {
  /** [options]: with what probability a reply names each. */
  readonly truth: readonly number[];
  readonly #root: Node = { p: 1, next: new Map() };
  readonly #optionOf = new Map<string, number | undefined>();

  /**
   * @param spelled what names each option.
   * @param others replies that name none.
   * @param sharpness how unlike the probabilities are: 1 nearly even, 40 nearly all on a few.
   * @param isOdd whether it may write the same answer in other tokens: after a space, or letter by letter.
   */
  constructor(
    spelled: readonly string[],
    others: readonly string[],
    split: Split,
    { seed, sharpness, isOdd }: { readonly seed: number; readonly sharpness: number; readonly isOdd: boolean },
  ) {
    const random = new RandomStream(seed, 'beliefs');
    const ways: { readonly tokens: readonly string[]; readonly option: number | undefined; weight: number }[] = [];
    for (const [option, text] of spelled.entries()) {
      const weight = Math.exp(sharpness * (random.uniform() - 1));
      ways.push({ tokens: split(text), option, weight });
      if (!isOdd) continue;
      ways.push({ tokens: split(` ${text}`), option, weight: weight * 0.05 * random.uniform() });
      ways.push({ tokens: [...text], option, weight: weight * 0.03 * random.uniform() });
    }
    for (const text of others) ways.push({ tokens: split(text), option: undefined, weight: 0.3 * random.uniform() });
    const total = ways.reduce((sum, { weight }) => sum + weight, 0);
    const truth = spelled.map(() => 0);
    for (const { tokens, option, weight } of ways) {
      if (option !== undefined) truth[option] = (truth[option] as number) + weight / total;
      this.#optionOf.set(tokens.join(''), option);
      let node = this.#root;
      for (const token of [...tokens, END]) {
        const child = node.next.get(token) ?? { p: 0, next: new Map() };
        node.next.set(token, child);
        child.p += weight / total;
        node = child;
      }
    }
    this.truth = truth;
  }

  /** @param isGreedy whether it writes the likeliest token each time, else one by chance. */
  reply(random: RandomStream, isGreedy: boolean): SimulatedReply {
    const tokens: AnswerToken[] = [];
    let node = this.#root;
    for (;;) {
      const able = [...node.next].map(([token, { p }]) => [token, p / node.p] as const);
      able.sort(([, a], [, b]) => b - a);
      const [written, p] = isGreedy ? (able[0] as (typeof able)[number]) : drawn(able, random);
      if (written === END) break;
      const told = able.slice(0, TOP);
      const all = told.some(([token]) => token === written) ? told : [[written, p] as const, ...told];
      tokens.push([written, all.map(([token, share]) => [token, Math.log(share)])]);
      node = node.next.get(written) as Node;
    }
    const text = tokens.map(([token]) => token).join('');
    return { text, option: this.#optionOf.get(text), tokens };
  }
}

function drawn(able: readonly (readonly [string, number])[], random: RandomStream): readonly [string, number] {
  let left = random.uniform();
  for (const one of able) {
    left -= one[1];
    if (left <= 0) return one;
  }
  return able.at(-1) as readonly [string, number];
}
