/** @file The routes of a server of decisions, whatever answers them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { isSameSecret } from '../files/same-secret.js';
import type { TextInput } from '../inference/answer.js';
import { Connection } from './caller.js';
import { answered, encoded, expectRoom, localRequest, wireAnswers } from './local-decisions.js';
import type { Metrics } from './metrics.js';
import { openAiWire } from './openai-wire.js';
import type { StudentProxy } from './proxy.js';
import { type RequestBody, readBody } from './request-body.js';
import { RequestFailure } from './request-failure.js';
import type { ServedQuestions } from './served-question.js';
import type { Student } from './student.js';
import { systemOneWire } from './systemone-wire.js';
import type { WireFormat } from './wire-format.js';

export type AppParts = {
  readonly student: Student;
  readonly served: ServedQuestions;
  /** Where there is an upstream. */
  readonly proxy: StudentProxy | undefined;
  readonly metrics: Metrics;
  readonly textField: string | undefined;
  /** What callers have to send, where anything. */
  readonly apiKey: string | undefined;
  /** @throws RequestFailure for a request under a name, or from a page, that is not allowed. */
  readonly expectHost: (headers: IncomingHttpHeaders) => void;
  readonly maxBodyBytes: number;
  /** Whether new requests are still taken. */
  readonly isOpen: () => boolean;
  /** Told of a failure that is none of the caller's. */
  readonly onFault: (error: unknown) => void;
};

type Env = { readonly Bindings: HttpBindings };
type Reply = {
  readonly status: number;
  readonly body: object | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
};
type Asked = { readonly body: RequestBody; readonly headers: IncomingHttpHeaders; readonly caller: Connection };

/** Rows of one request to `/predict`. */
const MOST_TEXTS = 256;

export function decisionApp(parts: AppParts): Hono<Env> {
  const { student, served, metrics, textField, maxBodyBytes, proxy } = parts;
  const app = new Hono<Env>();

  const route = (path: string, failure: WireFormat['failure'], answer: (asked: Asked) => Promise<Reply>) => {
    app.post(path, async (c) => {
      const begun = performance.now();
      let reply: Reply;
      try {
        parts.expectHost(c.env.incoming.headers);
        expectKey(c, parts.apiKey);
        if (!parts.isOpen()) throw new RequestFailure('busy', 'this server is shutting down');
        // Said before anything is read: whoever comes again costs as little as can be.
        if (proxy === undefined) expectRoom(student, 1);
        const body = await readBody(c.env.incoming, maxBodyBytes);
        reply = await answer({ body, headers: c.env.incoming.headers, caller: new Connection(c.env.outgoing) });
      } catch (error) {
        const said = error instanceof RequestFailure ? error : faultOf(error, parts.onFault);
        reply = { status: said.status, body: failure(said), headers: said.headers };
      }
      metrics.count('retort_requests_total', [path, reply.status]);
      metrics.took((performance.now() - begun) / 1000);
      return json(reply);
    });
    app.all(path, () => json(refused(new RequestFailure('not-found', `wanted POST ${path}`, [], 405), failure)));
  };
  const get = (path: string, answer: (c: Context<Env>) => Response | Promise<Response>) => {
    app.get(path, (c) => {
      const failed = failureOf(() => parts.expectHost(c.env.incoming.headers));
      return failed === undefined ? answer(c) : json(refused(failed, systemOneWire.failure));
    });
  };

  for (const format of [systemOneWire, openAiWire]) {
    route(format.path, format.failure, async ({ body, headers, caller }) => {
      if (proxy !== undefined) return proxy.answer(format, body, headers, caller);
      const request = format.read(body.json, textField);
      const local = localRequest(student, served, request);
      const answer = await answered(student, local.row, caller);
      metrics.count('retort_answers_total', ['student']);
      const answers = wireAnswers(local, answer);
      const own = { x_retort_source: 'student' };
      const said = format.reply({ model: student.name, answers, tokens: local.row.tokens, own });
      return { status: 200, body: said, headers: { 'x-retort-source': 'student' } };
    });
  }

  route('/predict', plainFailure, async ({ body: { json: body }, caller }) => {
    // Nothing says whether the caller may have answers that upstream's owner pays for.
    if (proxy !== undefined)
      throw new RequestFailure(
        'not-found',
        'there is no /predict before an upstream: ask /v1/systemone or /v1/decisions',
      );
    const texts = textsIn(body);
    expectRoom(student, texts.length);
    const rows = texts.map((text) => encoded(student, text));
    const answers = await Promise.all(rows.map((row) => answered(student, row, caller)));
    metrics.count('retort_answers_total', ['student'], answers.length);
    const said = answers.map(({ label, score, probabilities }) => ({
      label,
      score,
      probabilities: Object.fromEntries(student.labels.map((name, c) => [name, probabilities[c] as number])),
    }));
    return { status: 200, body: 'texts' in body ? { predictions: said } : (said[0] as object) }; // one text, one row
  });

  get('/v1/models', (c) => {
    const failed = failureOf(() => expectKey(c, parts.apiKey));
    if (failed !== undefined) return json(refused(failed, systemOneWire.failure));
    if (proxy !== undefined) return models(proxy, c.env.incoming.headers, parts.onFault);
    const description = `a student of retort that answers one question: ${served.own.instructions}`;
    return json({
      status: 200,
      body: {
        models: [{ name: student.name, description, release_date: student.date }],
        object: 'list',
        data: [{ id: student.name, object: 'model', created: 0, owned_by: 'retort' }],
      },
    });
  });

  get('/healthz', () => {
    const isOpen = parts.isOpen();
    const status = isOpen ? 'ok' : 'closing';
    const answers = proxy?.isAnswering ?? true;
    const body = { status, model: student.name, answers, waiting: student.batches.waiting };
    return json({ status: isOpen ? 200 : 503, body });
  });

  get('/metrics', () => {
    const { calls, rows, waiting } = student.batches;
    const text = metrics.text({
      retort_batches_total: calls,
      retort_rows_total: rows,
      retort_waiting_rows: waiting,
      retort_up: Number(parts.isOpen()),
      retort_student_answers: Number(proxy?.isAnswering ?? true),
    });
    return new Response(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  });

  app.notFound(() => {
    const wanted = 'wanted /v1/systemone, /v1/decisions, /predict, /v1/models, /healthz or /metrics';
    return json(refused(new RequestFailure('not-found', wanted), systemOneWire.failure));
  });
  app.onError((error) => json(refused(faultOf(error, parts.onFault), systemOneWire.failure)));
  return app;
}

function json({ status, body, headers }: Reply): Response {
  const sent = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
  return new Response(sent, { status, headers: { 'content-type': 'application/json', ...headers } });
}

function refused(said: RequestFailure, failure: WireFormat['failure']): Reply {
  return { status: said.status, body: failure(said), headers: said.headers };
}

async function models(
  proxy: StudentProxy,
  headers: IncomingHttpHeaders,
  onFault: (error: unknown) => void,
): Promise<Response> {
  try {
    return json(await proxy.models(headers));
  } catch (error) {
    return json(refused(error instanceof RequestFailure ? error : faultOf(error, onFault), systemOneWire.failure));
  }
}

function failureOf(act: () => void): RequestFailure | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof RequestFailure) return error;
    throw error;
  }
}

