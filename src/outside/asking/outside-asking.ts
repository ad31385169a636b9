/** @file Asking an outside teacher about texts: those that are not in the log, a few first, within limits. */
import { GrowingNumbers } from '../../data/growing-numbers.js';
import { allRows } from '../../data/row-sample.js';
import { InterruptedError } from '../../errors/failures.js';
import { money } from '../../errors/number-text.js';
import { type TextSource, textsOf } from '../../teachers/own-texts.js';
import type { LabellingPlan } from '../../teachers/teacher.js';
import { askUntilRead } from './asked-question.js';
import type { AskedTogether, CommonLog } from './asked-together.js';
import { EndpointError } from './asking-turns.js';
import {
  ALL_ROWS,
  type OutsideAdapter,
  type OutsideAnswer,
  type OutsideQuestion,
  type Standing,
  type Tokens,
} from './outside.js';
import type { OutsideLog } from './outside-log.js';
import type { EndpointReport, OutsideOptions } from './outside-options.js';
import type { Reply } from './outside-reply.schema.js';
import { type OpenQuestion, outsidePlan, Spending } from './outside-spending.js';
import { Standings } from './standings.js';

const REPORT_MS = 200;
/** What a smoke test may have of them. */
const MAX_SMOKE_MALFORMED = 0.2;

type OpenStanding = Extract<Standing, { readonly kind: 'open' }>;

/** One conversation with an outside teacher: over all that it is asked in a run, or is to be. */
export class OutsideAsking {
  readonly #adapter: OutsideAdapter;
  readonly #options: OutsideOptions;
  readonly #together: AskedTogether | undefined;
  #log: OutsideLog;
  readonly #stop = new AbortController();
  /** How the questions stand that were asked for, by the numbers of their keys. */
  readonly #standings = new Standings();
  #spending: Spending;
  /** The model as its replies have named it so far. */
  #answeredBy: string | undefined;
  /** Replies that are written and may not outlive a power cut yet, oldest first. */
  readonly #syncing: Promise<void>[] = [];
  #costOfDone = 0;
  #fromLog = 0;
  /** Of the rows that are being asked about: how many differ, and how many of those were in the log. */
  #current = { rows: 0, fromLog: 0 };
  #isProbed = false;
  #isJudged = false;
  #reportedMs = 0;

  /** @param together Those who ask about all rows but the first. Default: this process alone. */
  constructor(adapter: OutsideAdapter, options: OutsideOptions, log: OutsideLog, together?: AskedTogether) {
    this.#adapter = adapter;
    this.#options = options;
    this.#together = together;
    this.#log = log;
    this.#spending = new Spending(options);
    this.continueWith(log);
  }

  /** Goes on with the same log, opened once more: it may have grown meanwhile. */
  continueWith(log: OutsideLog): void {
    this.#log = log;
    this.#spending = new Spending(this.#options);
    this.#answeredBy = log.answeredBy.get(this.#options.model)?.at(-1);
    this.#spending.add(log.used);
  }

