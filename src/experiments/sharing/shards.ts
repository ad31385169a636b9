/** @file Shards of an experiment, each of which did every n-th run in a folder of its own, brought together. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, OptionError } from '../../errors/failures.js';
import { statIfThere } from '../../files/atomic-write.js';
import { inputFailure } from '../../files/file-failure.js';
import { leaseFolder } from '../../files/lease-folder.js';
import { makeFolder } from '../../files/make-folder.js';
import { replaceFolderAtomic } from '../../files/replace-folder.js';
import { NO_LEASES, type UnitStanding, type WorkSource } from '../../files/work-source.js';
import { loadModel } from '../../models/saved-model.js';
import type { Json } from '../../options/json.js';
import { LAST } from '../../training/run/run-files.js';
import { type Arm, runFolder } from '../arm-run.js';
import { shardFolder, unitOf, WORK } from './sharing.js';
import { expectSameMachine, expectSameSettings, readWorkPlan } from './work-plan.js';
import type { WorkPlan } from './work-plan.schema.js';

const SHARD = /^shard-\d+-of-(\d+)$/u;

export type Shard = { readonly path: string; readonly plan: WorkPlan };

/**
 * The shards in an output folder: all of one division, and of one experiment.
 * @throws FileError where one is missing or damaged; OptionError for shards of several divisions, or on several kinds of
 *   machines.
 */
export async function openShards(
  outputDir: string,
  { anyProcessor }: { readonly anyProcessor: boolean },
): Promise<readonly [Shard, ...Shard[]]> {
  const names = (
    await readdir(outputDir).catch((error: unknown) => Promise.reject(inputFailure(error, outputDir)))
  ).flatMap((name) => SHARD.exec(name)?.[1] ?? []);
  const counts = [...new Set(names.map(Number))];
  const [count] = counts;
  const wanted = 'the folders of all shards of one experiment, shard-0-of-N and so on';
  if (count === undefined) {
    const fix = 'run retort distill with --shard 0/N to N-1/N first, or copy what they wrote here';
    throw new FileError({ where: outputDir, wanted, got: 'none', fix });
  }
  if (counts.length > 1) {
    const got = `shards of ${counts.sort((a, b) => a - b).join(' and of ')}`;
    throw new OptionError({ where: outputDir, wanted, got, fix: 'remove those of the division that does not count' });
  }
  const shards: Shard[] = [];
  const missing: string[] = [];
  for (let index = 0; index < count; index++) {
    const path = shardFolder(outputDir, { index, count });
    if ((await statIfThere(path)) === undefined) missing.push(`${index}/${count}`);
    else shards.push({ path, plan: await readWorkPlan(path) });
  }
  if (missing.length > 0) throw unfinished(outputDir, `none of ${missing.join(', ')}`, missing);
  for (const { path, plan } of shards) {
    const { shard } = plan;
    if (shardFolder(outputDir, shard ?? { index: -1, count }) !== path) {
      throw new FileError({
        where: path,
        wanted: 'the shard of its name',
        got: `shard ${shard?.index}/${shard?.count}`,
      });
    }
    expectSameMachine(shards[0]?.plan ?? plan, path, { ...plan, anyProcessor });
  }
  return shards as [Shard, ...Shard[]]; // there is a first of one or more
}

type Whole = {
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly settings: { readonly [name: string]: Json };
};

/**
 * The results of all shards as one source, from which nothing can be claimed; their runs are copied into the output folder.
 * @throws FileError naming the shards that have not ended; OptionError for one of another experiment.
 */
export async function mergeShards(outputDir: string, { arms, seeds, settings }: Whole): Promise<WorkSource> {
  const shards = await openShards(outputDir, { anyProcessor: true });
  const sources = new Map<string, { readonly source: WorkSource; readonly shard: Shard }>();
  const runs = seeds.flatMap((seed) => arms.map(({ name }) => ({ name, seed })));
  const unfinishedOnes = new Set<string>();
  for (const [index, shard] of shards.entries()) {
    expectSameSettings(shard.plan, shard.path, settings);
    const source = await leaseFolder(join(shard.path, WORK));
    const units = runs.filter((_, i) => i % shards.length === index).map(({ name, seed }) => unitOf(name, seed));
    for (const [unit, { state }] of await source.standing(units)) {
      sources.set(unit, { source, shard });
      if (state !== 'done') unfinishedOnes.add(`${index}/${shards.length}`);
    }
  }
  if (unfinishedOnes.size > 0) {
    const names = [...unfinishedOnes];
    throw unfinished(outputDir, `runs without a result in ${names.join(', ')}`, names);
  }
  for (const { name, seed } of runs) {
    const found = sources.get(unitOf(name, seed));
    if (found !== undefined) await copyRun(found.shard.path, outputDir, runFolder(name, seed));
  }
  return mergedSource(new Map([...sources].map(([unit, { source }]) => [unit, source])));
}

function unfinished(where: string, got: string, shards: readonly string[]): FileError {
  const fix = `run ${shards.map((shard) => `--shard ${shard}`).join(' and ')} again with --resume, then retort merge`;
  return new FileError({ where, wanted: 'a result of every run of every shard', got, fix });
}

/** A model in it must be as it was written. @throws CheckpointError, FileError naming the file that is not */
async function copyRun(from: string, to: string, run: string): Promise<void> {
  const [source, target] = [join(from, run), join(to, run)];
  if ((await statIfThere(source)) === undefined) return;
  if ((await statIfThere(join(source, LAST))) !== undefined) await loadModel(join(source, LAST));
  await makeFolder(join(target, '..'));
  await replaceFolderAtomic(target, (folder) => cp(source, folder, { recursive: true, force: true }));
}

function mergedSource(sources: ReadonlyMap<string, WorkSource>): WorkSource {
  const sourceOf = (unit: string): WorkSource => {
    const found = sources.get(unit);
    if (found === undefined) throw new FileError({ where: unit, wanted: 'a run of one of the shards', got: 'none' });
    return found;
  };
  return {
    ...NO_LEASES,
    claim: async () => undefined,
    bring: async () => {},
    forgive: async () => {},
    close: async () => {},
    standing: async (units) => {
      const found = new Map<string, UnitStanding>();
      for (const source of new Set(units.map(sourceOf))) {
        const own = units.filter((unit) => sourceOf(unit) === source);
        for (const [unit, one] of await source.standing(own)) found.set(unit, one);
      }
      return found;
    },
    resultOf: (unit) => sourceOf(unit).resultOf(unit),
    failuresOf: (unit) => sourceOf(unit).failuresOf(unit),
  };
}
