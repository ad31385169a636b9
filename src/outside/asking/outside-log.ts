/** @file The log of an outside teacher's replies: nothing that was paid for is asked again. */
import { dirname } from 'node:path';
import { placedLines } from '../../data/formats/text-lines.js';
import { FileError } from '../../errors/failures.js';
import { shortened } from '../../errors/shortened.js';
import { statIfThere } from '../../files/atomic-write.js';
import { openLineLog, openLineReader } from '../../files/json-lines.js';
import { acquireLock } from '../../files/lock.js';
import { makeFolder } from '../../files/make-folder.js';
import { parsedJson } from '../../options/json.js';
import type { KeyNumbers } from './key-numbers.js';
import type { Tokens } from './outside.js';
import type { Reply } from './outside-reply.schema.js';
import { ReplyIndex } from './reply-index.js';

/** Tokens and costs of replies. */
export type Used = {
  readonly input: number;
  readonly output: number;
  /** As replies state it, and the tokens of those that do not. */
  readonly cost: number;
  readonly unpriced: Tokens;
};

export type OutsideLog = {
  /** Of the keys that have replies, and of others that were asked for. */
  readonly keys: KeyNumbers;
  /** Of all replies when it was opened. */
  readonly used: Used;
  /** By the model that was asked, those that its replies named, in the order in which they came last. */
  readonly answeredBy: ReadonlyMap<string, readonly string[]>;
  /**
   * The replies to a question, by the number of its key, in the order in which they came. They are read from the file: all
   * together are too many.
   */
  repliesTo(question: number): readonly Reply[];
  /** Writes a reply, which outlives this process then; `synced` when it outlives a power cut, too. */
  add(reply: Reply): { readonly synced: Promise<void> };
  close(): void;
};

export type LogOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Those of the same log when it was open before. */
  readonly keys?: KeyNumbers | undefined;
  readonly onReply?: (reply: Reply) => void;
};

/**
 * Opens a log for one process at a time and goes over what it holds.
 * @throws OutputError if another process writes to it, or it cannot be written; FileError naming a line that is damaged.
 */
export async function openOutsideLog(path: string, { signal, ...options }: LogOptions = {}): Promise<OutsideLog> {
  await makeFolder(dirname(path));
  const lock = await acquireLock(`${path}.lock`, { signal });
  try {
    const file = openLineLog(path);
    try {
      const { used, index } = await readLog(path, 'refuse', options);
      return {
        ...{ keys: index.keys, used, answeredBy: index.answeredBy },
        repliesTo: (question) => index.read(question, file),
        add: (reply) => {
          index.take(reply, file.append(reply));
          return { synced: file.synced() };
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

/** A log as it stands, to be read alone; a line that a kill has torn counts as none. */
export async function outsideLogSoFar(path: string): Promise<OutsideLog> {
  const { used, index } = await readLog(path, 'skip', {});
  const file = index.keys.size === 0 ? undefined : openLineReader(path);
  return {
    ...{ keys: index.keys, used, answeredBy: index.answeredBy },
    repliesTo: (question) => (file === undefined ? [] : index.read(question, file)),
    add: () => ({ synced: Promise.resolve() }),
    close: () => file?.close(),
  };
}

/** Goes over a file, of which only one line at a time is in memory. */
async function readLog(path: string, damaged: 'refuse' | 'skip', { keys, onReply }: Omit<LogOptions, 'signal'>) {
  const { replySchema } = await import('./outside-reply.schema.js');
  const index = new ReplyIndex(path, replySchema, keys);
  const used = { input: 0, output: 0, cost: 0, unpriced: { input: 0, output: 0 } };
  if ((await statIfThere(path)) === undefined) return { used, index };
  for await (const { number, text, at, bytes } of placedLines(path)) {
    const parsed = replySchema.safeParse(parsedJson(text));
    if (parsed.success) {
      const { input, output, cost = 0 } = parsed.data.usage;
      index.take(parsed.data, { at, bytes });
      onReply?.(parsed.data);
      used.input += input;
      used.output += output;
      used.cost += cost;
      used.unpriced.input += cost > 0 ? 0 : input;
      used.unpriced.output += cost > 0 ? 0 : output;
    } else if (damaged === 'refuse') {
      throw new FileError({
        where: `${path}:${number}`,
        wanted: 'a reply of an endpoint',
        got: shortened(text),
        fix: 'use another log, or delete that line',
      });
    }
  }
  return { used, index };
}
