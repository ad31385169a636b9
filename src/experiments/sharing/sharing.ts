/** @file How a process takes part in an experiment that several work on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { leaseFolder } from '../../files/lease-folder.js';
import type { WorkSources } from '../../files/work-source.js';
import type { Json } from '../../options/json.js';
import type { SharedParts } from '../../teachers/cached-teacher.js';
import type { WorkPlan } from './work-plan.schema.js';

/** The folder of a shared experiment's work, in its output folder, and the file that says what there is to do. */
export const WORK = 'work';
export const PLAN = 'plan.json';

/** What a worker has to be told to run the same experiment: the options of the command, and where that ran. */
export type Asked = { readonly options: { readonly [name: string]: Json }; readonly cwd: string };

export type Sharing =
  /** Plans the work, takes part in it, and makes the record of all results. */
  | {
      readonly role: 'leads';
      readonly asked: Asked;
      /** Whether the experiment is to be shared; else it is where it was before. */
      readonly isWanted: boolean;
      /** Told that there is something to do for others, before anything is done. */
      readonly onPlanned?: ((outputDir: string) => Promise<void> | void) | undefined;
      readonly sources?: WorkSources | undefined;
    }
  /** Takes part alone. */
  | { readonly role: 'joins'; readonly plan: WorkPlan; readonly sources?: WorkSources | undefined }
  /** Computes some finished runs again, below a folder of its own, and compares them. */
  | { readonly role: 'verifies'; readonly plan: WorkPlan; readonly percent: number; readonly scratch: string }
  /** Does every `count`-th run, from `index`, into a folder of its own. */
  | { readonly role: 'shard'; readonly asked: Asked; readonly index: number; readonly count: number }
  /** Runs nothing, and makes the record of what shards have done. */
  | { readonly role: 'merges'; readonly plan: WorkPlan };

/** The sharing of an experiment that is shared; undefined for one that a single process does. */
export function activeSharing(
  sharing: Sharing | undefined,
  { outputDir, resume }: { readonly outputDir: string; readonly resume: boolean },
): Sharing | undefined {
  if (sharing?.role !== 'leads' || sharing.isWanted) return sharing;
  return resume && existsSync(planPath(outputDir)) ? sharing : undefined;
}

/** Whether the output folder is another process's. */
export function isGuest(sharing: Sharing | undefined): boolean {
  return sharing?.role === 'joins' || sharing?.role === 'verifies';
}

export function planPath(outputDir: string): string {
  return join(outputDir, WORK, PLAN);
}

/** Where units are taken from: the folders of their leases, unless somebody else hands them out. */
export function sourcesOf(sharing: Sharing): WorkSources {
  return ('sources' in sharing ? sharing.sources : undefined) ?? LEASE_FOLDERS;
}

/** How several processes label the same rows; undefined for one alone. @param answers the folder of the teacher's outputs */
export function sharedParts(
  sharing: Sharing | undefined,
  { answers, outputDir }: { readonly answers: string; readonly outputDir: string },
): SharedParts | undefined {
  if (sharing === undefined) return undefined;
  const { parts } = sourcesOf(sharing);
  return { root: outputDir, source: (key) => parts(join(answers, key, WORK)) };
}

const LEASE_FOLDERS: WorkSources = { runs: leaseFolder, parts: leaseFolder };

/** The folder of a shard, beside those of the others. */
export function shardFolder(outputDir: string, { index, count }: { readonly index: number; readonly count: number }) {
  return join(outputDir, `shard-${index}-of-${count}`);
}

/** A run as a unit of work. */
export function unitOf(arm: string, seed: number): string {
  return `${arm}-${seed}`;
}
