/** @file The work of a shared experiment, opened by one of those who do it. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../../errors/failures.js';
import { asJson } from '../../files/fingerprint.js';
import { isUnitName } from '../../files/lease-folder.js';
import { claimOutputFolder } from '../../files/output-folder.js';
import type { WorkSource } from '../../files/work-source.js';
import { type Arm, runFolder, type Settings } from '../arm-run.js';
import type { RunsOfMany } from '../experiment.js';
import { finishedRuns } from '../results-file.js';
import { cancelPath } from './cancel.js';
import { filesBelow, relativeName } from './inputs.js';
import { thisMachine } from './machine.js';
import { mergeShards } from './shards.js';
import { type Sharing, sourcesOf, unitOf, WORK } from './sharing.js';
import { expectSameSettings, hasWorkPlan, readWorkPlan, writeWorkPlan } from './work-plan.js';

export type OpenedWork<A extends Arm = Arm> = RunsOfMany & {
  /** Those that this process may do, in their order. */
  readonly jobs: readonly { readonly arm: A; readonly seed: number }[];
};

export type WorkToOpen<A extends Arm> = {
  readonly arms: readonly A[];
  readonly seeds: readonly number[];
  readonly settings: Settings;
  readonly outputDir: string;
  readonly resultsFile?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly device?: string | undefined;
  readonly command?: string | undefined;
  readonly config?: string | undefined;
};

/**
 * Whoever leads says what there is to do, and forgives what failed before; whoever joins has to have the same before them.
 * @throws OptionError naming what is another here, or a name of an arm that is no unit's; OutputError for the plan.
 */
export async function openWork<A extends Arm>(sharing: Sharing, options: WorkToOpen<A>): Promise<OpenedWork<A>> {
  const { arms, seeds, outputDir } = options;
  const settings = asJson(options.settings);
  const jobs = seeds.flatMap((seed) => arms.map((arm) => ({ arm, seed })));
  const units = jobs.map(({ arm, seed }) => unitOf(arm.name, seed));
  const unusable = units.find((unit) => !isUnitName(unit));
  if (unusable !== undefined) {
    const wanted = 'a name of letters, digits, - and _ for each arm of a shared experiment';
    throw new OptionError({ where: 'method', wanted, got: `'${unusable}'` });
  }
  const opened = async (
    mine: typeof jobs,
    source: Promise<WorkSource> = sourcesOf(sharing).runs(join(outputDir, WORK)),
  ) => ({
    source: await source,
    unitOf,
    by: await thisMachine(options),
    isCancelled: () => existsSync(cancelPath(outputDir)),
    ...(sharing.role === 'joins' && sharing.sources !== undefined && { filesOf: filesIn(outputDir) }),
    jobs: mine,
  });
  if (sharing.role === 'merges') return opened([], mergeShards(outputDir, { arms, seeds, settings }));
  if (sharing.role === 'joins' || sharing.role === 'verifies') {
    const { plan } = sharing;
    expectSameSettings(plan, outputDir, settings);
    return opened(jobs.filter((_, i) => !plan.finished.includes(units[i] as string)));
  }
  await startOver(options, jobs);
  // Results that lie there are of the settings they were planned with.
  if (hasWorkPlan(outputDir)) expectSameSettings(await readWorkPlan(outputDir), outputDir, settings);
  const finished = await finishedBefore(options);
  const shard = sharing.role === 'shard' ? { index: sharing.index, count: sharing.count } : undefined;
  const { threads, command, config } = options;
  const work = await opened(jobs.filter((_, i) => shard === undefined || i % shard.count === shard.index));
  await work.source.forgive(units);
  await rm(cancelPath(outputDir), { force: true });
  await writeWorkPlan(outputDir, sharing.asked, {
    ...{ arms: arms.map(({ name }) => name), seeds: [...seeds], finished, settings, threads },
    ...(shard && { shard }),
    ...(command !== undefined && { command }),
    ...(config !== undefined && { config }),
  });
  if (sharing.role === 'leads') await sharing.onPlanned?.(outputDir);
  return work;
}

function filesIn(outputDir: string) {
  return async (arm: string, seed: number) =>
    (await filesBelow(join(outputDir, runFolder(arm, seed)))).map((path) => relativeName(outputDir, path));
}

/** What an experiment of other settings may have left where this one works. */
async function startOver<A extends Arm>(
  { outputDir, overwrite = false }: WorkToOpen<A>,
  jobs: readonly { readonly arm: A; readonly seed: number }[],
): Promise<void> {
  if (!overwrite) return;
  for (const { arm, seed } of jobs) {
    const folder = join(outputDir, runFolder(arm.name, seed));
    if (existsSync(folder)) (await claimOutputFolder(folder, { overwrite })).release();
  }
}

async function finishedBefore<A extends Arm>({ resume = false, resultsFile }: WorkToOpen<A>): Promise<string[]> {
  if (!resume || resultsFile === undefined) return [];
  return (await finishedRuns(resultsFile)).map(({ arm, seed }) => unitOf(arm, seed));
}
