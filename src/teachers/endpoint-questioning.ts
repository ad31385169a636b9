/** @file Asking an endpoint for the labels of texts: those that are not in the log, a few first, within limits. */
import type { Dataset } from '../data/dataset.js';
import { allRows } from '../data/row-sample.js';
import { InterruptedError } from '../errors/failures.js';
import { money } from '../errors/number-text.js';
import type { Completion, Reply } from './endpoint.schema.js';
import { EndpointClient, EndpointError, refusalOf } from './endpoint-client.js';
import type { EndpointLog } from './endpoint-log.js';
import type { EndpointOptions, EndpointReport } from './endpoint-options.js';
import { mostInputTokens, type Question, questionOf, type State, stateOf } from './endpoint-question.js';
import { endpointPlan, type OpenQuestion, Spending } from './endpoint-spending.js';
import type { LabelWords } from './label-words.js';
import { textsOf } from './own-texts.js';
import type { LabellingPlan, RowValues } from './teacher.js';

const TOP_LOGPROBS = 20;
/** Beyond the first place of an answer, tokens that are less likely than 1e-5 are not kept. */
const LEAST_LOGPROB = Math.log(1e-5);
const REPORT_MS = 200;
/** What a smoke test may have of them. */
const MAX_SMOKE_MALFORMED = 0.2;

type Standing = { readonly kind: State['kind']; readonly outside?: number };

/** One conversation with an endpoint: over all that it is asked in a run, or is to be. */
export class Questioning {
  readonly #options: EndpointOptions;
  readonly #words: LabelWords;
  readonly #log: EndpointLog;
  readonly #client: EndpointClient;
  readonly #stop = new AbortController();
  /** How the questions stand that were asked for, by key. Their answers are in the log. */
  readonly #standings = new Map<string, Standing>();
  #asksLogprobs: boolean;
  readonly #spending: Spending;
  #limitField: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  #rows = 0;
  #fromLog = 0;
  #isJudged = false;
  #reportedMs = 0;

  constructor(options: EndpointOptions, words: LabelWords, log: EndpointLog) {
    this.#options = options;
    this.#words = words;
    this.#log = log;
    this.#client = new EndpointClient(options);
    this.#spending = new Spending(options);
    this.#asksLogprobs = options.logprobs ?? true;
    for (const tokens of log.known.values()) this.#spending.count(tokens);
    this.#noticeUnscored();
  }

