/** @file A language model behind an OpenAI-compatible endpoint as a teacher. */
import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.js';
import { InterruptedError, OptionError, SignalError } from '../errors/failures.js';
import type { SignalName } from '../models/model.js';
import { answersInMemory } from './answers.js';
import type { Completion, Reply } from './endpoint.schema.js';
import { type ClientOptions, EndpointClient, EndpointError, refusalOf } from './endpoint-client.js';
import { type EndpointLog, openEndpointLog, repliesSoFar } from './endpoint-log.js';
import { endpointPlan } from './endpoint-plan.js';
import { LabelWords } from './label-words.js';
import { keptSignals } from './model-teacher.js';
import { textsOf } from './own-texts.js';
import { labelTarget, sampleTarget, type Target, topKTarget } from './targets.js';
import type { LabellingPlan, OpenTeacher, RowValues, Teacher } from './teacher.js';

export type EndpointOptions = ClientOptions & {
  readonly model: string;
  readonly labelNames: readonly string[];
  /** Words by which an answer names each label. Default: the label itself. */
  readonly labelWords?: Readonly<Record<string, string | readonly string[]>>;
  /** What is asked; `{text}`, `{pair}` and `{labels}` (the first word of each) are filled in. */
  readonly prompt?: string;
  readonly system?: string;
  /** Further fields of each request, such as `max_tokens` or a server's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Draws of a label at temperature 1, where the server gives no log-probabilities; 0 asks once. Default: 0. */
  readonly samples?: number;
  /** Whether to ask for log-probabilities. Default: true; a server that has none is asked only once. */
  readonly logprobs?: boolean;
  /** The file of its replies, JSON lines: appended to, never rewritten, and read first. */
  readonly log: string;
  /** Of a million tokens. */
  readonly prices?: { readonly input: number; readonly output: number };
  /** What all replies in the log may cost together, in the currency of `prices`. */
  readonly maxCost?: number;
  /** Requests under way at once. Default: 4. */
  readonly concurrency?: number;
  /** Rows that are answered and judged before the rest is asked. Default: 20. */
  readonly smokeRows?: number;
  /** Told after those rows, with an estimate for all; false stops before the rest. */
  readonly onSmoke?: (report: EndpointReport) => boolean | Promise<boolean>;
  readonly onProgress?: (report: EndpointReport) => void;
  /** The share of rows that may be without a usable answer; those count as if each label had been said as often. Default: 0.05. */
  readonly maxMalformed?: number;
  readonly signal?: AbortSignal;
};

export type EndpointReport = {
  readonly rows: number;
  /** Rows that have their answer, or are given up as malformed. */
  readonly done: number;
  /** Rows whose answer was in the log. */
  readonly fromLog: number;
  readonly malformed: number;
  readonly byLogprobs: number;
  readonly bySamples: number;
  readonly byLabel: number;
  /** Mean mass of tokens that begin no label, over rows with log-probabilities. */
  readonly outside: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Answers that were no chat completion, or broke off. */
  readonly broken: number;
  /** Of all replies in the log. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of all replies in the log; absent without prices. */
  readonly cost?: number;
  /** What all rows will have cost, from the mean so far; absent without prices. */
  readonly estimatedCost?: number;
};

export type EndpointTeacher = Teacher & {
  /** How it stands; undefined before it was asked. */
  report(): EndpointReport | undefined;
};

const PROMPT =
  'Which label fits the text? Answer with one of these labels and nothing else: {labels}\n\nText: {text}\nLabel:';
const PAIR_PROMPT =
  'Which label fits the two texts? Answer with one of these labels and nothing else: {labels}\n\n' +
  'First text: {text}\nSecond text: {pair}\nLabel:';

const TOP_LOGPROBS = 20;
const MAX_TOKENS = 8;
const REPORT_MS = 200;
/** Replies without a label after which a row is given up. */
const MAX_MALFORMED = 2;
/** What a smoke test may have of them. */
const MAX_SMOKE_MALFORMED = 0.2;
/** Tokens beside the contents of messages, at most. */
const MESSAGE_TOKENS = 32;

