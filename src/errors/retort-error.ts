import { redactor } from './redactor.js';

/** What every failure a user can cause has to say: what was wanted, what came, and what to do about it. */
export type ErrorDetails = {
  /** The place: a flag, an op, a tensor, `file:line`. */
  readonly where: string;
  readonly wanted: string;
  readonly got: string;
  /** The next step for the user, as an imperative. */
  readonly fix?: string;
  readonly cause?: unknown;
};

/** 1 failed, 2 wrong use; interrupted and resumable: 130 by Ctrl-C, 143 by SIGTERM, which the process alone knows. */
export type ExitCode = 1 | 2 | 130;

/**
 * Base of all errors that are meant to be read by a user. The command line prints `message` alone and leaves
 * with `exitCode`; anything that is not a RetortError is a defect of ours.
 */
export abstract class RetortError extends Error {
  readonly where: string;
  readonly wanted: string;
  readonly got: string;
  readonly fix: string | undefined;
  readonly exitCode: ExitCode = 1;

  constructor(details: ErrorDetails) {
    const { text: redacted, cause: withoutSecrets } = redactor.current;
    const [where, wanted, got] = [redacted(details.where), redacted(details.wanted), redacted(details.got)];
    const fix = details.fix === undefined ? undefined : redacted(details.fix);
    super(
      `${where}: wanted ${wanted}, got ${got}${fix === undefined ? '' : `; ${fix}`}`,
      details.cause === undefined ? undefined : { cause: withoutSecrets(details.cause) },
    );
    this.name = new.target.name;
    this.where = where;
    this.wanted = wanted;
    this.got = got;
    this.fix = fix;
  }
}
