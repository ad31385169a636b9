/** @file A request that gets no answer: what each wire format makes of it is that format's own. */

export type FailureKind =
  | 'invalid'
  | 'unsupported'
  | 'authentication'
  | 'forbidden'
  | 'not-found'
  | 'too-large'
  | 'too-long'
  | 'media-type'
  | 'busy'
  | 'upstream'
  | 'internal';

const STATUSES: Readonly<Record<FailureKind, number>> = {
  invalid: 422,
  unsupported: 422,
  authentication: 401,
  forbidden: 403,
  'not-found': 404,
  'too-large': 413,
  'too-long': 408,
  'media-type': 415,
  busy: 503,
  upstream: 502,
  internal: 500,
};

/** Seconds after which whoever found no room may come again. */
const RETRY_AFTER = '1';

export class RequestFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number;
  /** Where in the body, as `questions.team.criteria`. */
  readonly place: readonly (string | number)[];

  constructor(kind: FailureKind, message: string, place: readonly (string | number)[] = [], status = STATUSES[kind]) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.place = place;
  }

  get headers(): Readonly<Record<string, string>> {
    // What was not read is in the way of the next request.
    if (this.kind === 'too-large') return { connection: 'close' };
    if (this.kind === 'busy') return { 'retry-after': RETRY_AFTER };
    if (this.kind === 'authentication') return { 'www-authenticate': 'Bearer' };
    return {};
  }
}