/**
 * A teacher that asks a language model for a label of each text, over `POST url/chat/completions`. Where the server gives
 * log-probabilities, an answer is those of the labels' first tokens (label words, by log-sum-exp over synonyms) and the sum
 * of what was not seen; else drawn labels, or one. Every reply is logged before it is used, under the hash of model,
 * messages and settings: what is in the log is not asked again, in this run or the next, and rows may be moved or edited
 * between runs.
 * @throws OptionError for options that do not fit. When it answers: EndpointError for a server that refuses, does not
 *   answer, or whose first rows are no labels, and before the spending limit is passed; InterruptedError after `signal`.
 */
export function endpointTeacher(options: EndpointOptions): EndpointTeacher {
  checkOptions(options);
  const { model, labelNames, url } = options;
  const name = `${model} at ${url}`;
  const classes = labelNames.length;
  const words = new LabelWords(labelNames, options.labelWords);
  let questioning: Questioning | undefined;
  const open = async (signals: readonly SignalName[]): Promise<OpenTeacher> => {
    for (const signal of keptSignals(signals, `teacher ${name}`)) {
      if (signal === 'logits') continue;
      throw new SignalError({ where: `teacher ${name}`, wanted: 'logits, the one signal it gives', got: signal });
    }
    const log = await openEndpointLog(options.log);
    const asking = new Questioning(options, words, log);
    questioning = asking;
    return {
      signals: {
        logits: { dtype: 'float32', shape: [classes] },
        remainder: { dtype: 'float32', shape: [classes] },
      },
      answer: (data, rows) => asking.answer(data, rows),
      release: async () => log.close(),
    };
  };
  const { prompt, system, labelWords, body, samples, logprobs } = options;
  return {
    name,
    provides: ['logits'],
    classes,
    labelNames,
    contentHash: createHash('sha256')
      .update(JSON.stringify(['endpoint', model, prompt, system, labelNames, labelWords, body, samples, logprobs]))
      .digest('hex'),
    reads: ['texts'],
    remembers: true,
    temperatures: 'one',
    plan: async (data) => {
      const log = { replies: await repliesSoFar(options.log), add: () => {}, close: () => {} };
      return new Questioning(options, words, log).plan(data);
    },
    open,
    // In one part, so that the first rows of all are the ones that are judged first.
    answer: (data, signals) => answersInMemory({ name, open }, data, signals, data.size),
    report: () => questioning?.report(),
  };
}

type Question = {
  readonly key: string;
  readonly text: string;
  readonly pair: string | undefined;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
};

/** What the replies to a question amount to. */
type State =
  | { readonly kind: 'open'; readonly draws: number }
  | {
      readonly kind: 'logprobs' | 'samples' | 'label' | 'malformed';
      readonly target: Target;
      readonly outside?: number;
    };

class Questioning {
  readonly #options: EndpointOptions;
  readonly #words: LabelWords;
  readonly #log: EndpointLog;
  readonly #client: EndpointClient;
  readonly #stop = new AbortController();
  /** Of questions that were asked for, by key. */
  readonly #states = new Map<string, State>();
  #asksLogprobs: boolean;
  #limitField: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  #input = 0;
  #output = 0;
  /** Held back for requests under way: what they may cost at most. */
  #reserved = 0;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  #rows = 0;
  #fromLog = 0;
  #isJudged = false;
  #reportedMs = 0;

  constructor(options: EndpointOptions, words: LabelWords, log: EndpointLog) {
    this.#options = options;
    this.#words = words;
    this.#log = log;
    this.#client = new EndpointClient(options);
    this.#asksLogprobs = options.logprobs ?? true;
    for (const replies of log.replies.values()) for (const reply of replies) this.#count(reply);
  }

