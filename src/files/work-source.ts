/**
 * @file Where processes take units of work from, on one machine or many: the contract of a source, however it keeps them.
 *
 * A unit is handed out at least once, and until it has a result or has failed too often. Whoever takes it has a lease, and
 * keeps it by living; the leases of a unit are numbered, and one whose owner died is followed by the next. Units must give
 * the same result wherever they are done, so a result that comes twice is compared and never counted twice.
 */
import type { Json } from '../options/json.js';
import type { ProcessIdentity } from './process-identity.js';

export type Lease = {
  readonly unit: string;
  /** From 1: an owner whose lease was followed by another has lost the unit. */
  readonly number: number;
};

/** What a unit gave. */
export type UnitResult = {
  /** The same for whoever does it. */
  readonly result: Json;
  /** Times and machines, which are not compared. */
  readonly about: Json;
  /**
   * Files that the unit made, relative to the folder of the experiment, with `/`: a source whose workers see no common disk
   * carries them.
   */
  readonly files?: readonly string[];
};

/** `kept`; `same` as the one that is kept; `lost`: the unit has a later lease, and this result goes nowhere. */
export type Finish = 'kept' | 'same' | 'lost';

export type UnitStanding = {
  /** `aside`: it failed so often that nobody takes it any more. */
  readonly state: 'open' | 'held' | 'done' | 'aside';
  readonly failures: number;
  /** More than one where it was done twice; they are compared when one is asked for. */
  readonly results: number;
  /** Who has it, and how far it says that it is. */
  readonly held?: {
    readonly owner: ProcessIdentity | undefined;
    readonly fraction?: number;
    readonly seconds?: number;
  };
};

export type WorkSource = {
  /** The first of these units that is free, or whose owner has died; undefined where there is none at the moment. */
  claim(units: readonly string[]): Promise<Lease | undefined>;
  /** Whether the lease still holds. @param fraction how far the unit is, 0 … 1 @param seconds since it was claimed */
  renew(lease: Lease, fraction: number, seconds: number): boolean;
  /**
   * Keeps a result.
   * @throws OutputError for one that differs from the one that is there, both of which are then refused, or where it cannot
   *   be written.
   */
  finish(lease: Lease, given: UnitResult): Promise<Finish>;
  /**
   * Ends a lease of a unit whose result is its files, named as in `UnitResult`.
   * @throws OutputError for files that differ from those that are kept, or where they cannot be.
   */
  deliver(lease: Lease, files: readonly string[]): Promise<Finish>;
  /** Puts the files of a unit that was done elsewhere where they belong here; nothing to do where all see one disk. */
  bring(unit: string): Promise<void>;
  /** Ends a lease without a result; a unit that has failed too often is set aside. */
  fail(lease: Lease, reason: string): Promise<void>;
  /** Ends a lease as if it had never been: whoever was asked to stop has not failed. */
  giveBack(lease: Lease): void | Promise<void>;
  standing(units: readonly string[]): Promise<ReadonlyMap<string, UnitStanding>>;
  /** The result of a unit that is done. @throws FileError for one that is damaged, or two that differ. */
  resultOf(unit: string): Promise<UnitResult>;
  /** Why a unit failed, each time. */
  failuresOf(unit: string): Promise<readonly string[]>;
  /** Forgets failures, so that units which were set aside are tried again. */
  forgive(units: readonly string[]): Promise<void>;
  /** Lets go of what the source holds open; leases that were not ended are left to expire. */
  close(): Promise<void>;
};

type OpenSource = (folder: string) => Promise<WorkSource>;

/** Where the units of an experiment come from, by the folder that their leases would lie in: runs, and parts of a labelling. */
export type WorkSources = { readonly runs: OpenSource; readonly parts: OpenSource };

/** What ends or renews a lease, in a source from which none is ever had. */
export const NO_LEASES = {
  renew: () => false,
  finish: async () => 'lost',
  deliver: async () => 'lost',
  fail: async () => {},
  giveBack: () => {},
} as const satisfies Partial<WorkSource>;
