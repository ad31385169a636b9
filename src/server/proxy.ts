/**
 * @file A student before an upstream service. Without a certificate that is about this student it answers nothing and is only
 * compared (shadow mode). With one it answers what its score is high enough for, for callers whose key upstream has taken, and
 * a share of that goes upstream too; once that shows the bound broken, everything does.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Certificate } from '../certificates/certificate.schema.js';
import { keepsAnswer } from '../certificates/certified-score.js';
import { messageOf } from '../errors/message-of.js';
import type { Answer, TextInput } from '../inference/answer.js';
import { parsedJson } from '../options/json.js';
import { checkedDecision } from '../outside/decisions/decision-answer.js';
import type { ReadDecisions } from '../outside/decisions/decision-format.js';
import { DECISION_FORMATS } from '../outside/decisions/decision-formats.js';
import type { AcceptedKeys } from './accepted-keys.js';
import type { Caller } from './batches.js';
import type { Connection } from './caller.js';
import { answered, type LocalRequest, localRequest, wireAnswers } from './local-decisions.js';
import type { Metrics } from './metrics.js';
import type { RequestBody } from './request-body.js';
import { RequestFailure } from './request-failure.js';
import type { ServedQuestions } from './served-question.js';
import type { Student } from './student.js';
import type { TrafficLog } from './traffic-log.js';
import type { Upstream, UpstreamReply } from './upstream.js';
import type { WireFormat } from './wire-format.js';

/** Requests that were answered and are asked upstream beside that, at once; more are not asked about. */
const MOST_AUDITS = 16;

export type ProxyParts = {
  readonly student: Student;
  readonly served: ServedQuestions;
  readonly upstream: Upstream;
  readonly keys: AcceptedKeys;
  readonly metrics: Metrics;
  readonly log: TrafficLog;
  /** One that is about this student; absent in shadow mode. */
  readonly certificate: Pick<Certificate, 'score' | 'threshold' | 'deferredLabels' | 'truth'> | undefined;
  readonly textField: string | undefined;
  /** Of all requests, and of those beside them, the shares that are asked upstream whatever the student says. */
  readonly calibrationShare: number;
  readonly auditShare: number;
  readonly logTexts: boolean;
  readonly onNotice: (text: string) => void;
  /** Numbers from 0 to 1, without 1. */
  readonly random?: () => number;
};

export type ProxyReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | Buffer;
};

/** Why upstream was asked; what a sample stands for cannot be told without it. */
type Why = { readonly by: 'all' | 'random' | 'rule' | 'cascade'; readonly probability: number };
/** Drawn before anything is known of the answer. */
type Draw = { readonly isSample: boolean; readonly isAudit: boolean };
/** What upstream said to the question: of a label, or why there is none. */
type Heard = { readonly label?: number; readonly said: object; readonly model?: string; readonly from: object };

