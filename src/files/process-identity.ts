import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Enough to tell a process from a later one that was given the same number. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process; `0` where the system does not tell. */
  readonly started: string;
  /** Differs between hosts, and between two boots of one host. */
  readonly machine: string;
  readonly host: string;
};

let own: ProcessIdentity | undefined;

export function thisProcess(): ProcessIdentity {
  own ??= {
    pid: process.pid,
    started: procStat(process.pid)?.started ?? '0',
    machine: machineKey(),
    host: hostname(),
  };
  return own;
}

/** Whether a process still runs; `undefined` if it lives on another machine, where that cannot be seen. */
export function isRunning(candidate: ProcessIdentity): boolean | undefined {
  const here = thisProcess();
  if (candidate.machine !== here.machine) return candidate.host === here.host ? false : undefined;
  try {
    process.kill(candidate.pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const stat = procStat(candidate.pid);
  if (stat === undefined) return true;
  // A killed process stays a zombie until its parent asks for it, which some container inits never do.
  return stat.state !== 'Z' && stat.state !== 'X' && stat.started === candidate.started;
}

/** State and start time from `/proc`, where there is one. */
function procStat(pid: number): { state: string; started: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const started = fields[19];
  return state === undefined || started === undefined ? undefined : { state, started };
}

function machineKey(): string {
  let boot = '';
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // No such file outside Linux: a pid alone has to do.
  }
  return createHash('sha256').update(`${boot} ${hostname()}`).digest('hex').slice(0, 8);
}
