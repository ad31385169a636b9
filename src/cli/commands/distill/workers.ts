/** @file The processes of `retort distill --workers`, and how each command takes part in a shared experiment. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import process from 'node:process';
import { OptionError } from '../../../errors/failures.js';
import { relocated } from '../../../experiments/sharing/inputs.js';
import type { Sharing } from '../../../experiments/sharing/sharing.js';
import { asJson } from '../../../files/fingerprint.js';
import type { Json } from '../../../options/json.js';
import { usualThreads } from '../../../runtime/threads.js';
import type { CommandIo } from '../../command.js';

/** What is of one command alone, and of no worker. */
const OWN = [
  'outputDir',
  'resume',
  'overwrite',
  'dryRun',
  'json',
  'quiet',
  'quick',
  'workers',
  'shard',
  'queue',
  'store',
  'allowKeyEnv',
];

type Asked = {
  readonly queue?: string | undefined;
  readonly store?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly workers?: number | undefined;
  readonly shard?: string | undefined;
  readonly threads?: number | undefined;
};

export type Shared = {
  readonly sharing: Sharing;
  /** Options as all who share the work have them, where paths have to mean the same on other machines. */
  readonly moved?: { readonly [option: string]: Json };
  /** Waits for its other processes, or ends them; what is done is not shared any more. */
  readonly end: (isDone: boolean) => Promise<void>;
};

/**
 * How the command shares its work, and its other processes.
 * @throws OptionError for a shard that is none, or flags that do not go together; as `openLead` does
 */
export async function sharingOf(options: Asked, io: Pick<CommandIo, 'onNotice' | 'say'>): Promise<Shared> {
  const { shard, workers: wanted, queue, store } = options;
  const workers = new Workers(io);
  const plain = Object.entries(asJson(options)).filter(([name]) => !OWN.includes(name));
  const asked = { options: Object.fromEntries(plain), cwd: process.cwd() };
  const end = (isDone: boolean) => workers.end(isDone);
  if (shard !== undefined) {
    for (const [name, got] of Object.entries({ workers: wanted, queue })) {
      if (got === undefined) continue;
      const fix = 'start a shard for each process, or let workers join a shard: retort worker';
      throw new OptionError({ where: '--shard', wanted: `no --${name} beside it`, got: `--${name} ${got}`, fix });
    }
    return { sharing: { role: 'shard', asked, ...shardOf(shard) }, end };
  }
  const { threads = usualThreads() } = options;
  if (wanted !== undefined && wanted > 1 && options.threads === undefined && threads > 1) {
    io.onNotice(
      `${wanted} workers of ${threads} threads each: --threads 1 may be faster, and gives the bits of one thread`,
    );
  }
  if (queue === undefined || options.dryRun) {
    if (queue === undefined && store !== undefined) {
      const fix = 'add --queue redis://HOST:PORT, or leave it out';
      throw new OptionError({ where: '--store', wanted: '--queue beside it', got: 'no queue', fix });
    }
    const onPlanned = (outputDir: string) => workers.start((wanted ?? 1) - 1, [outputDir]);
    return { sharing: { role: 'leads', asked, isWanted: wanted !== undefined, onPlanned }, end };
  }
  const moved = relocated(asked.options, asked.cwd);
  const { openLead } = await import('./queue-lead.js');
  const lead = await openLead({ queue, store, ...asked }, io);
  const onPlanned = async (outputDir: string) => {
    const id = await lead.publish(outputDir);
    if (wanted === undefined) return io.say(`experiment ${id} waits for workers: retort worker --queue URL --store …`);
    const own = ['--experiment', id, '--store', lead.storeHere(), '--workers', String(wanted)];
    workers.start(1, ['--queue', queue, ...own]);
  };
  return {
    sharing: {
      ...{ role: 'leads', isWanted: true, onPlanned, sources: lead.sources },
      asked: { ...asked, options: { ...asked.options, ...moved } },
    },
    moved,
    end: async (isDone) => {
      // Workers that find nothing more to do wait for this.
      await lead.end(isDone);
      await end(isDone);
    },
  };
}

/** `0/4` … `3/4` */
function shardOf(text: string): { readonly index: number; readonly count: number } {
  const [, index, count] = (/^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new OptionError({
    where: '--shard',
    wanted: 'i/n: which of n shards, from 0/n to (n-1)/n',
    got: `'${text}'`,
    fix: 'for example --shard "$JOB_COMPLETION_INDEX/4" or --shard "$SLURM_ARRAY_TASK_ID/4"',
  });
}

/** Processes of `retort worker` that end with this one. */
export class Workers {
  readonly #io: Pick<CommandIo, 'onNotice'>;
  readonly #children = new Map<ChildProcess, Promise<void>>();
  #isEnding = false;

  constructor(io: Pick<CommandIo, 'onNotice'>) {
    this.#io = io;
  }

  start(count: number, words: readonly string[]): void {
    for (let i = 0; i < count; i++) {
      const child = spawnWorker(words);
      const ended = new Promise<void>((done) => {
        child.on('error', () => done());
        child.on('exit', (code, signal) => {
          if (!this.#isEnding && code !== 0) {
            const how = signal ?? `exit code ${code}`;
            this.#io.onNotice(`a worker (process ${child.pid}) ended by ${how}: the others continue its runs`);
          }
          done();
        });
      });
      this.#children.set(child, ended);
    }
  }

  /** Waits for those that find nothing more to do; where the work is not done, they are told to keep their states and end. */
  async end(isDone: boolean): Promise<void> {
    this.#isEnding = true;
    if (!isDone) for (const child of this.#children.keys()) child.kill('SIGTERM');
    await Promise.all(this.#children.values());
  }
}

/** The same program as a worker. The channel tells it when this process is gone, even by kill -9; what it says goes to stderr. */
export function spawnWorker(words: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const line = [...process.execArgv, process.argv[1] ?? '', 'worker', ...words, '--quiet'];
  return spawn(process.execPath, line, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...options });
}

/** For a process that was started by another for its sake alone. */
export function endWithParent(): void {
  if (process.channel === undefined) return;
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
}
