/** @file The contract between the one process that has the log of an ask, and others that ask about rows of it, too. */
import type { OutsideQuestion } from './outside.js';
import type { EndpointReport } from './outside-options.js';
import type { Reply } from './outside-reply.schema.js';

/** The log, to whoever brings replies. */
export type CommonLog = {
  repliesTo(key: string): readonly Reply[];
  /**
   * Writes a reply, and counts it. Done when it outlives a power cut.
   * @throws EndpointError for a reply of another model than those before; it is written.
   */
  take(reply: Reply): Promise<void>;
  /** The model as replies have named it so far. */
  answeredBy(): string | undefined;
  /** What all replies have cost. */
  spent(): number;
  report(): Pick<EndpointReport, 'done' | 'rows'>;
};

export type AskedTogether = {
  /**
   * Brings replies of a run before this one that are not in the log yet.
   * @returns whether rows of it are still being asked about: their first ones were judged then
   */
  collect(log: CommonLog): Promise<boolean>;
  /**
   * Has all these rows asked about, by this process and others, and their replies brought into the log; at a stop, those that
   * are under way.
   * @throws EndpointError as a process alone would.
   */
  askAll(rows: Uint32Array, questionAt: (row: number) => OutsideQuestion, log: CommonLog): Promise<void>;
};
