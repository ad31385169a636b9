/** @file Whoever sent a request, as long as it waits for the reply. */
import type { ServerResponse } from 'node:http';
import type { Caller } from './batches.js';
import { RequestFailure } from './request-failure.js';

/** Of its connection. An abort signal is made only for who asks for one: most requests need none. */
export class Connection implements Caller {
  #isGone = false;
  #abort: AbortController | undefined;

  constructor(outgoing: Pick<ServerResponse, 'once' | 'writableEnded'>) {
    outgoing.once('close', () => {
      if (outgoing.writableEnded) return;
      this.#isGone = true;
      this.#abort?.abort(hungUp());
    });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Aborted when it hangs up before it has its reply. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isGone) this.#abort.abort(hungUp());
    return this.#abort.signal;
  }
}

/** Read by nobody. */
export function hungUp(): RequestFailure {
  return new RequestFailure('invalid', 'the caller has hung up');
}
