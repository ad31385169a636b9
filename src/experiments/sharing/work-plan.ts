/** @file The plan of a shared experiment: written by who leads it, and held against what each worker has. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { FileError, OptionError } from '../../errors/failures.js';
import { writeFileAtomic } from '../../files/atomic-write.js';
import { inputFailure } from '../../files/file-failure.js';
import { firstDifference, fixOf } from '../../files/fingerprint.js';
import { makeFolder } from '../../files/make-folder.js';
import { packageVersion } from '../../files/package-version.js';
import { sealed, unsealed } from '../../files/sealed-json.js';
import { checkFormatVersion, storedValue } from '../../files/stored-json.js';
import { type Json, jsonOf } from '../../options/json.js';
import { usualThreads } from '../../runtime/threads.js';
import { processorFamily } from './processor-family.js';
import { type Asked, planPath, WORK } from './sharing.js';
import type { WorkPlan } from './work-plan.schema.js';

export type PlannedWork = Pick<
  WorkPlan,
  'arms' | 'seeds' | 'finished' | 'settings' | 'shard' | 'command' | 'config'
> & {
  readonly threads?: number | undefined;
};

/** Says what there is to do. @throws OutputError naming the file. */
export async function writeWorkPlan(
  outputDir: string,
  { options, cwd }: Asked,
  { threads = usualThreads(), ...planned }: PlannedWork,
): Promise<void> {
  const { WORK_FORMAT } = await import('./work-plan.schema.js');
  const plan: WorkPlan = {
    format: WORK_FORMAT.name,
    version: WORK_FORMAT.version,
    retort: packageVersion(),
    threads,
    processor: processorFamily(),
    ...planned,
    options,
    from: relative(resolve(cwd, outputDir), cwd) || '.',
  };
  await keepWorkPlan(outputDir, plan);
}

/** Writes a plan as it is. @throws OutputError naming the file. */
export async function keepWorkPlan(outputDir: string, plan: WorkPlan): Promise<void> {
  await makeFolder(join(outputDir, WORK));
  await writeFileAtomic(planPath(outputDir), `${JSON.stringify(sealed(plan), null, 1)}\n`);
}

/** Whether there is something to do. */
export function hasWorkPlan(outputDir: string): boolean {
  return existsSync(planPath(outputDir));
}

/** @throws FileError where there is none, or one that is damaged or of a newer format. */
export async function readWorkPlan(outputDir: string): Promise<WorkPlan> {
  const path = planPath(outputDir);
  const { WORK_FORMAT, workPlanSchema, workVersionSchema } = await import('./work-plan.schema.js');
  let json: unknown;
  try {
    json = jsonOf(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw inputFailure(error, path);
    const got = `invalid JSON (${error.message})`;
    throw new FileError({ where: path, wanted: 'the plan of a shared experiment', got, cause: error });
  }
  const { version } = storedValue(workVersionSchema.safeParse(json), path, 'the plan of a shared experiment');
  checkFormatVersion(version, WORK_FORMAT.version, path);
  return storedValue(workPlanSchema.safeParse(unsealed(json, path, true)), path, 'a file written by retort');
}

/**
 * Whether this process gives the bits that all others give.
 * @param asked Threads by the user's word; another processor is taken where that is allowed.
 * @throws OptionError naming what is another here.
 */
export function expectSameMachine(
  plan: Pick<WorkPlan, 'retort' | 'threads' | 'processor'>,
  outputDir: string,
  {
    threads,
    anyProcessor,
    ...here
  }: {
    readonly threads?: number | undefined;
    readonly anyProcessor: boolean;
    readonly retort?: string;
    readonly processor?: string;
  },
): void {
  const { retort = packageVersion(), processor = processorFamily() } = here;
  const refused = (where: string, wanted: string, got: string, fix: string) =>
    new OptionError({ where: `${where} of a worker for ${outputDir}`, wanted, got, fix });
  if (retort !== plan.retort) {
    const fix = `install retort-ml@${plan.retort} here: other versions may give other bits`;
    throw refused('retort', `version ${plan.retort}, which planned the experiment`, retort, fix);
  }
  if (threads !== undefined && threads !== plan.threads) {
    const fix = 'leave --threads out: another number changes the rounding of sums';
    throw refused('threads', `${plan.threads}, as planned`, String(threads), fix);
  }
  if (processor !== plan.processor && !anyProcessor) {
    const fix = 'use machines of one kind, or allow that results round differently: --any_processor';
    throw refused('processor', plan.processor, processor, fix);
  }
}

/** Whether an experiment that was opened here is the planned one. @throws OptionError naming the setting that is another. */
export function expectSameSettings(plan: WorkPlan, outputDir: string, now: { readonly [name: string]: Json }): void {
  const found = firstDifference(plan.settings, now);
  if (found === undefined) return;
  throw new OptionError({
    where: `${outputDir}: ${found.option}`,
    wanted: `${JSON.stringify(found.then)}, as it was planned`,
    got: found.now === undefined ? 'nothing' : JSON.stringify(found.now),
    fix: fixOf(found) ?? 'data, teacher and models must be the same on every machine',
  });
}

/** The folder that the paths among a plan's options start from, here. @throws FileError where it is not. */
export function startOfPaths({ from }: Pick<WorkPlan, 'from'>, outputDir: string): string {
  const path = isAbsolute(from) ? from : resolve(outputDir, from);
  if (existsSync(path)) return path;
  throw new FileError({
    where: outputDir,
    wanted: `the folder that the experiment was started in, at ${path}`,
    got: 'nothing of that name',
    fix: 'share the whole folder of the project, not the output alone',
  });
}
