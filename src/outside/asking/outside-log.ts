/** @file The log of an outside teacher's replies: nothing that was paid for is asked again. */
import { dirname } from 'node:path';
import { placedLines } from '../../data/formats/text-lines.js';
import { FileError } from '../../errors/failures.js';
import { shortened } from '../../errors/shortened.js';
import { statIfThere } from '../../files/atomic-write.js';
import { type LinePlace, type LineReader, openLineLog, openLineReader } from '../../files/json-lines.js';
import { acquireLock } from '../../files/lock.js';
import { makeFolder } from '../../files/make-folder.js';
import { parsedJson } from '../../options/json.js';
import type { Reply } from './outside-reply.schema.js';

/** What is known of the replies to a request without reading them again. */
type Known = { input: number; output: number; cost: number; readonly first: LinePlace; more?: LinePlace[] };

export type OutsideLog = {
  /** Tokens and stated costs of the replies to each request. */
  readonly known: ReadonlyMap<string, Readonly<Known>>;
  /** By the model that was asked, those that its replies named, in the order in which they came last. */
  readonly answeredBy: ReadonlyMap<string, readonly string[]>;
  /** The replies to a request, in the order in which they came. They are read from the file: all together are too many. */
  repliesTo(key: string): readonly Reply[];
  /** Writes a reply, which outlives this process then; `synced` when it outlives a power cut, too. */
  add(reply: Reply): { readonly synced: Promise<void> };
  close(): void;
};

/**
 * Opens a log for one process at a time and goes over what it holds.
 * @throws OutputError if another process writes to it, or it cannot be written; FileError naming a line that is damaged.
 */
export async function openOutsideLog(
  path: string,
  { signal, onReply }: { readonly signal?: AbortSignal | undefined; readonly onReply?: (reply: Reply) => void } = {},
): Promise<OutsideLog> {
  await makeFolder(dirname(path));
  const lock = await acquireLock(`${path}.lock`, { signal });
  try {
    const file = openLineLog(path);
    try {
      const replies = await indexOf(path, 'refuse', onReply);
      const { known, answeredBy } = replies;
      return {
        known,
        answeredBy,
        repliesTo: (key) => replies.read(key, file),
        add: (reply) => {
          replies.take(reply, file.append(reply));
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
export async function outsideLogSoFar(path: string, onReply?: (reply: Reply) => void): Promise<OutsideLog> {
  const { known, answeredBy, read } = await indexOf(path, 'skip', onReply);
  const file = known.size === 0 ? undefined : openLineReader(path);
  return {
    known,
    answeredBy,
    repliesTo: (key) => (file === undefined ? [] : read(key, file)),
    add: () => ({ synced: Promise.resolve() }),
    close: () => file?.close(),
  };
}

function placesOf(known: Readonly<Known> | undefined): readonly LinePlace[] {
  return known === undefined ? [] : [known.first, ...(known.more ?? [])];
}

/** Where the replies are in a file, of which only one line at a time is in memory. */
async function indexOf(path: string, damaged: 'refuse' | 'skip', onReply?: (reply: Reply) => void) {
  const { replySchema } = await import('./outside-reply.schema.js');
  const known = new Map<string, Known>();
  const answeredBy = new Map<string, string[]>();
  const take = (reply: Reply, place: LinePlace) => {
    const { key, model, answeredBy: by, usage } = reply;
    onReply?.(reply);
    const models = answeredBy.get(model) ?? [];
    if (by !== undefined && models.at(-1) !== by)
      answeredBy.set(model, [...models.filter((other) => other !== by), by]);
    const { input, output, cost = 0 } = usage;
    const of = known.get(key);
    if (of === undefined) {
      known.set(key, { input, output, cost, first: place });
      return;
    }
    of.input += input;
    of.output += output;
    of.cost += cost;
    of.more = [...(of.more ?? []), place];
  };
  const read = (key: string, file: LineReader): readonly Reply[] =>
    placesOf(known.get(key)).map((place) => {
      const parsed = replySchema.safeParse(parsedJson(file.read(place)));
      if (parsed.success && parsed.data.key === key) return parsed.data;
      const wanted = 'an unchanged log';
      throw new FileError({ where: path, wanted, got: 'another file', fix: 'run it again' });
    });
  const index = { known, answeredBy, take, read };
  if ((await statIfThere(path)) === undefined) return index;
  for await (const { number, text, at, bytes } of placedLines(path)) {
    const parsed = replySchema.safeParse(parsedJson(text));
    if (parsed.success) take(parsed.data, { at, bytes });
    else if (damaged === 'refuse') {
      throw new FileError({
        where: `${path}:${number}`,
        wanted: 'a reply of an endpoint',
        got: shortened(text),
        fix: 'use another log, or delete that line',
      });
    }
  }
  return index;
}
