/** @file A question to a language model about one text, and what the replies to it amount to. */

import { OptionError } from '../errors/failures.js';
import { jsonHash } from '../files/json-hash.js';
import { type AnswerToken, readAnswer } from './answer-reading.js';
import type { ChatOptions } from './endpoint-options.js';
import { begunBy, type LabelWords } from './label-words.js';
import type { OutsideQuestion, Standing } from './outside.js';
import type { ChatReply } from './outside-reply.schema.js';
import { holeTarget, labelTarget, sampleTarget, topKTarget } from './targets.js';

const PROMPT =
  'Which label fits the text? Answer with one of these labels and nothing else: {labels}\n\nText: {text}\nLabel:';
const PAIR_PROMPT =
  'Which label fits the two texts? Answer with one of these labels and nothing else: {labels}\n\n' +
  'First text: {text}\nSecond text: {pair}\nLabel:';

/** Replies without a label after which a row is given up. */
const MAX_MALFORMED = 2;
/** Tokens of an answer that version 0.1.0 asked for, at most. */
const FIRST_LIMIT = 8;
/** Tokens beside the contents of messages, at most. */
const MESSAGE_TOKENS = 32;

export type ChatQuestion = OutsideQuestion & {
  readonly content: readonly { readonly role: string; readonly content: string }[];
};

/** The question about a text or pair. @throws OptionError for a prompt without a place for the second text. */
export function questionOf(options: ChatOptions, text: string, pair: string | undefined): ChatQuestion {
  const { model, system, labelNames, labelWords, body, samples = 0, logprobs = true } = options;
  const { prompt = pair === undefined ? PROMPT : PAIR_PROMPT } = options;
  if (pair !== undefined && !prompt.includes('{pair}')) {
    throw new OptionError({
      where: 'prompt',
      wanted: 'the placeholder {pair} for the second text',
      got: 'none',
      fix: 'add {pair}',
    });
  }
  const labels = labelNames.map((label) => [labelWords?.[label] ?? label].flat()[0] as string).join(', ');
  const filling: Readonly<Record<string, string>> = { text, pair: pair ?? '', labels };
  const content = prompt.replaceAll(/\{(text|pair|labels)\}/gu, (_, name: string) => filling[name] ?? '');
  const messages = [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content }];
  return {
    key: jsonHash([model, messages, body, samples, logprobs]),
    ...{ text, pair, content: messages, messages: messages.length },
    bytes: messages.reduce((sum, { content: said }) => sum + Buffer.byteLength(said), 0),
  };
}

/** What the replies to a question amount to. */
export function standingOf(
  replies: readonly ChatReply[],
  { labelNames, samples = 0, body }: ChatOptions,
  words: LabelWords,
): Standing {
  const classes = labelNames.length;
  let failures = 0;
  let draws = 0;
  const counts = labelNames.map(() => 0);
  for (const reply of replies) {
    const { ask, contents, usage } = reply;
    const isCut = reply.isCut ?? usage.output >= Number(body?.max_tokens ?? body?.max_completion_tokens ?? FIRST_LIMIT);
    if (ask === 'samples') {
      draws += contents.length;
      for (const content of contents) {
        const label = words.labelOf(content, isCut);
        if (label !== undefined) counts[label] = (counts[label] as number) + 1;
      }
      continue;
    }
    const tokens = tokensOf(reply);
    if (tokens.length === 0 && samples > 0) continue;
    const reading = readAnswer(words, { text: contents[0] ?? '', isCut }, tokens);
    if (reading?.kind === 'label') return { kind: 'label', target: labelTarget(reading.label, classes) };
    if (reading !== undefined) {
      const { logProbs, outside } = reading;
      return { kind: 'logprobs', target: topKTarget(logProbs, outside), outside };
    }
    // What version 0.1.0 had an answer from is not asked again for being read in another way.
    failures += reply.top === undefined ? 1 : MAX_MALFORMED;
  }
  const isDrawn = draws >= samples && draws > 0;
  if (isDrawn && counts.some((count) => count > 0)) return { kind: 'samples', target: sampleTarget(counts) };
  if (isDrawn || failures >= MAX_MALFORMED) return { kind: 'malformed', target: holeTarget(classes) };
  return { kind: 'open', draws };
}

function tokensOf({ tokens, top, contents }: ChatReply): readonly AnswerToken[] {
  if (tokens !== undefined || top === undefined) return tokens ?? [];
  const text = begunBy(contents[0] ?? '');
  const [first = ''] = top.find(([token]) => begunBy(token) !== '' && text.startsWith(begunBy(token))) ?? [];
  return [[first, top]];
}

/** Of a question: no token has less than a byte. */
export function mostInputTokens({ bytes, messages }: OutsideQuestion): number {
  return bytes + MESSAGE_TOKENS * messages;
}
