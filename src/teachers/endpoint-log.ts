/** @file The log of an endpoint's replies: nothing that was paid for is asked again. */
import { dirname } from 'node:path';
import { textLines } from '../data/text-lines.js';
import { FileError, OutputError } from '../errors/failures.js';
import { statIfThere } from '../files/atomic-write.js';
import { openLineLog } from '../files/json-lines.js';
import { acquireLock } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import type { Reply } from './endpoint.schema.js';

export type EndpointLog = {
  /** The replies to each request, in the order in which they came. */
  readonly replies: ReadonlyMap<string, readonly Reply[]>;
  /** Writes a reply, so that it outlives a power cut, before anything is made of it. */
  add(reply: Reply): void;
  close(): void;
};

/**
 * Opens a log for one process at a time and reads what it holds.
 * @throws OutputError if another process writes to it, or it cannot be written; FileError naming a line that is damaged.
 */
export async function openEndpointLog(path: string): Promise<EndpointLog> {
  await makeFolder(dirname(path));
  const lock = lockOf(path);
  try {
    const file = openLineLog(path);
    try {
      const replies = await readReplies(path);
      return {
        replies,
        add: (reply) => {
          file.append(reply);
          push(replies, reply);
        },
        close: () => {
          file.close();
          lock.release();
        },
      };
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function lockOf(path: string) {
  try {
    return acquireLock(`${path}.lock`);
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    const got = error.got.replace('output folder', 'one');
    throw new OutputError({
      where: path,
      wanted: 'a log that no other process writes',
      got,
      fix: 'wait for it, or use another log',
    });
  }
}

/** The replies in a log, which stays as it is; a line that a kill has torn counts as none. */
export function repliesSoFar(path: string): Promise<ReadonlyMap<string, readonly Reply[]>> {
  return readReplies(path, 'skip');
}

async function readReplies(path: string, damaged: 'refuse' | 'skip' = 'refuse'): Promise<Map<string, Reply[]>> {
  const replies = new Map<string, Reply[]>();
  if ((await statIfThere(path))?.isFile() !== true) return replies;
  const { replySchema } = await import('./endpoint.schema.js');
  for await (const { number, text } of textLines(path)) {
    const parsed = replySchema.safeParse(parsedJson(text));
    if (!parsed.success) {
      if (damaged === 'skip') continue;
      throw new FileError({
        where: `${path}:${number}`,
        wanted: 'a reply of an endpoint',
        got: text.length > 60 ? `${text.slice(0, 59)}…` : text,
        fix: 'use another log, or delete that line',
      });
    }
    const { pair, top, ...rest } = parsed.data;
    push(replies, { ...rest, ...(pair !== undefined && { pair }), ...(top && { top }) });
  }
  return replies;
}

function push(replies: Map<string, Reply[]>, reply: Reply): void {
  const known = replies.get(reply.key);
  if (known === undefined) replies.set(reply.key, [reply]);
  else known.push(reply);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