export class StudentProxy {
  readonly #parts: ProxyParts;
  readonly #background = new Set<Promise<void>>();
  #hasSaid = false;

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#tellStop();
  }

  /** Whether the student answers anything. */
  get isAnswering(): boolean {
    return this.#parts.certificate !== undefined && this.#parts.log.state.stopped === undefined;
  }

  async answer(format: WireFormat, body: RequestBody, headers: IncomingHttpHeaders, caller: Connection) {
    const local = this.#localOf(format, body);
    if (local === undefined) return this.#forward(format, body, headers, caller);
    const { student, certificate, keys, upstream, random = Math.random } = this.#parts;
    const draw = this.#drawn(random);
    const isKnown = keys.has(upstream.keyOf(headers));
    const answering = this.#answerOf(local, caller);
    if (this.isAnswering && isKnown) {
      const answer = await answering;
      if (answer !== undefined && this.#keeps(answer)) {
        const source = draw.isAudit && this.#isRoom() ? 'audit' : 'student';
        if (source === 'audit') this.#audit(format, body, headers, local, answer, draw);
        this.#parts.metrics.count('retort_answers_total', [source]);
        const own = { x_retort_source: source, x_retort_threshold: certificate?.threshold };
        const answers = wireAnswers(local, answer);
        const said = format.reply({ model: student.name, answers, tokens: local.row.tokens, own });
        return { status: 200, headers: { 'x-retort-source': source }, body: said };
      }
      const why = this.#whyAsked(draw, 1);
      const { reply, heard } = await this.#ask(format, body, headers, local, caller.signal);
      this.#keep(local, answer, heard, why, false);
      if (draw.isAudit && heard?.label !== undefined) this.#count(false, false);
      return reply;
    }
    // Every request goes upstream, whatever the student says to it.
    const { reply, heard } = await this.#ask(format, body, headers, local, caller.signal);
    this.#keep(local, await answering, heard, { by: 'all', probability: 1 }, false);
    return reply;
  }

  /** A request that the student does not know, as it came: also one that is wrong, of which upstream says how. */
  async #forward(format: WireFormat, body: RequestBody, headers: IncomingHttpHeaders, caller: Connection) {
    const { upstream, keys, metrics } = this.#parts;
    const reply = await upstream.ask(format.path, headers, body.bytes, caller.signal);
    keys.heard(upstream.keyOf(headers), reply.status);
    metrics.count('retort_answers_total', ['upstream']);
    return fromUpstream(reply);
  }

  /** What upstream says of its models. */
  async models(headers: IncomingHttpHeaders): Promise<ProxyReply> {
    return fromUpstream(await this.#parts.upstream.ask('/v1/models', headers, undefined));
  }

  /** Waits for what is still asked upstream. */
  async close(): Promise<void> {
    await Promise.all(this.#background);
    await this.#parts.log.close();
  }

  #localOf(format: WireFormat, { json }: RequestBody): LocalRequest | undefined {
    const { student, served, textField } = this.#parts;
    try {
      return localRequest(student, served, format.read(json, textField));
    } catch (error) {
      if (error instanceof RequestFailure) return undefined;
      throw error;
    }
  }

  #drawn(random: () => number): Draw {
    const { calibrationShare, auditShare } = this.#parts;
    const isSample = random() < calibrationShare;
    return { isSample, isAudit: isSample || random() < auditShare };
  }

  /** Undefined where it has no room, or no answer to this text: upstream then has. */
  async #answerOf({ row }: LocalRequest, caller: Caller): Promise<Answer | undefined> {
    try {
      return await answered(this.#parts.student, row, caller);
    } catch (error) {
      if (error instanceof RequestFailure) return undefined;
      throw error;
    }
  }

  #keeps(answer: Answer): boolean {
    const { certificate } = this.#parts;
    return certificate !== undefined && keepsAnswer(certificate, answer);
  }

  /** @param probability that the student's answer leaves it, where the draw alone does not ask */
  #whyAsked({ isSample }: Draw, probability: number): Why {
    return isSample ? { by: 'random', probability: this.#parts.calibrationShare } : { by: 'cascade', probability };
  }

  #isRoom(): boolean {
    return this.#background.size < MOST_AUDITS;
  }

  async #ask(
    format: WireFormat,
    body: RequestBody,
    headers: IncomingHttpHeaders,
    local: LocalRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly reply: ProxyReply; readonly heard: Heard | undefined }> {
    const { upstream, keys, metrics, certificate, log } = this.#parts;
    const reply = await upstream.ask(format.path, headers, body.bytes, signal);
    keys.heard(upstream.keyOf(headers), reply.status);
    metrics.count('retort_upstream_total', [reply.status]);
    const heard = reply.status === 200 ? await heardIn(format, reply, local, this.#parts) : undefined;
    const { truth } = certificate ?? {};
    if (truth?.kind === 'teacher' && heard?.model !== undefined && heard.model !== truth.model) {
      log.heardOtherModel(heard.model);
      this.#tellStop();
    }
    metrics.count('retort_answers_total', ['upstream']);
    return { reply: fromUpstream(reply), heard };
  }

  /** The caller has the student's answer; what upstream says of it is waited for by nobody. */
  #audit(
    format: WireFormat,
    body: RequestBody,
    headers: IncomingHttpHeaders,
    local: LocalRequest,
    answer: Answer,
    draw: Draw,
  ): void {
    const why = this.#whyAsked(draw, this.#parts.auditShare);
    const asking = this.#ask(format, body, headers, local)
      .then(({ heard }) => {
        this.#keep(local, answer, heard, why, true);
        if (heard?.label === undefined) return;
        this.#count(true, this.#parts.student.labels[heard.label] !== answer.label);
      })
      .catch((error: unknown) => this.#parts.onNotice(`an audit has failed: ${messageOf(error)}`))
      .finally(() => this.#background.delete(asking));
    this.#background.add(asking);
  }

  #count(isKept: boolean, isWrong: boolean): void {
    const { log, metrics, certificate } = this.#parts;
    // Of labels a teacher's choice says nothing.
    if (certificate?.truth.kind !== 'teacher') return;
    log.audited(isKept, isWrong);
    metrics.count('retort_audited_total', [isKept ? 'kept' : 'deferred', isWrong ? 'differ' : 'agree']);
    this.#tellStop();
  }

  #tellStop(): void {
    const { stopped } = this.#parts.log.state;
    if (stopped === undefined || this.#hasSaid) return;
    this.#hasSaid = true;
    this.#parts.onNotice(`the student is stopped, and every request goes upstream: ${stopped}`);
  }

  #keep(
    { input }: LocalRequest,
    answer: Answer | undefined,
    heard: Heard | undefined,
    why: Why,
    isKept: boolean,
  ): void {
    if (heard === undefined) return;
    const { log, logTexts, served, metrics } = this.#parts;
    const record = {
      at: new Date().toISOString(),
      ...(logTexts && textsOf(input)),
      ...heard.said,
      from: { ...heard.from, why },
      ...(answer !== undefined && { student: { label: answer.label, score: answer.score, isKept } }),
    };
    log.add(record, { question: served.own });
    if (answer === undefined || heard.label === undefined) return;
    const isSame = this.#parts.student.labels[heard.label] === answer.label;
    metrics.count('retort_compared_total', [isSame ? 'agree' : 'differ']);
  }
}

