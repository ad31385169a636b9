/** @file The log of an endpoint's replies: nothing that was paid for is asked again. */
import { dirname } from 'node:path';
import { placedLines } from '../data/formats/text-lines.js';
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { statIfThere } from '../files/atomic-write.js';
import { type LinePlace, type LineReader, openLineLog, openLineReader } from '../files/json-lines.js';
import { acquireLock } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import { parsedJson } from '../options/json.js';
import type { Reply } from './endpoint.schema.js';

/** What is known of the replies to a request without reading them again. */
type Known = { input: number; output: number; readonly places: LinePlace[] };

export type EndpointLog = {
  /** Tokens of the replies to each request. */
  readonly known: ReadonlyMap<string, Readonly<Known>>;
  /** Models that gave no log-probabilities when they were asked for them. */
  readonly unscored: ReadonlySet<string>;
  /** The replies to a request, in the order in which they came. They are read from the file: all together are too many. */
  repliesTo(key: string): readonly Reply[];
  /** Writes a reply, so that it outlives a power cut, before anything is made of it. */
  add(reply: Reply): void;
  close(): void;
};

/**
 * Opens a log for one process at a time and goes over what it holds.
 * @throws OutputError if another process writes to it, or it cannot be written; FileError naming a line that is damaged.
 */
export async function openEndpointLog(path: string, signal?: AbortSignal): Promise<EndpointLog> {
  await makeFolder(dirname(path));
  const lock = await acquireLock(`${path}.lock`, { signal });
  try {
    const file = openLineLog(path);
    try {
      const replies = await indexOf(path, 'refuse');
      const { known, unscored } = replies;
      return {
        known,
        unscored,
        repliesTo: (key) => replies.read(key, file),
        add: (reply) => replies.take(reply, file.append(reply)),
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
export async function endpointLogSoFar(path: string): Promise<EndpointLog> {
  const { known, unscored, read } = await indexOf(path, 'skip');
  const file = known.size === 0 ? undefined : openLineReader(path);
  return {
    known,
    unscored,
    repliesTo: (key) => (file === undefined ? [] : read(key, file)),
    add: () => {},
    close: () => file?.close(),
  };
}

/** Where the replies are in a file, of which only one line at a time is in memory. */
async function indexOf(path: string, damaged: 'refuse' | 'skip') {
  const { replySchema } = await import('./endpoint.schema.js');
  const known = new Map<string, Known>();
  const unscored = new Set<string>();
  const take = ({ key, model, logprobs, tokens, top, usage }: Reply, place: LinePlace) => {
    if (logprobs && (tokens ?? top) === undefined) unscored.add(model);
    const of = known.get(key) ?? { input: 0, output: 0, places: [] };
    known.set(key, of);
    of.input += usage.input;
    of.output += usage.output;
    of.places.push(place);
  };
  const read = (key: string, file: LineReader): readonly Reply[] =>
    (known.get(key)?.places ?? []).map((place) => {
      const parsed = replySchema.safeParse(parsedJson(file.read(place)));
      if (parsed.success && parsed.data.key === key) return parsed.data;
      const wanted = 'an unchanged log';
      throw new FileError({ where: path, wanted, got: 'another file', fix: 'run it again' });
    });
  const index = { known, unscored, take, read };
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