  async answer(data: Dataset, rows: Uint32Array): Promise<RowValues> {
    const { labelNames, smokeRows = 20, maxMalformed = 0.05 } = this.#options;
    const { texts, pairs } = textsOf(data, rows, `teacher ${this.#options.model}`);
    const questions = texts.map((text, i) => this.#question(text, pairs?.[i]));
    const waiting = new Map<string, Question>();
    for (const question of questions) {
      if (this.#states.has(question.key) || waiting.has(question.key)) continue;
      const state = this.#stateOf(question);
      this.#rows += 1;
      if (state.kind === 'open') waiting.set(question.key, question);
      else this.#fromLog += 1;
      this.#states.set(question.key, state);
    }
    const left = [...waiting.values()];
    this.#options.onProgress?.(this.report());
    // One alone first: it shows what the server can do.
    await this.#askAll(left.splice(0, 1));
    if (!this.#isJudged && left.length > 0) {
      await this.#askAll(left.splice(0, Math.max(0, smokeRows - 1)));
      await this.#judge(left.length);
      this.#isJudged = true;
    }
    await this.#askAll(left);
    this.#options.onProgress?.(this.report());
    this.#expectFewMalformed(maxMalformed, 'all rows');
    const C = labelNames.length;
    const logits = new Float32Array(rows.length * C);
    const remainder = new Float32Array(rows.length * C);
    for (const [i, { key }] of questions.entries()) {
      const state = this.#states.get(key);
      if (state === undefined || state.kind === 'open') throw new Error(`no answer for question ${key}`);
      logits.set(state.target.logits, i * C);
      if (state.target.remainder) remainder.set(state.target.remainder, i * C);
    }
    return { logits, remainder };
  }

  /** What is left to ask of these rows, and about what it costs. Nobody is asked. */
  plan(data: Dataset): LabellingPlan {
    const { model, prices, requestsPerMinute, samples = 0, logprobs = true, labelNames } = this.#options;
    const rows = Uint32Array.from({ length: data.size }, (_, row) => row);
    const { texts, pairs } = textsOf(data, rows, `teacher ${model}`);
    const questions = new Map(
      texts.map((text, i) => {
        const question = this.#question(text, pairs?.[i]);
        return [question.key, question] as const;
      }),
    );
    for (const question of questions.values()) this.#states.set(question.key, this.#stateOf(question));
    const open = [...questions.values()].filter(({ key }) => this.#states.get(key)?.kind === 'open');
    const answered = questions.size - open.length;
    return endpointPlan(
      questions.size,
      open.map(({ messages, text, pair = '' }) => ({
        bytes: messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
        textBytes: Buffer.byteLength(text + pair),
        messages: messages.length,
      })),
      {
        ...(prices && { prices }),
        ...(requestsPerMinute !== undefined && { requestsPerMinute }),
        draws: logprobs ? 1 : Math.max(1, samples),
        outputTokens: this.#tokenLimit(),
        classes: labelNames.length,
      },
      { rows: answered, cost: this.#costOfAnswered() },
    );
  }

  report(): EndpointReport {
    const states = [...this.#states.values()];
    const count = (kind: State['kind']) => states.reduce((sum, state) => sum + (state.kind === kind ? 1 : 0), 0);
    const outsides = states.flatMap((state) =>
      'outside' in state && state.outside !== undefined ? state.outside : [],
    );
    const cost = this.#options.prices && this.#cost(this.#input, this.#output);
    const isOpen = count('open');
    const perRow = this.#costOfAnswered() / Math.max(1, this.#rows - isOpen);
    return {
      rows: this.#rows,
      done: this.#rows - isOpen,
      fromLog: this.#fromLog,
      malformed: count('malformed'),
      byLogprobs: count('logprobs'),
      bySamples: count('samples'),
      byLabel: count('label'),
      outside: outsides.reduce((sum, value) => sum + value, 0) / Math.max(1, outsides.length),
      ...this.#client.counts,
      inputTokens: this.#input,
      outputTokens: this.#output,
      ...(cost !== undefined && { cost, estimatedCost: cost + perRow * isOpen }),
    };
  }

  #question(text: string, pair: string | undefined): Question {
    const { model, system, labelNames, labelWords, body, samples = 0, logprobs = true } = this.#options;
    const { prompt = pair === undefined ? PROMPT : PAIR_PROMPT } = this.#options;
    if (pair !== undefined && !prompt.includes('{pair}')) {
      throw new OptionError({ where: 'prompt', wanted: 'a place for the second text, {pair}', got: 'none' });
    }
    const labels = labelNames.map((label) => [labelWords?.[label] ?? label].flat()[0] as string).join(', ');
    const filling: Readonly<Record<string, string>> = { text, pair: pair ?? '', labels };
    const content = prompt.replaceAll(/\{(text|pair|labels)\}/gu, (_, name: string) => filling[name] ?? '');
    const messages = [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content },
    ];
    const key = createHash('sha256')
      .update(JSON.stringify([model, messages, body, samples, logprobs]))
      .digest('hex');
    return { key, text, pair, messages };
  }

  /** What the logged replies to a question amount to. */
  #stateOf({ key }: Question): State {
    const { labelNames, samples = 0 } = this.#options;
    const replies = this.#log.replies.get(key) ?? [];
    let failures = 0;
    let draws = 0;
    const counts = labelNames.map(() => 0);
    for (const { ask, top, contents } of replies) {
      if (ask === 'samples') {
        draws += contents.length;
        for (const content of contents) {
          const label = this.#words.labelOf(content);
          if (label !== undefined) counts[label] = (counts[label] as number) + 1;
        }
        continue;
      }
      if (top !== undefined) {
        const { logProbs, outside } = this.#words.scoresOf(top);
        if (logProbs.some((value) => value !== undefined)) {
          return { kind: 'logprobs', target: topKTarget(logProbs, outside), outside };
        }
      } else if (samples > 0) continue;
      const label = this.#words.labelOf(contents[0] ?? '');
      if (label !== undefined) return { kind: 'label', target: labelTarget(label, labelNames.length) };
      failures += 1;
    }
    const isDrawn = draws >= samples && draws > 0;
    if (isDrawn && counts.some((count) => count > 0)) return { kind: 'samples', target: sampleTarget(counts) };
    // No label was ever said: each counts the same, as the prior of drawn labels has it.
    if (isDrawn || failures >= MAX_MALFORMED) return { kind: 'malformed', target: sampleTarget(counts) };
    return { kind: 'open', draws };
  }

  async #askAll(questions: readonly Question[]): Promise<void> {
    const { concurrency = 4, signal } = this.#options;
    const queue = questions.values();
    let failure: unknown;
    const stop = () => this.#stop.abort();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const worker = async () => {
      for (const question of queue) {
        if (failure !== undefined || this.#stop.signal.aborted) return;
        try {
          await this.#ask(question);
          this.#progress();
        } catch (error) {
          failure ??= error;
        }
      }
    };
    // Those under way are waited for and logged, whatever becomes of the others.
    await Promise.all(Array.from({ length: Math.min(concurrency, questions.length) }, worker));
    signal?.removeEventListener('abort', stop);
    if (signal?.aborted) {
      const { done, rows } = this.report();
      throw new InterruptedError({
        where: `teacher ${this.#options.model}`,
        wanted: `answers to ${rows} rows`,
        got: `a request to stop after ${done}`,
        fix: 'run it again to go on from here',
      });
    }
    if (failure !== undefined) throw failure;
  }

  /** A report goes over all rows: not for each of them. */
  #progress(): void {
    if (performance.now() - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = performance.now();
    this.#options.onProgress?.(this.report());
  }

  /** Asks until the question is answered, or given up. */
  async #ask(question: Question): Promise<void> {
    const { samples = 0 } = this.#options;
    for (;;) {
      const state = this.#stateOf(question);
      this.#states.set(question.key, state);
      if (state.kind !== 'open') return;
      const draws = samples > 0 && !this.#asksLogprobs ? samples - state.draws : 0;
      await this.#request(question, draws);
    }
  }

