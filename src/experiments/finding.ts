/** @file What the doctor finds, and how a failure becomes a finding. */
import { RetortError } from '../errors/retort-error.js';
import { CHECK_TABLE, type CheckName, type Warning } from '../training/checks/table.js';

export type Finding = {
  /** A problem stops work or makes its results worthless; a warning may. */
  readonly level: 'ok' | 'warning' | 'problem';
  readonly what: string;
  /** The next step for the user. */
  readonly fix?: string;
  /** Of the check that found it (`CHECKS`). */
  readonly name?: CheckName;
};

export type Say = (level: Finding['level'], what: string, fix?: string, name?: CheckName) => void;

/** Whether any finding is a problem. */
export function hasProblem(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'problem');
}

/** What the checks of runs found. */
export function sayWarnings(say: Say, where: string, warnings: readonly Warning[]): void {
  for (const { name, text, fix } of warnings) {
    say(CHECK_TABLE[name].isProblem ? 'problem' : 'warning', `${where}: ${text}`, fix, name);
  }
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
