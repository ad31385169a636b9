import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Enough to tell a process from a later one that was given the same number. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process; `0` where the system does not tell. */
  readonly started: string;
  /** Differs between hosts, and between two boots of one host. */
  readonly machine: string;
  readonly host: string;
  /** The PID namespace in which `pid` counts: each container has its own. Absent in locks of retort 0.1. */
  readonly namespace?: string;
};

/** Where the system does not say which namespace it is, a number tells nothing of another process. */
const UNKNOWN_NAMESPACE = 'unknown';

let own: Required<ProcessIdentity> | undefined;

export function thisProcess(): Required<ProcessIdentity> {
  own ??= {
    pid: process.pid,
    started: procStat(process.pid)?.started ?? '0',
    machine: shortHash(`${bootId()} ${hostname()}`),
    host: hostname(),
    namespace: pidNamespace(),
  };
  return own;
}

/** One word for the machine and PID namespace that this process is in. */
export function placeOfThisProcess(): string {
  const { machine, namespace } = thisProcess();
  return shortHash(`${machine} ${namespace}`);
}

/** Whether a process still runs; `undefined` if that cannot be seen from here. */
export function isRunning(candidate: ProcessIdentity): boolean | undefined {
  const here = thisProcess();
  if (candidate.machine !== here.machine) return undefined;
  const { namespace } = candidate;
  if (namespace === here.namespace && namespace !== UNKNOWN_NAMESPACE) return isListed(candidate);
  // Without a namespace, a process of that number and start is it; that there is none says nothing.
  return namespace === undefined && isListed(candidate) ? true : undefined;
}

function isListed({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const stat = procStat(pid);
  if (stat === undefined) return true;
  // A killed process stays a zombie until its parent asks for it, which some container inits never do.
  return stat.state !== 'Z' && stat.state !== 'X' && stat.started === started;
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

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // No such file outside Linux: a pid alone has to do.
    return '';
  }
}

function pidNamespace(): string {
  if (process.platform !== 'linux') return 'none';
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return UNKNOWN_NAMESPACE;
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