  async #request(question: Question, draws: number): Promise<void> {
    const body = this.#bodyOf(question, draws);
    const reserve = await this.#reserve(question, Math.max(1, draws));
    try {
      const completion = await this.#client.complete(body, this.#stop.signal);
      const reply = this.#replyOf(completion, question, draws, body.logprobs === true);
      this.#log.add(reply);
      this.#count(reply);
    } catch (error) {
      if (!this.#adapt(error, body)) throw error;
    } finally {
      this.#settle(reserve);
    }
  }

  #bodyOf({ messages }: Question, draws: number): Record<string, unknown> {
    const { model, body } = this.#options;
    return {
      model,
      messages,
      [this.#limitField]: MAX_TOKENS,
      temperature: draws > 0 ? 1 : 0,
      ...(draws > 1 && { n: draws }),
      ...(this.#asksLogprobs && { logprobs: true, top_logprobs: TOP_LOGPROBS }),
      ...body,
    };
  }

  /** Servers differ in what they take: asked another way, some do. Whether it is worth another try. */
  #adapt(error: unknown, body: Readonly<Record<string, unknown>>): boolean {
    const refusal = refusalOf(error);
    if (refusal === undefined || (refusal.status !== 400 && refusal.status !== 422)) return false;
    if (body.logprobs === true && /logprob/iu.test(refusal.problem)) {
      this.#asksLogprobs = false;
      return true;
    }
    if (
      'max_tokens' in body &&
      this.#options.body?.max_tokens === undefined &&
      refusal.problem.includes('max_completion_tokens')
    ) {
      this.#limitField = 'max_completion_tokens';
      return true;
    }
    return false;
  }

