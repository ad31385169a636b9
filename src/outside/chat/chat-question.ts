/** @file A question to a language model about one text, and what the replies to it amount to. */
import { jsonHash } from '../../files/json-hash.js';
import { holeTarget, labelTarget, sampleTarget, topKTarget } from '../../teachers/targets.js';
import type { ChatOptions } from '../asking/endpoint-options.js';
import type { OutsideQuestion, Standing } from '../asking/outside.js';
import type { ChatReply } from '../asking/outside-reply.schema.js';
import { type AnswerToken, type Reading as ReadReply, readAnswer } from './answer-reading.js';
import type { ChatWording } from './chat-wording.js';
import { begunBy } from './label-words.js';

/** Replies without a label after which a row is given up. */
const MAX_MALFORMED = 2;
/** Tokens of an answer that version 0.1.0 asked for, at most. */
const FIRST_LIMIT = 8;
/** Of a probability: a soft target is not told apart from it. */
const AS_GOOD_AS_EXACT = 1e-3;

export type ChatQuestion = OutsideQuestion & {
  readonly content: readonly { readonly role: string; readonly content: string }[];
};

/** The question about a text or pair. @throws OptionError for a prompt without a place for the second text. */
export function questionOf(
  { model, body, samples = 0, logprobs = true, structured }: ChatOptions,
  wording: ChatWording,
  text: string,
  pair: string | undefined,
): ChatQuestion {
  const messages = wording.messages(text, pair);
  return {
    key: jsonHash([model, messages, body, samples, logprobs, ...(structured ? ['structured'] : [])]),
    ...{ text, pair, content: messages, messages: messages.length },
    bytes: messages.reduce((sum, { content: said }) => sum + Buffer.byteLength(said), 0),
  };
}

/** What the replies to a question amount to. */
export function standingOf(
  replies: readonly ChatReply[],
  { labelNames, samples = 0, body }: ChatOptions,
  wording: ChatWording,
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
        const label = wording.labelOf(content, isCut);
        if (label !== undefined) counts[label] = (counts[label] as number) + 1;
      }
      continue;
    }
    const tokens = tokensOf(reply);
    if (tokens.length === 0 && samples > 0) continue;
    const reading = readAnswer(wording, { text: contents[0] ?? '', isCut }, tokens);
    if (reading?.kind === 'label') return { kind: 'label', target: labelTarget(reading.label, classes) };
    if (reading !== undefined) {
      return { kind: 'logprobs', target: topKTarget(reading.logProbs, reading.outside), ...seenIn(reading) };
    }
    // What version 0.1.0 had an answer from is not asked again for being read in another way.
    failures += reply.top === undefined ? 1 : MAX_MALFORMED;
  }
  const isDrawn = draws >= samples && draws > 0;
  if (isDrawn && counts.some((count) => count > 0)) return { kind: 'samples', target: sampleTarget(counts), counts };
  if (isDrawn || failures >= MAX_MALFORMED) return { kind: 'malformed', target: holeTarget(classes) };
  return { kind: 'open', draws };
}

/** Mass of no label; labels that are known as well as soft targets need; whether another label is the most likely one. */
function seenIn({ outside, logProbs, low, high, named }: Extract<ReadReply, { readonly kind: 'logprobs' }>) {
  const known = low.filter((value, label) => (high[label] as number) - value <= AS_GOOD_AS_EXACT).length;
  const most = Math.max(...logProbs.map((value) => value ?? Number.NEGATIVE_INFINITY));
  return { outside, exact: known / low.length, differs: named !== undefined && logProbs[named] !== most, named };
}

function tokensOf({ tokens, top, contents }: ChatReply): readonly AnswerToken[] {
  if (tokens !== undefined || top === undefined) return tokens ?? [];
  const text = begunBy(contents[0] ?? '');
  const [first = ''] = top.find(([token]) => begunBy(token) !== '' && text.startsWith(begunBy(token))) ?? [];
  return [[first, top]];
}
