/** @file A question to an endpoint about one text, and what the replies to it amount to. */
import { createHash } from 'node:crypto';
import { OptionError } from '../errors/failures.js';
import type { Reply } from './endpoint.schema.js';
import type { EndpointOptions } from './endpoint-options.js';
import type { LabelWords } from './label-words.js';
import { labelTarget, sampleTarget, type Target, topKTarget } from './targets.js';

const PROMPT =
  'Which label fits the text? Answer with one of these labels and nothing else: {labels}\n\nText: {text}\nLabel:';
const PAIR_PROMPT =
  'Which label fits the two texts? Answer with one of these labels and nothing else: {labels}\n\n' +
  'First text: {text}\nSecond text: {pair}\nLabel:';

/** Replies without a label after which a row is given up. */
const MAX_MALFORMED = 2;
/** Tokens beside the contents of messages, at most. */
const MESSAGE_TOKENS = 32;

export type Question = {
  readonly key: string;
  readonly text: string;
  readonly pair: string | undefined;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
};

/** What the replies to a question amount to. */
export type State =
  | { readonly kind: 'open'; readonly draws: number }
  | {
      readonly kind: 'logprobs' | 'samples' | 'label' | 'malformed';
      readonly target: Target;
      readonly outside?: number;
    };

/** The question about a text or pair. @throws OptionError for a prompt without a place for the second text. */
export function questionOf(options: EndpointOptions, text: string, pair: string | undefined): Question {
  const { model, system, labelNames, labelWords, body, samples = 0, logprobs = true } = options;
  const { prompt = pair === undefined ? PROMPT : PAIR_PROMPT } = options;
  if (pair !== undefined && !prompt.includes('{pair}')) {
    throw new OptionError({
      where: 'prompt',
      wanted: 'a place for the second text, {pair}',
      got: 'none',
      fix: 'write {pair} where it is to stand',
    });
  }
  const labels = labelNames.map((label) => [labelWords?.[label] ?? label].flat()[0] as string).join(', ');
  const filling: Readonly<Record<string, string>> = { text, pair: pair ?? '', labels };
  const content = prompt.replaceAll(/\{(text|pair|labels)\}/gu, (_, name: string) => filling[name] ?? '');
  const messages = [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content }];
  const key = createHash('sha256')
    .update(JSON.stringify([model, messages, body, samples, logprobs]))
    .digest('hex');
  return { key, text, pair, messages };
}

/** What the replies to a question amount to. */
export function stateOf(
  replies: readonly Reply[],
  { labelNames, samples = 0 }: EndpointOptions,
  words: LabelWords,
): State {
  let failures = 0;
  let draws = 0;
  const counts = labelNames.map(() => 0);
  for (const { ask, top, contents } of replies) {
    if (ask === 'samples') {
      draws += contents.length;
      for (const content of contents) {
        const label = words.labelOf(content);
        if (label !== undefined) counts[label] = (counts[label] as number) + 1;
      }
      continue;
    }
    if (top !== undefined) {
      const { logProbs, outside } = words.scoresOf(top);
      if (logProbs.some((value) => value !== undefined)) {
        return { kind: 'logprobs', target: topKTarget(logProbs, outside), outside };
      }
    } else if (samples > 0) continue;
    const label = words.labelOf(contents[0] ?? '');
    if (label !== undefined) return { kind: 'label', target: labelTarget(label, labelNames.length) };
    failures += 1;
  }
  const isDrawn = draws >= samples && draws > 0;
  if (isDrawn && counts.some((count) => count > 0)) return { kind: 'samples', target: sampleTarget(counts) };
  // No label was ever said: each counts the same, as the prior of drawn labels has it.
  if (isDrawn || failures >= MAX_MALFORMED) return { kind: 'malformed', target: sampleTarget(counts) };
  return { kind: 'open', draws };
}

/** Of a question: no token has less than a byte. */
export function mostTokens({ messages }: Question): number {
  return messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + MESSAGE_TOKENS, 0);
}