  /**
   * Asks about rows, those that are not in the log, and tells of each, in their order.
   * @throws EndpointError, InterruptedError as `outsideTeacher` says.
   */
  async ask(data: TextSource, rows: Uint32Array, each: (at: number, answer: OutsideAnswer) => void): Promise<void> {
    const { smokeRows = 20, maxMalformed = 0.05 } = this.#options;
    const { texts, pairs } = textsOf(data, rows, `teacher ${this.#options.model}`);
    // Questions are made again whenever they are needed: those of all rows, with their prompts, take too much memory.
    const questionAt = (i: number) => this.#adapter.question(texts[i] as string, pairs?.[i]);
    const isUnderWay = (await this.#together?.collect(this.#commonLog())) ?? false;
    const left = this.#leftOf(rows.length, questionAt);
    this.#tell();
    const first = isUnderWay ? 0 : this.#isJudged ? 1 : Math.max(1, smokeRows);
    if (!isUnderWay) await this.#askFirst(left, first, questionAt);
    await this.#askRest(left.subarray(first), questionAt);
    this.#tell();
    this.#expectFewMalformed(maxMalformed, 'all rows');
    for (let i = 0; i < rows.length; i++) each(i, this.#answerTo(questionAt(i).key));
  }

  /** One alone first: it shows what the teacher can do. Then some more, which are judged. */
  async #askFirst(left: Uint32Array, first: number, questionAt: (row: number) => OutsideQuestion): Promise<void> {
    await this.#askAll(left.subarray(0, 1), questionAt);
    if (!this.#isProbed && this.#adapter.isProbed && this.#standings.size > 0) {
      this.#expectFewMalformed(MAX_SMOKE_MALFORMED, 'the first row');
    }
    this.#isProbed = true;
    if (this.#isJudged || left.length <= 1) return;
    await this.#askAll(left.subarray(1, first), questionAt);
    await this.#judge(Math.max(0, left.length - first));
    this.#isJudged = true;
  }

  async #askRest(rows: Uint32Array, questionAt: (row: number) => OutsideQuestion): Promise<void> {
    if (this.#together === undefined) return this.#askAll(rows, questionAt);
    await this.#together.askAll(rows, questionAt, this.#commonLog());
    if (this.#options.signal?.aborted) throw this.#interrupted(`after ${this.report().done}`);
  }

  #commonLog(): CommonLog {
    const { keys } = this.#log;
    return {
      repliesTo: (key) => {
        const number = keys.find(key);
        return number === undefined ? [] : this.#log.repliesTo(number);
      },
      take: async (reply) => {
        const { synced } = this.#log.add(reply);
        this.#spending.count(reply.usage);
        this.#adapter.notice?.(reply);
        const number = keys.of(reply.key);
        if (this.#standings.kindOf(number) !== undefined) {
          this.#standingOf(number);
          this.#progress();
        }
        await synced;
        this.#expectSameModel(reply);
      },
      answeredBy: () => this.#answeredBy,
      spent: () => this.#spending.spent,
      report: () => this.report(),
    };
  }

  /** The first of the rows of each question that is open. */
  #leftOf(rows: number, questionAt: (row: number) => OutsideQuestion): Uint32Array {
    const { keys } = this.#log;
    const left = new GrowingNumbers((length) => new Uint32Array(length));
    const seen = new Uint8Array(keys.size + rows);
    let different = 0;
    for (let i = 0; i < rows; i++) {
      const { key } = questionAt(i);
      const number = keys.of(key);
      if (seen[number] === 1) continue;
      seen[number] = 1;
      different += 1;
      const isNew = this.#standings.kindOf(number) === undefined;
      if (this.#standingOf(number).kind === 'open') left.push(i);
      else if (isNew) this.#fromLog += 1;
    }
    this.#current = { rows: different, fromLog: different - left.numbers().length };
    return left.numbers();
  }

  /** What is left to ask of these rows, and about what it costs. Nobody is asked. */
  plan(data: TextSource): LabellingPlan {
    const { model, prices, requestsPerMinute, labelNames } = this.#options;
    const { texts, pairs } = textsOf(data, allRows(data.size), `teacher ${model}`);
    const open: OpenQuestion[] = [];
    for (let i = 0; i < data.size; i++) {
      const { key, text, pair, bytes, messages } = this.#adapter.question(texts[i] as string, pairs?.[i]);
      const number = this.#log.keys.of(key);
      if (this.#standings.kindOf(number) !== undefined || this.#standingOf(number).kind !== 'open') continue;
      open.push({ bytes, textBytes: Buffer.byteLength(text + (pair ?? '')), messages });
    }
    const questions = this.#standings.size;
    const { draws, outputTokens } = this.#adapter;
    return outsidePlan(
      questions,
      open,
      { prices, requestsPerMinute, draws, outputTokens, classes: labelNames.length },
      { rows: questions - open.length, cost: this.#costOfDone },
    );
  }

  report(): EndpointReport {
    const count = (kind: Standing['kind']) => this.#standings.count(kind);
    const { outside, exact, differing } = this.#standings.sums;
    const { input, output } = this.#spending.tokens;
    const rows = this.#standings.size;
    const isOpen = count('open');
    const { spent } = this.#spending;
    const cost = this.#options.prices !== undefined || spent > 0 ? spent : undefined;
    const perRow = this.#costOfDone / Math.max(1, rows - isOpen);
    return {
      rows,
      done: rows - isOpen,
      fromLog: this.#fromLog,
      malformed: count('malformed'),
      refused: count('refused'),
      byProbabilities: count('probabilities'),
      byLogprobs: count('logprobs'),
      bySamples: count('samples'),
      byLabel: count('label'),
      outside: outside / Math.max(1, count('logprobs')),
      exact: exact / Math.max(1, count('logprobs')),
      differing,
      ...this.#adapter.counts,
      ...(this.#answeredBy !== undefined && { answeredBy: this.#answeredBy }),
      inputTokens: input,
      outputTokens: output,
      ...(cost !== undefined && { cost, estimatedCost: cost + perRow * isOpen }),
    };
  }

  /** Replies that count: those of the model that answers now. */
  #ofOurs(replies: readonly Reply[]): readonly Reply[] {
    return replies.filter(({ answeredBy = this.#answeredBy }) => answeredBy === this.#answeredBy);
  }

  /** What the log says of a question, by the number of its key; how it stands is noted. */
  #standingOf(number: number): Standing {
    const replies = this.#log.repliesTo(number);
    const standing = this.#adapter.standing(this.#ofOurs(replies));
    if (this.#standings.kindOf(number) === standing.kind) return standing;
    this.#standings.set(number, standing);
    if (standing.kind !== 'open') this.#costOfDone += this.#usageOf(replies).cost;
    return standing;
  }

  #usageOf(replies: readonly Reply[]): { readonly tokens: Tokens; readonly cost: number } {
    const sum = (of: (usage: Reply['usage']) => number) => replies.reduce((total, { usage }) => total + of(usage), 0);
    const tokens = { input: sum(({ input }) => input), output: sum(({ output }) => output) };
    return { tokens, cost: sum((usage) => this.#spending.cost(usage)) };
  }

  #answerTo(key: string): OutsideAnswer {
    const all = this.#log.repliesTo(this.#log.keys.of(key));
    const replies = this.#ofOurs(all);
    const standing = this.#adapter.standing(replies);
    const last = replies.at(-1);
    if (!isReading(standing) || last === undefined) throw new Error(`no answer to ${key}`);
    const { tokens, cost } = this.#usageOf(all);
    const isPriced = this.#options.prices !== undefined || cost > 0;
    return {
      ...standing,
      source: this.#adapter.source,
      model: last.answeredBy ?? last.model,
      ...(last.requestId !== undefined && { requestId: last.requestId }),
      tokens,
      ...(isPriced && { cost }),
      why: last.why ?? ALL_ROWS,
    };
  }

  async #askAll(rows: Uint32Array, questionAt: (row: number) => OutsideQuestion): Promise<void> {
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
          await this.#askOne(questionAt(row));
          this.#progress();
        } catch (error) {
          failure ??= error;
        }
      }
    };
    // Those under way are waited for and logged, whatever becomes of the others.
    await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, worker));
    await Promise.all(this.#syncing.splice(0)).catch((error: unknown) => {
      failure ??= error;
    });
    signal?.removeEventListener('abort', stop);
    if (signal?.aborted) throw this.#interrupted(`after ${this.report().done}`);
    if (failure !== undefined) throw failure;
  }

