/** @file What the doctor finds, and how a failure becomes a finding. */
import { RetortError } from '../errors/retort-error.js';

export type Finding = {
  /** A problem stops work or makes its results worthless; a warning may. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly what: string;
  /** The next step for the user. */
  readonly fix?: string;
};

export type Say = (level: Finding['level'], what: string, fix?: string) => void;

/** Whether any finding is a problem. */
export function hasProblem(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'problem');
}

/** A failure that a user can mend is a finding, and the examination goes on. */
export async function trying(say: Say, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    say('problem', `${error.where}: wanted ${error.wanted}, got ${error.got}`, error.fix);
  }
}