function textsOf(input: TextInput): object {
  return typeof input === 'string' ? { text: input } : { text: input[0], pair: input[1] };
}

function fromUpstream({ status, headers, body }: UpstreamReply): ProxyReply {
  return { status, headers: { ...headers, 'x-retort-source': 'upstream' }, body };
}

/** The answer to the first question, which all of the request's are, in the student's labels. */
async function heardIn(
  format: WireFormat,
  { body, headers }: UpstreamReply,
  { request, labels }: LocalRequest,
  { student, served, upstream: { url: source } }: ProxyParts,
): Promise<Heard | undefined> {
  const read: ReadDecisions | undefined = await DECISION_FORMATS[format.name].read(parsedJson(body.toString('utf8')));
  const [question] = request.questions;
  const [names] = labels;
  if (read === undefined || question === undefined || names === undefined) return undefined;
  const raw = read.answers.get(question.id ?? 'answer 1');
  const decision = raw === undefined ? { invalid: 'no answer' } : checkedDecision(raw, names, served.own.type);
  const requestId = headers['x-typesafe-request-id'] ?? headers['x-request-id'] ?? read.id;
  const from = {
    source,
    model: read.model ?? request.model ?? 'unknown',
    ...(requestId !== undefined && { requestId }),
    tokens: { input: read.usage?.input_tokens ?? 0, output: read.usage?.output_tokens ?? 0 },
  };
  const model = read.model === undefined ? {} : { model: read.model };
  if ('isRefused' in decision) return { said: { refused: true }, from, ...model };
  if ('invalid' in decision) return { said: { malformed: true }, from, ...model };
  if ('label' in decision) {
    return { label: decision.label, said: { label: student.labels[decision.label] }, from, ...model };
  }
  const { probabilities, decimals } = decision;
  const byLabel = Object.fromEntries(student.labels.map((label, c) => [label, probabilities[c] as number]));
  // Of equal probabilities after rounding it says itself which it means.
  const label = names.indexOf(String(raw !== undefined && 'choice' in raw && raw.choice));
  const said = { probabilities: byLabel, ...(decimals !== undefined && { decimals }) };
  return { label, said, from, ...model };
}
