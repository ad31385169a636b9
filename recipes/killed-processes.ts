/** @file Work that several processes do through Redis, while a seed kills them by `kill -9`; each is started again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYNCED_ALWAYS, startRedis } from '../bench/redis-process.js';
import type { RandomStream } from '../src/entries/tensor.js';

/** `child`: a process in which a worker has its units done. */
export type Victim = 'child' | 'worker' | 'redis' | 'lead';
export type Kills = Readonly<Record<Victim, number>>;

export type Processes = {
  readonly cwd: string;
  /** The words of the process that leads, which continues where it stood, and of a worker. */
  readonly lead: string;
  readonly worker: string;
  readonly workers: number;
  readonly redis: { readonly port: number; readonly folder: string };
};

export type Danger = {
  /** Kills that may come at most. */
  readonly left: Kills;
  /** The longest time between two of them, seconds. */
  readonly pause: number;
  readonly random: RandomStream;
};

const RETORT = resolve('dist', 'cli', 'main.js');
/** What the process that leads says where units failed too often: it has to be started again. */
const SET_ASIDE = /set aside after|each tried|ended by/u;

/**
 * Until the process that leads has ended well.
 * @returns who was killed how often, and how often the process that leads had ended since units were set aside
 * @throws Error for one that ends for another reason.
 */
export async function workedThrough(
  processes: Processes,
  danger: Danger,
): Promise<{ readonly kills: Kills; readonly setAside: number }> {
  const { cwd, redis: at } = processes;
  const kills: Record<Victim, number> = { child: 0, worker: 0, redis: 0, lead: 0 };
  let setAside = 0;
  let said = '';
  const startWorker = () => started(cwd, processes.worker, 'ignore');
  const startLead = () => {
    const child = started(cwd, processes.lead, 'pipe');
    said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    return child;
  };
  const openRedis = () => startRedis(at.port, at.folder, SYNCED_ALWAYS);
  let redis = await openRedis();
  const workers: ChildProcess[] = Array.from({ length: processes.workers }, startWorker);
  let lead: ChildProcess = startLead();
  try {
    while (lead.exitCode !== 0) {
      const pause = new AbortController();
      const ms = 1000 * danger.pause * danger.random.uniform();
      await Promise.race([sleep(ms, undefined, { signal: pause.signal }).catch(() => {}), ended(lead)]);
      pause.abort();
      if (lead.exitCode === 0) break;
      if (lead.exitCode !== null) {
        if (!SET_ASIDE.test(said)) throw new Error(`the process that leads ended by ${lead.exitCode}: ${said}`);
        setAside += 1;
        lead = startLead();
        continue;
      }
      const victim = drawn(danger, kills);
      if (victim === undefined) continue;
      const index = danger.random.below(workers.length);
      const worker = workers[index] as ChildProcess;
      if (victim === 'child') {
        const [child] = childrenOf(worker.pid ?? 0);
        if (child === undefined) continue;
        process.kill(child, 'SIGKILL');
      } else {
        const killed = { worker, redis, lead }[victim];
        killed.kill('SIGKILL');
        await ended(killed);
      }
      kills[victim] += 1;
      if (victim === 'redis') redis = await openRedis();
      else if (victim === 'worker') workers[index] = startWorker();
      else if (victim === 'lead') lead = startLead();
    }
    return { kills, setAside };
  } finally {
    const all = [...workers, lead, redis];
    for (const one of all) one.kill('SIGKILL');
    await Promise.all(all.map(ended));
  }
}

/** By how many of each are left. */
function drawn({ left, random }: Danger, kills: Kills): Victim | undefined {
  const names = (Object.keys(kills) as Victim[]).flatMap((name) =>
    Array<Victim>(Math.max(0, left[name] - kills[name])).fill(name),
  );
  return names.length === 0 ? undefined : names[random.below(names.length)];
}

function ended(child: ChildProcess): Promise<unknown> {
  // One for each pause.
  child.setMaxListeners(0);
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => child.once('exit', done));
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** A command of the built package, beside this process, which may have requests to answer. */
export function started(cwd: string, words: string, stderr: 'inherit' | 'ignore' | 'pipe' = 'inherit'): ChildProcess {
  return spawn(process.execPath, [RETORT, ...words.split(' ')], { cwd, stdio: ['ignore', 'ignore', stderr] });
}

/** One to its end. @throws Error unless it ends well. */
export async function expectDone(cwd: string, words: string): Promise<void> {
  const child = started(cwd, words);
  await ended(child);
  if (child.exitCode !== 0) throw new Error(`${words}: exit code ${child.exitCode}`);
}