  #replyOf({ choices, usage }: Completion, question: Question, draws: number, logprobs: boolean): Reply {
    const { key, text, pair } = question;
    const top = choices[0]?.logprobs?.content?.[0]?.top_logprobs;
    const contents = choices.map(({ message }) => message.content ?? '');
    return {
      key,
      model: this.#options.model,
      ask: draws > 0 ? 'samples' : 'label',
      text,
      ...(pair !== undefined && { pair }),
      logprobs,
      contents: draws > 0 ? contents.slice(0, draws) : contents.slice(0, 1),
      ...(top !== undefined &&
        top.length > 0 && { top: top.map(({ token, logprob }) => [token, logprob] as [string, number]) }),
      usage:
        usage === null || usage === undefined
          ? { input: mostTokens(question), output: MAX_TOKENS * choices.length, isEstimate: true }
          : { input: usage.prompt_tokens, output: usage.completion_tokens },
    };
  }

  #count({ usage, model, logprobs, top }: Reply): void {
    this.#input += usage.input;
    this.#output += usage.output;
    // A server that gave none when it was asked has none.
    if (model === this.#options.model && logprobs && top === undefined) this.#asksLogprobs = false;
  }

  #cost(input: number, output: number): number {
    const { prices = { input: 0, output: 0 } } = this.#options;
    return (input * prices.input + output * prices.output) / 1e6;
  }

  /** Of one answer. */
  #tokenLimit(): number {
    const { body } = this.#options;
    return Number(body?.max_tokens ?? body?.max_completion_tokens ?? MAX_TOKENS);
  }

  #costOfAnswered(): number {
    let cost = 0;
    for (const [key, { kind }] of this.#states) {
      if (kind === 'open') continue;
      for (const { usage } of this.#log.replies.get(key) ?? []) cost += this.#cost(usage.input, usage.output);
    }
    return cost;
  }

  /**
   * Holds back what a request may cost at most; waits for others under way where only their bounds stand against it.
   * @throws EndpointError if it could pass the limit.
   */
  async #reserve(question: Question, draws: number): Promise<number> {
    const { maxCost = Infinity } = this.#options;
    const most = this.#cost(mostTokens(question), draws * this.#tokenLimit());
    const spent = () => this.#cost(this.#input, this.#output);
    while (this.#underWay > 0 && spent() + this.#reserved + most > maxCost) {
      await new Promise<void>((done) => this.#waiting.push(done));
    }
    if (spent() + most > maxCost) {
      const { done, rows } = this.report();
      throw new EndpointError({
        where: `teacher ${this.#options.model}`,
        wanted: `to stay within a cost of ${maxCost}`,
        got: `${money(spent())} after ${done} of ${rows} rows, and up to ${money(most)} for the next`,
        fix: 'raise maxCost and run it again: what was answered is kept',
      });
    }
    this.#reserved += most;
    this.#underWay += 1;
    return most;
  }

  #settle(reserve: number): void {
    this.#underWay -= 1;
    // Sums of fractions do not come back to 0 by themselves.
    this.#reserved = this.#underWay === 0 ? 0 : this.#reserved - reserve;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  async #judge(left: number): Promise<void> {
    const report = this.report();
    this.#expectFewMalformed(MAX_SMOKE_MALFORMED, 'the first rows');
    const { maxCost, onSmoke } = this.#options;
    const { estimatedCost, done, rows, cost } = report;
    if (maxCost !== undefined && estimatedCost !== undefined && estimatedCost > maxCost) {
      throw new EndpointError({
        where: `teacher ${this.#options.model}`,
        wanted: `to stay within a cost of ${maxCost}`,
        got: `about ${money(estimatedCost)} for ${rows} rows (${money(cost ?? 0)} for ${done} of them)`,
        fix: 'raise maxCost, ask for fewer rows, or use a cheaper model: what was answered is kept',
      });
    }
    if ((await onSmoke?.(report)) !== false) return;
    throw new InterruptedError({
      where: `teacher ${this.#options.model}`,
      wanted: `answers to ${rows} rows`,
      got: `a request to stop before the last ${left}`,
      fix: 'run it again to go on from here',
    });
  }

  #expectFewMalformed(share: number, of: string): void {
    const { malformed, done } = this.report();
    if (malformed <= share * done) return;
    const bad = [...this.#states].find(([, { kind }]) => kind === 'malformed')?.[0] ?? '';
    const said = this.#log.replies.get(bad)?.at(-1)?.contents[0] ?? '';
    throw new EndpointError({
      where: `teacher ${this.#options.model}`,
      wanted: `labels (${this.#options.labelNames.slice(0, 6).join(', ')}) in ${of}`,
      got: `none in ${malformed} of ${done} answers, such as ${JSON.stringify(said.slice(0, 80))}`,
      fix: 'mend prompt or labelWords, or allow more (maxMalformed)',
    });
  }
}

