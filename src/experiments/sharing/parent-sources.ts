/** @file Work that comes from the process that started this one, which alone keeps the leases alive. */
import process from 'node:process';
import type { Lease, UnitResult, WorkSource, WorkSources } from '../../files/work-source.js';
import { receivedError } from '../arm-run.js';
import { relativeName } from './inputs.js';
import { type CallName, FROM_PARENT, type FromWorker, leaseKey, type ToWorker } from './process-calls.js';

/** Whether this process was started for units that another hands out. */
export function hasParentSources(): boolean {
  return process.env[FROM_PARENT] !== undefined && process.channel !== undefined;
}

/** The sources of the process that started this one. It keeps this process alive until `release`. */
export function parentSources(outputDir: string): { readonly sources: WorkSources; readonly release: () => void } {
  const calls = new Calls();
  process.channel?.ref();
  const open = async (folder: string) => new ParentSource(relativeName(outputDir, folder), calls);
  return {
    sources: { runs: async (folder) => withoutFiles(await open(folder)), parts: open },
    release: () => process.channel?.unref(),
  };
}

/** What other runs have written is of no use to a worker. */
function withoutFiles(source: WorkSource): WorkSource {
  source.bring = async () => {};
  return source;
}

type Waiting = { readonly done: (value: unknown) => void; readonly fail: (error: Error) => void };

class Calls {
  readonly #waiting = new Map<number, Waiting>();
  readonly #lost = new Set<string>();
  #last = 0;

  constructor() {
    process.on('message', (message: ToWorker) => this.#take(message)); // the other end is `serveSources`
  }

  #take(message: ToWorker): void {
    if (message.type === 'lost') {
      this.#lost.add(leaseKey(message.folder, message.lease));
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.done(message.value);
    else waiting?.fail(receivedError(message.error));
  }

  ask(folder: string, call: CallName, args: readonly unknown[]): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.tell({ type: 'call', id, folder, call, args });
    });
  }

  tell(message: FromWorker): void {
    process.send?.(message);
  }

  isLost(folder: string, lease: Lease): boolean {
    return this.#lost.has(leaseKey(folder, lease));
  }
}

class ParentSource implements WorkSource {
  readonly #folder: string;
  readonly #calls: Calls;

  constructor(folder: string, calls: Calls) {
    this.#folder = folder;
    this.#calls = calls;
  }

  renew(lease: Lease, fraction: number, seconds: number): boolean {
    this.#calls.tell({ type: 'renew', folder: this.#folder, lease, fraction, seconds });
    return !this.#calls.isLost(this.#folder, lease);
  }

  claim = (units: readonly string[]) => this.#ask('claim', units);
  finish = (lease: Lease, given: UnitResult) => this.#ask('finish', lease, given);
  deliver = (lease: Lease, files: readonly string[]) => this.#ask('deliver', lease, files);
  fail = (lease: Lease, reason: string) => this.#ask('fail', lease, reason);
  giveBack = (lease: Lease) => this.#ask('giveBack', lease);
  standing = (units: readonly string[]) => this.#ask('standing', units);
  resultOf = (unit: string) => this.#ask('resultOf', unit);
  bring = (unit: string) => this.#ask('bring', unit);
  failuresOf = (unit: string) => this.#ask('failuresOf', unit);
  forgive = (units: readonly string[]) => this.#ask('forgive', units);
  close = async () => {};

  #ask<C extends CallName>(call: C, ...args: Parameters<WorkSource[C]>) {
    // The other end calls the same function of a source.
    return this.#calls.ask(this.#folder, call, args) as Promise<Awaited<ReturnType<WorkSource[C]>>>;
  }
}