  async answer(data: Dataset, rows: Uint32Array): Promise<RowValues> {
    const { labelNames, smokeRows = 20, maxMalformed = 0.05 } = this.#options;
    const { texts, pairs } = textsOf(data, rows, `teacher ${this.#options.model}`);
    // Questions are made anew when they are asked: those of all rows, with their prompts, need too much memory.
    const questionAt = (i: number) => questionOf(this.#options, texts[i] as string, pairs?.[i]);
    const keys = texts.map((_, i) => questionAt(i).key);
    const left: number[] = [];
    for (const [i, key] of keys.entries()) {
      if (this.#standings.has(key)) continue;
      this.#rows += 1;
      if (this.#stateOf(key).kind === 'open') left.push(i);
      else this.#fromLog += 1;
    }
    this.#options.onProgress?.(this.report());
    // One alone first: it shows what the server can do.
    await this.#askAll(left.splice(0, 1), questionAt);
    if (!this.#isJudged && left.length > 0) {
      await this.#askAll(left.splice(0, Math.max(0, smokeRows - 1)), questionAt);
      await this.#judge(left.length);
      this.#isJudged = true;
    }
    await this.#askAll(left, questionAt);
    this.#options.onProgress?.(this.report());
    this.#expectFewMalformed(maxMalformed, 'all rows');
    const C = labelNames.length;
    const logits = new Float32Array(rows.length * C);
    const remainder = new Float32Array(rows.length * C);
    for (const [i, key] of keys.entries()) {
      const state = this.#stateOf(key);
      if (state.kind === 'open') throw new Error(`no answer for question ${key}`);
      logits.set(state.target.logits, i * C);
      if (state.target.remainder) remainder.set(state.target.remainder, i * C);
    }
    return { logits, remainder };
  }

  /** What is left to ask of these rows, and about what it costs. Nobody is asked. */
  plan(data: Dataset): LabellingPlan {
    const { model, prices, requestsPerMinute, samples = 0, logprobs = true, labelNames } = this.#options;
    const { texts, pairs } = textsOf(data, allRows(data.size), `teacher ${model}`);
    const open: OpenQuestion[] = [];
    for (const [i, text] of texts.entries()) {
      const pair = pairs?.[i];
      const { key, messages } = questionOf(this.#options, text, pair);
      if (this.#standings.has(key) || this.#stateOf(key).kind !== 'open') continue;
      open.push({
        bytes: messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
        textBytes: Buffer.byteLength(text + (pair ?? '')),
        messages: messages.length,
      });
    }
    const questions = this.#standings.size;
    return endpointPlan(
      questions,
      open,
      {
        prices,
        requestsPerMinute,
        draws: logprobs ? 1 : Math.max(1, samples),
        outputTokens: this.#tokenLimit,
        classes: labelNames.length,
      },
      { rows: questions - open.length, cost: this.#costOfAnswered() },
    );
  }

  report(): EndpointReport {
    const standings = [...this.#standings.values()];
    const count = (kind: State['kind']) => standings.reduce((sum, one) => sum + (one.kind === kind ? 1 : 0), 0);
    const outsides = standings.flatMap(({ outside }) => outside ?? []);
    const { input, output } = this.#spending.tokens;
    const cost = this.#options.prices && this.#spending.cost({ input, output });
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
      inputTokens: input,
      outputTokens: output,
      ...(cost !== undefined && { cost, estimatedCost: cost + perRow * isOpen }),
    };
  }

  /** What the log says of a question; how it stands is noted. */
  #stateOf(key: string): State {
    const state = stateOf(this.#log.repliesTo(key), this.#options, this.#words);
    const outside = 'outside' in state ? state.outside : undefined;
    this.#standings.set(key, { kind: state.kind, ...(outside !== undefined && { outside }) });
    return state;
  }

  async #askAll(rows: readonly number[], questionAt: (row: number) => Question): Promise<void> {
    const { concurrency = 4, signal } = this.#options;
    const queue = rows.values();
    let failure: unknown;
    const stop = () => this.#stop.abort();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const worker = async () => {
      for (const row of queue) {
        if (failure !== undefined || this.#stop.signal.aborted) return;
        try {
          await this.#ask(questionAt(row));
          this.#progress();
        } catch (error) {
          failure ??= error;
        }
      }
    };
    // Those under way are waited for and logged, whatever becomes of the others.
    await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, worker));
    signal?.removeEventListener('abort', stop);
    if (signal?.aborted) {
      const { done, rows } = this.report();
      throw new InterruptedError({
        where: `teacher ${this.#options.model}`,
        wanted: `replies for ${rows} rows`,
        got: `an interruption after ${done}`,
        fix: 'the replies are kept: run it again to continue, a command with --resume',
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
      const state = this.#stateOf(question.key);
      if (state.kind !== 'open') return;
      const draws = samples > 0 && !this.#asksLogprobs ? samples - state.draws : 0;
      await this.#request(question, draws);
    }
  }

  async #request(question: Question, draws: number): Promise<void> {
    const body = this.#bodyOf(question, draws);
    const most = { input: mostInputTokens(question), output: Math.max(1, draws) * this.#tokenLimit };
    const reserved = await this.#spending.reserve(most, () => this.report());
    try {
      const completion = await this.#client.complete(body, this.#stop.signal);
      const reply = this.#replyOf(completion, question, draws, body.logprobs === true);
      this.#log.add(reply);
      this.#spending.count(reply.usage);
      this.#noticeUnscored();
    } catch (error) {
      if (!this.#adapt(error, body)) throw error;
    } finally {
      this.#spending.settle(reserved);
    }
  }

  #bodyOf({ messages }: Question, draws: number): Record<string, unknown> {
    const { model, body } = this.#options;
    return {
      model,
      messages,
      [this.#limitField]: this.#words.mostTokens,
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
    const tokens = tokensOf(choices[0]?.logprobs?.content ?? [], this.#words.mostTokens);
    const kept = choices.slice(0, Math.max(1, draws));
    return {
      key,
      model: this.#options.model,
      ask: draws > 0 ? 'samples' : 'label',
      text,
      ...(pair !== undefined && { pair }),
      logprobs,
      contents: kept.map(({ message }) => message.content ?? ''),
      isCut: kept.some(({ finish_reason }) => finish_reason === 'length'),
      ...(tokens.length > 0 && { tokens }),
      usage:
        usage === null || usage === undefined
          ? { input: mostInputTokens(question), output: this.#tokenLimit * choices.length, isEstimate: true }
          : { input: usage.prompt_tokens, output: usage.completion_tokens },
    };
  }

  /** A server that gave no log-probabilities when it was asked has none. */
  #noticeUnscored(): void {
    if (this.#log.unscored.has(this.#options.model)) this.#asksLogprobs = false;
  }

  /** Tokens of one answer, at most. */
  get #tokenLimit(): number {
    const { body } = this.#options;
    return Number(body?.max_tokens ?? body?.max_completion_tokens ?? this.#words.mostTokens);
  }

  #costOfAnswered(): number {
    let cost = 0;
    for (const [key, { kind }] of this.#standings) {
      const tokens = this.#log.known.get(key);
      if (kind !== 'open' && tokens !== undefined) cost += this.#spending.cost(tokens);
    }
    return cost;
  }

  async #judge(left: number): Promise<void> {
    const report = this.report();
    this.#expectFewMalformed(MAX_SMOKE_MALFORMED, 'the first rows');
    const { maxCost, onSmoke } = this.#options;
    const { estimatedCost, done, rows, cost } = report;
    if (maxCost !== undefined && estimatedCost !== undefined && estimatedCost > maxCost) {
      throw new EndpointError({
        where: `teacher ${this.#options.model}`,
        wanted: `a cost of at most ${maxCost}`,
        got: `about ${money(estimatedCost)} for ${rows} rows (${money(cost ?? 0)} for ${done} of them)`,
        fix: 'raise maxCost, use fewer rows, or a cheaper model: finished replies are kept',
      });
    }
    if ((await onSmoke?.(report)) !== false) return;
    throw new InterruptedError({
      where: `teacher ${this.#options.model}`,
      wanted: `replies for ${rows} rows`,
      got: `an interruption before the last ${left}`,
      fix: 'the replies are kept: run it again to continue, a command with --resume',
    });
  }

  #expectFewMalformed(share: number, of: string): void {
    const { malformed, done } = this.report();
    if (malformed <= share * done) return;
    const bad = [...this.#standings].find(([, { kind }]) => kind === 'malformed')?.[0] ?? '';
    const said = this.#log.repliesTo(bad).at(-1)?.contents[0] ?? '';
    throw new EndpointError({
      where: `teacher ${this.#options.model}`,
      wanted: `labels (${this.#options.labelNames.slice(0, 6).join(', ')}) in ${of}`,
      got: `none in ${malformed} of ${done} replies, such as ${JSON.stringify(said.slice(0, 80))}`,
      fix: 'improve prompt or labelWords, or allow more (maxMalformed, --bad_rows skip)',
    });
  }
}

type Logprobs = NonNullable<NonNullable<Completion['choices'][number]['logprobs']>['content']>;

/** The tokens of an answer with those in their place that matter; none where a server names the written ones alone. */
function tokensOf(content: Logprobs, most: number): NonNullable<Reply['tokens']> {
  if (!content.some(({ top_logprobs: top = [] }) => top.length > 0)) return [];
  return content.slice(0, most).map(({ token, logprob, top_logprobs: top = [] }, place) => {
    const likely = top.filter((other) => place === 0 || other.token === token || other.logprob >= LEAST_LOGPROB);
    const all = likely.some((other) => other.token === token) ? likely : [{ token, logprob }, ...likely];
    return [token, all.map((other) => [other.token, other.logprob])];
  });
}