/** No token has less than a byte. */
function mostTokens({ messages }: Question): number {
  return messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + MESSAGE_TOKENS, 0);
}

function money(value: number): string {
  return value < 0.01 ? value.toPrecision(2) : value.toFixed(2);
}

function checkOptions(options: EndpointOptions): void {
  const {
    labelNames,
    prompt,
    samples = 0,
    prices,
    maxCost,
    concurrency = 4,
    smokeRows = 20,
    maxMalformed = 0.05,
  } = options;
  const refuse = (where: string, wanted: string, got: unknown) => {
    throw new OptionError({ where, wanted, got: String(got) });
  };
  if (labelNames.length < 2 || new Set(labelNames).size < labelNames.length) {
    refuse('labelNames', 'two names or more, each once', labelNames.join(', ') || 'none');
  }
  if (!URL.canParse(options.url) || !/^https?:$/u.test(new URL(options.url).protocol)) {
    refuse('url', 'an address such as https://api.example.com/v1', options.url);
  }
  if (prompt !== undefined && !prompt.includes('{text}')) refuse('prompt', 'a place for the text, {text}', 'none');
  const whole = (where: string, value: number, least: number) => {
    if (!Number.isInteger(value) || value < least) refuse(where, `a whole number from ${least}`, value);
  };
  whole('samples', samples, 0);
  whole('concurrency', concurrency, 1);
  whole('smokeRows', smokeRows, 1);
  whole('retries', options.retries ?? 6, 0);
  for (const where of ['timeoutMs', 'backoffMs', 'requestsPerMinute'] as const) {
    const value = options[where] ?? 1;
    if (!(value > 0)) refuse(where, 'a number above 0', value);
  }
  if (!(maxMalformed >= 0 && maxMalformed <= 1)) refuse('maxMalformed', 'a share from 0 to 1', maxMalformed);
  if (prices !== undefined && !(prices.input >= 0 && prices.output >= 0)) {
    refuse('prices', 'numbers from 0 for input and output', JSON.stringify(prices));
  }
  if (maxCost === undefined) return;
  if (!(maxCost > 0)) refuse('maxCost', 'a number above 0', maxCost);
  if (prices === undefined) refuse('maxCost', 'prices to reckon with (prices: { input, output })', 'none');
}