  #progress(): void {
    if (performance.now() - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = performance.now();
    this.#tell();
  }

  /** Of the rows that are being asked about: those of earlier calls are done. */
  #tell(): void {
    const report = this.report();
    const open = report.rows - report.done;
    this.#options.onProgress?.({ ...report, ...this.#current, done: this.#current.rows - open });
  }

  /** Logs a reply; waits where a power cut might take more of them than are asked for at once. */
  async #keep(reply: Reply): Promise<void> {
    const { concurrency = 4 } = this.#options;
    const { synced } = this.#log.add(reply);
    // It is waited for later, which is soon enough to hear that it failed.
    synced.catch(() => {});
    this.#syncing.push(synced);
    if (this.#syncing.length > concurrency) await this.#syncing.shift();
  }

  async #askOne(question: OutsideQuestion): Promise<void> {
    const { model, why } = this.#options;
    await askUntilRead(this.#adapter, question, {
      ...{ model, why, stop: this.#stop.signal },
      standing: () => this.#standingOf(this.#log.keys.of(question.key)),
      keeper: {
        reserve: (most) => this.#spending.reserve(most, () => this.report()),
        keep: async (reply, reserved) => {
          try {
            await this.#keep(reply);
            this.#spending.count(reply.usage);
          } finally {
            this.#spending.settle(reserved);
          }
          this.#expectSameModel(reply);
        },
        release: (reserved) => this.#spending.settle(reserved),
      },
    });
  }

  /** Answers of two models are not those of one teacher: who goes on says so. */
  #expectSameModel({ answeredBy }: Reply): void {
    if (answeredBy === undefined || answeredBy === this.#answeredBy) return;
    if (this.#answeredBy === undefined) {
      this.#answeredBy = answeredBy;
      return;
    }
    const { model } = this.#options;
    const { done, rows } = this.report();
    throw new EndpointError({
      where: `teacher ${model}`,
      wanted: `replies of ${this.#answeredBy}, as for ${done} of ${rows} rows before`,
      got: `one of ${answeredBy}`,
      fix: `name the model that you want (--teacher_model), or run it again: ${answeredBy} is another teacher, which is asked about all rows`,
    });
  }

  #interrupted(when: string): InterruptedError {
    return new InterruptedError({
      where: `teacher ${this.#options.model}`,
      wanted: `replies for ${this.#standings.size} rows`,
      got: `an interruption ${when}`,
      fix: 'the replies are kept: run it again to continue, a command with --resume',
    });
  }

  async #judge(left: number): Promise<void> {
    const report = this.report();
    this.#expectFewMalformed(MAX_SMOKE_MALFORMED, 'the first rows');
    const { maxCost, onSmoke, model } = this.#options;
    const { estimatedCost, done, rows, cost, refused } = report;
    if (done > 1 && refused === done) {
      throw new EndpointError({
        where: `teacher ${model}`,
        wanted: 'an answer to some of the first rows',
        got: `a refusal of all ${done}`,
        fix: 'ask another question or another model',
      });
    }
    if (maxCost !== undefined && estimatedCost !== undefined && estimatedCost > maxCost) {
      throw new EndpointError({
        where: `teacher ${model}`,
        wanted: `a cost of at most ${maxCost}`,
        got: `about ${money(estimatedCost)} for ${rows} rows (${money(cost ?? 0)} for ${done} of them)`,
        fix: 'raise maxCost, use fewer rows, or a cheaper model: finished replies are kept',
      });
    }
    if ((await onSmoke?.(report)) === false) throw this.#interrupted(`before the last ${left}`);
  }

  #expectFewMalformed(share: number, of: string): void {
    const { malformed, done } = this.report();
    if (malformed <= share * done) return;
    const bad = this.#standings.first('malformed');
    const last = bad === undefined ? undefined : this.#ofOurs(this.#log.repliesTo(bad)).at(-1);
    const said = last === undefined ? '' : this.#adapter.shown(last);
    throw new EndpointError({
      where: `teacher ${this.#options.model}`,
      wanted: `labels (${this.#options.labelNames.slice(0, 6).join(', ')}) in ${of}`,
      got: `none in ${malformed} of ${done} replies, such as ${JSON.stringify(said.slice(0, 80))}`,
      fix: this.#adapter.fixMalformed,
    });
  }
}

function isReading(standing: Standing): standing is Exclude<Standing, OpenStanding> {
  return standing.kind !== 'open';
}