function faultOf(error: unknown, onFault: (error: unknown) => void): RequestFailure {
  onFault(error);
  return new RequestFailure('internal', 'this server has failed; its log says how');
}

function plainFailure({ message, place }: RequestFailure): object {
  return { error: place.length === 0 ? message : `${place.join('.')}: ${message}` };
}

/** @throws RequestFailure for another key than is wanted, in a time that does not tell how much of it is right. */
function expectKey(c: Context<Env>, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  const { authorization = '', 'x-api-key': given } = c.env.incoming.headers;
  const key = typeof given === 'string' ? given : authorization.replace(/^Bearer +/i, '');
  if (isSameSecret(key, apiKey)) return;
  throw new RequestFailure('authentication', 'wanted the key of this server, as Authorization: Bearer KEY');
}

/** `{ text }`, `{ text, pair }`, or `{ texts }` of texts and pairs. */
function textsIn(body: RequestBody['json']): readonly TextInput[] {
  if (!('texts' in body)) {
    const { text, pair } = body;
    if (typeof text === 'string' && pair === undefined) return [text];
    if (typeof text === 'string' && typeof pair === 'string') return [[text, pair]];
    throw new RequestFailure('invalid', 'wanted {"text": "…"}, with "pair" for two texts, or {"texts": ["…"]}');
  }
  const { texts } = body;
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > MOST_TEXTS) {
    throw new RequestFailure('invalid', `wanted a list of 1 to ${MOST_TEXTS} texts`, ['texts']);
  }
  return texts.map((one, i) => {
    if (typeof one === 'string') return one;
    const [first, second] = Array.isArray(one) && one.length === 2 ? one : [];
    if (typeof first === 'string' && typeof second === 'string') return [first, second] as const;
    throw new RequestFailure('invalid', 'wanted a text, or a list of two', ['texts', i]);
  });
}
