/** @file Taking part in the asks that others share: every one that is open, until none is. */
import { InterruptedError } from '../../errors/failures.js';
import { pause } from '../../outside/asking/asking-turns.js';
import { AskLedger } from '../../queue/ask-ledger.js';
import type { QueueConnection } from '../../queue/connection.js';
import { adapterOf, readAskDocument, type WorkerEndpoint } from './ask-document.js';
import { AskWorker, Permits } from './ask-worker.js';
import { SharedPace } from './shared-pace.js';

const POLL_MS = 500;
/** Units that one process has at once: the next begins while the last requests of the one before are under way. */
const LANES = 2;

export type WorkOnAskingOptions = WorkerEndpoint & {
  readonly signal?: AbortSignal | undefined;
  readonly onNotice?: (text: string) => void;
  /** Told of the replies so far. */
  readonly onProgress?: (replies: number) => void;
};

/** Ids of the asks that somebody shares. */
export function openAsks({ client }: QueueConnection): Promise<readonly string[]> {
  return AskLedger.openIds(client);
}

/**
 * Takes units of all open asks until none is open, or all are stopped. Texts go to `teacher` alone, and a key only where `apiKeyEnv` names its
 * variable: what is shared says neither.
 * @returns how many replies this process got
 * @throws OptionError without an address, or for a question that another version asks; EndpointError for an address or key
 *   that the server does not take; InterruptedError after `signal`. Units under way are open again then.
 */
export async function workOnAsking(
  connection: QueueConnection,
  options: WorkOnAskingOptions,
): Promise<{ readonly replies: number }> {
  const { signal, onNotice = () => {}, onProgress } = options;
  const over = new AbortController();
  const end = () => over.abort();
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  const permits = new Permits(options.teacherConcurrency ?? 4);
  const workers = new Map<string, Promise<AskWorker | undefined>>();
  let replies = 0;
  const workerFor = async (id: string): Promise<AskWorker | undefined> => {
    const ledger = new AskLedger(connection.client, id);
    const text = await ledger.document();
    if (text === undefined) return undefined;
    const document = await readAskDocument(text, `ask ${id} on ${connection.where}`);
    const adapter = await adapterOf(document, options, new SharedPace(ledger));
    const onReply = () => {
      replies += 1;
      onProgress?.(replies);
    };
    return new AskWorker({ ledger, adapter, document, permits, signal: over.signal, onNotice, onReply });
  };
  const lane = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const ids = await openAsks(connection);
      if (ids.length === 0) return;
      const did = new Set<Awaited<ReturnType<AskWorker['workOne']>> | undefined>();
      for (const id of ids) {
        if (!workers.has(id)) workers.set(id, workerFor(id));
        did.add(await (await workers.get(id))?.workOne());
      }
      // What was stopped and has nobody to lead it may stay so for ever.
      if (!did.has('worked') && !did.has('none')) return;
      if (!did.has('worked')) await pause(POLL_MS, over.signal);
    }
  };
  // One that fails ends the other after its requests under way.
  const work = () =>
    lane().catch((error: unknown) => {
      end();
      throw error;
    });
  const ended = await Promise.allSettled(Array.from({ length: LANES }, work));
  signal?.removeEventListener('abort', end);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  if (signal?.aborted) {
    throw new InterruptedError({
      where: connection.where,
      wanted: 'replies to all rows',
      got: `an interruption after ${replies} replies`,
      fix: 'they are kept: start the worker again, or leave the rest to others',
    });
  }
  return { replies };
}
