/**
 * @file What a proxy has been told by upstream, in a folder of one process: a line for each request in files by day, which
 * `retort distill` reads as recorded outputs where texts are kept, and the audit of the student, which a replay gives again.
 */
import { chmodSync, closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Audit, type AuditBound, audited } from '../certificates/audit.js';
import { FileError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import { type LineLog, openLineLog, readJsonLines } from '../files/json-lines.js';
import { acquireLock, type Lock } from '../files/lock.js';
import { makeFolder } from '../files/make-folder.js';
import { isThere } from '../files/path-entry.js';
import { isJsonObject } from '../options/json.js';

const AUDIT_FILE = 'audit.jsonl';
const DAY_FILE = /^requests-(\d{4}-\d\d-\d\d)\.jsonl$/;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Texts may be anybody's letters. */
const OWNER_ALONE = 0o600;

/** Which bound a request counts for: on those that the student keeps, or on all. */
export const STREAMS = ['kept', 'all'] as const;
export type Stream = (typeof STREAMS)[number];
export type Bounds = Readonly<Partial<Record<Stream, AuditBound>>>;

/** Where the student stands: what it does from here on follows from the log alone. */
export type AuditState = {
  readonly audits: Readonly<Partial<Record<Stream, Audit>>>;
  /** Why it answers no more. */
  readonly stopped?: string;
};

type AuditLine = {
  readonly at: string;
  /** Which certificate it is about. */
  readonly certificate: string;
  /** Whether the student kept the request, and answered otherwise than upstream. */
  readonly isKept?: boolean;
  readonly isWrong?: boolean;
  /** Another model than the certified one, which upstream's reply named. */
  readonly otherModel?: string;
};

export type TrafficLogOptions = {
  readonly folder: string;
  /** Days after which files of requests are removed. */
  readonly days: number;
  /** Of the certificate; absent where there is none. */
  readonly certificate?: { readonly id: string; readonly bounds: Bounds } | undefined;
  readonly now?: () => Date;
  /** Told of a disk that takes no more. */
  readonly onNotice?: ((text: string) => void) | undefined;
};

export class TrafficLog {
  readonly #options: TrafficLogOptions;
  readonly #lock: Lock;
  readonly #audit: LineLog;
  #day: { readonly name: string; readonly log: LineLog } | undefined;
  #state: AuditState = { audits: {} };

  private constructor(options: TrafficLogOptions, lock: Lock, audit: LineLog) {
    this.#options = options;
    this.#lock = lock;
    this.#audit = audit;
  }

  /**
   * @throws OutputError where another process has the folder, or it cannot be written; FileError for an audit that is damaged.
   */
  static async open(options: TrafficLogOptions): Promise<TrafficLog> {
    const { folder, certificate } = options;
    await makeFolder(folder);
    const lock = await acquireLock(join(folder, '.lock'));
    try {
      const path = join(folder, AUDIT_FILE);
      const lines = (await isThere(path)) ? (await readJsonLines(path)).map((line, i) => auditLine(line, path, i)) : [];
      const log = new TrafficLog(options, lock, openPrivate(path));
      for (const line of lines) if (line.certificate === certificate?.id) log.#count(line);
      log.#removeOld();
      return log;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get state(): AuditState {
    return this.#state;
  }

  /**
   * Keeps a request with upstream's answer, which outlives this process when this returns. A disk that takes no more fails no
   * request.
   * @param ofFirst added to the first record of a file
   */
  add(record: object, ofFirst: object): void {
    try {
      const { log, isNew } = this.#dayLog();
      write(log, isNew ? { ...record, ...ofFirst } : record);
    } catch (error) {
      this.#options.onNotice?.(`requests are not kept: ${messageOf(error)}`);
    }
  }

  /** A request that was chosen without a look at its answer. */
  audited(isKept: boolean, isWrong: boolean): void {
    this.#note({ isKept, isWrong });
  }

  /** Upstream's model is another than the certificate's: it is another teacher. */
  heardOtherModel(otherModel: string): void {
    if (this.#state.stopped === undefined) this.#note({ otherModel });
  }

  /** All that was added outlives a power cut. */
  async close(): Promise<void> {
    await Promise.all([this.#audit.synced(), this.#day?.log.synced()]);
    this.#audit.close();
    this.#day?.log.close();
    this.#lock.release();
  }

  #note(said: Pick<AuditLine, 'isKept' | 'isWrong' | 'otherModel'>): void {
    const { certificate } = this.#options;
    if (certificate === undefined) return;
    const line = { at: this.#now().toISOString(), certificate: certificate.id, ...said };
    try {
      write(this.#audit, line);
    } catch (error) {
      // What nobody can replay must not be forgotten.
      this.#state = { ...this.#state, stopped: `the audit cannot be kept: ${messageOf(error)}` };
      return;
    }
    this.#count(line);
  }

  #count({ isKept = false, isWrong = false, otherModel }: AuditLine): void {
    const { audits, stopped } = this.#state;
    if (otherModel !== undefined) {
      this.#state = { audits, stopped: stopped ?? `upstream answers as ${otherModel}, not as the certificate's model` };
      return;
    }
    const { bounds = {} } = this.#options.certificate ?? {};
    const next: Partial<Record<Stream, Audit>> = { ...audits };
    let why = stopped;
    for (const stream of STREAMS) {
      const bound = bounds[stream];
      if (bound === undefined || (stream === 'kept' && !isKept)) continue;
      const audit = audited(bound, audits[stream], isKept && isWrong);
      next[stream] = audit;
      if (audit.stoppedAt === undefined) continue;
      const of = stream === 'kept' ? 'requests that it keeps' : 'all requests';
      why ??= `the audit found the bound of ${bound.risk} on ${of} broken: ${audit.wrong} of ${audit.asked} differ`;
    }
    this.#state = { audits: next, ...(why !== undefined && { stopped: why }) };
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  #dayLog(): { readonly log: LineLog; readonly isNew: boolean } {
    const name = `requests-${this.#now().toISOString().slice(0, 10)}.jsonl`;
    if (this.#day?.name === name) return { log: this.#day.log, isNew: false };
    this.#day?.log.close();
    this.#removeOld();
    const log = openPrivate(join(this.#options.folder, name));
    this.#day = { name, log };
    return { log, isNew: true };
  }

  #removeOld(): void {
    const { folder, days } = this.#options;
    const oldest = new Date(this.#now().getTime() - days * DAY_MS).toISOString().slice(0, 10);
    for (const name of readdirSync(folder)) {
      const day = DAY_FILE.exec(name)?.[1];
      if (day !== undefined && day < oldest) rmSync(join(folder, name), { force: true });
    }
  }
}

/** It outlives a power cut a moment later; what is not synced then is said by the next write. */
function write(log: LineLog, line: object): void {
  log.append(line);
  log.synced().catch(() => {});
}

/** A file that is read by its owner alone, from its first byte on. */
function openPrivate(path: string): LineLog {
  closeSync(openSync(path, 'a', OWNER_ALONE));
  chmodSync(path, OWNER_ALONE);
  return openLineLog(path);
}

function auditLine(line: unknown, path: string, i: number): AuditLine {
  if (isJsonObject(line)) {
    const { at, certificate, isKept, isWrong, otherModel } = line;
    const isAudit = typeof isKept === 'boolean' && typeof isWrong === 'boolean';
    if (typeof at === 'string' && typeof certificate === 'string' && (isAudit || typeof otherModel === 'string')) {
      return line as AuditLine; // by these checks
    }
  }
  const fix = 'serve with another --log_dir; what was audited is lost then';
  throw new FileError({ where: `${path}:${i + 1}`, wanted: 'a line of an audit', got: 'something else', fix });
}
