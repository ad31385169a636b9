/** @file A language model behind an OpenAI-compatible endpoint, as a teacher is asked: `POST …/chat/completions`. */
import type { AdapterMaker } from '../asking/asked-orders.js';
import { refusalOf } from '../asking/asking-turns.js';
import { EndpointClient, type Received, type ReplyFormat } from '../asking/endpoint-client.js';
import type { EndpointOptions } from '../asking/endpoint-options.js';
import type { OutsideAdapter } from '../asking/outside.js';
import type { ChatReply, Said } from '../asking/outside-reply.schema.js';
import { mostInputTokens } from '../asking/outside-spending.js';
import { READING } from './answer-reading.js';
import type { Completion } from './chat.schema.js';
import { type ChatQuestion, questionOf, standingOf } from './chat-question.js';
import { chatWording, TOP_LOGPROBS } from './chat-wording.js';
import { optionSchema } from './option-codes.js';

/** Beyond the first place of an answer, tokens that are less likely than 1e-5 are not kept. */
const LEAST_LOGPROB = Math.log(1e-5);

const COMPLETIONS: ReplyFormat<Completion> = {
  path: 'chat/completions',
  what: 'a chat completion',
  idHeaders: ['x-request-id', 'request-id'],
  parse: async (json) => {
    const { completionSchema } = await import('./chat.schema.js');
    return completionSchema.safeParse(json).data;
  },
};

/** @throws OptionError, with its adapters, for label words, a prompt or examples that do not fit. */
export function chatAdapters(options: EndpointOptions): AdapterMaker {
  const client = new EndpointClient(options, COMPLETIONS);
  return (labelNames) => chatAdapter({ ...options, labelNames }, client);
}

function chatAdapter(options: EndpointOptions, client: EndpointClient<Completion>): OutsideAdapter<ChatQuestion> {
  const { model, prompt, system, labelNames, labelWords, body, samples = 0, logprobs = true } = options;
  const { instructions, criteria, answerBy, structured = false, examples } = options;
  const wording = chatWording(options);
  const outputTokens = Number(body?.max_tokens ?? body?.max_completion_tokens ?? wording.mostTokens);
  let asksLogprobs = logprobs;
  let asksStructure = structured;
  let limitField: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';

  const bodyOf = ({ content }: ChatQuestion, draws: number): Record<string, unknown> => ({
    model,
    messages: content,
    [limitField]: wording.mostTokens,
    temperature: draws > 0 ? 1 : 0,
    ...(draws > 1 && { n: draws }),
    ...(asksLogprobs && { logprobs: true, top_logprobs: TOP_LOGPROBS }),
    ...(asksStructure && { response_format: optionSchema(wording.replies) }),
    ...body,
  });

  /** Servers differ in what they take: asked another way, some do. Whether it is worth another try. */
  const adapts = (error: unknown, sent: Readonly<Record<string, unknown>>): boolean => {
    const refusal = refusalOf(error);
    if (refusal === undefined || (refusal.status !== 400 && refusal.status !== 422)) return false;
    if (sent.logprobs === true && /logprob/iu.test(refusal.problem)) {
      asksLogprobs = false;
      return true;
    }
    if ('response_format' in sent && asksStructure && /response_format|schema|structured/iu.test(refusal.problem)) {
      asksStructure = false;
      return true;
    }
    const isLimit = refusal.problem.includes('max_completion_tokens');
    if (!('max_tokens' in sent) || body?.max_tokens !== undefined || !isLimit) return false;
    limitField = 'max_completion_tokens';
    return true;
  };

  const saidIn = (received: Received<Completion>, question: ChatQuestion, draws: number, isScored: boolean): Said => {
    const { choices, usage, id, model: answeredBy } = received.content;
    const requestId = received.requestId ?? id ?? undefined;
    const tokens = tokensOf(choices[0]?.logprobs?.content ?? [], wording.mostTokens);
    const kept = choices.slice(0, Math.max(1, draws));
    return {
      ...(answeredBy && { answeredBy }),
      ...(requestId !== undefined && { requestId }),
      ask: draws > 0 ? 'samples' : 'label',
      logprobs: isScored,
      contents: kept.map(({ message }) => message.content ?? ''),
      isCut: kept.some(({ finish_reason }) => finish_reason === 'length'),
      ...(tokens.length > 0 && { tokens }),
      usage:
        usage === null || usage === undefined
          ? { input: mostInputTokens(question), output: outputTokens * choices.length, isEstimate: true }
          : {
              input: usage.prompt_tokens,
              output: usage.completion_tokens,
              ...(typeof usage.cost === 'number' && { cost: usage.cost }),
            },
    };
  };

  return {
    source: options.url,
    identity: [
      ...['endpoint', READING, model, prompt, system, labelNames, labelWords, body, options.samples, options.logprobs],
      ...[instructions, criteria, answerBy, structured, examples],
    ],
    counts: client.turns.counts,
    draws: logprobs ? 1 : Math.max(1, samples),
    outputTokens,
    fixMalformed: 'improve prompt or labelWords, or allow more (maxMalformed, --bad_rows skip)',
    question: (text, pair) => questionOf(options, wording, text, pair),
    request: (question, drawn) => {
      const draws = samples > 0 && !asksLogprobs ? samples - drawn : 0;
      const sent = bodyOf(question, draws);
      return {
        most: { input: mostInputTokens(question), output: Math.max(1, draws) * outputTokens },
        send: async (stop) => {
          try {
            const received = await client.complete(sent, stop);
            return saidIn(received, question, draws, sent.logprobs === true);
          } catch (error) {
            if (!adapts(error, sent)) throw error;
            return undefined;
          }
        },
      };
    },
    standing: (replies) => standingOf(replies.filter(isChat), options, wording),
    prompt: ({ content }) => content.map(({ role, content: said }) => `[${role}]\n${said}`).join('\n\n'),
    shown: (reply) => (isChat(reply) ? (reply.contents[0] ?? '') : ''),
    // A server that gave no log-probabilities when it was asked has none.
    notice: (reply) => {
      if (reply.model !== model || !isChat(reply)) return;
      if (reply.logprobs && (reply.tokens ?? reply.top) === undefined) asksLogprobs = false;
    },
  };
}

function isChat(reply: object): reply is ChatReply {
  return 'contents' in reply;
}

type Logprobs = NonNullable<NonNullable<Completion['choices'][number]['logprobs']>['content']>;

/** The tokens of an answer with those in their place that matter; none where a server names the written ones alone. */
function tokensOf(content: Logprobs, most: number): NonNullable<ChatReply['tokens']> {
  if (!content.some(({ top_logprobs: top = [] }) => top.length > 0)) return [];
  return content.slice(0, most).map(({ token, logprob, top_logprobs: top = [] }, place) => {
    const likely = top.filter((other) => place === 0 || other.token === token || other.logprob >= LEAST_LOGPROB);
    const all = likely.some((other) => other.token === token) ? likely : [{ token, logprob }, ...likely];
    return [token, all.map((other) => [other.token, other.logprob])];
  });
}
